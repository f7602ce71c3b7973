"""Recordings as texts and as the numbers of the same sentences: the same people, labels, folds and cues."""

import json
import shutil
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch

from facsight.core.errors import BadOutput, BadRecipe, BadTable, MissingData
from facsight.data.opening import open_dataset
from facsight.data.prepared import load_prepared
from facsight.data.recordings import Stream, StreamCard, read_cards, stream_file, write_cards, write_stream
from facsight.data.sequence_parts import recording_folds
from facsight.data.simulated.discord import write_discord
from facsight.data.texts import load_texts
from facsight.words.both_ways import Style, write_both_ways
from facsight.words.numbers import streams_of
from facsight.words.prepared import accounts_of_prepared
from facsight.words.sentence_states import SENTENCES, SentenceStates
from facsight.words.sentences import language
from facsight.words.text import from_text, to_text
from tiny_language import save_llama, save_tokenizer

EN = language("en")


def style(seconds=2.0, detail="normal", words=EN):
    return Style(words, detail, None, seconds)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    root = tmp_path_factory.mktemp("simulated")
    write_discord(root, {"train": 4, "val": 2}, generator=torch.Generator().manual_seed(0))
    return root


@pytest.fixture(scope="module")
def both(simulated, tmp_path_factory):
    out = tmp_path_factory.mktemp("written") / "both"
    write_both_ways(out, *accounts_of_prepared(simulated, 2.0), style())
    return out


def prepared(folder, **columns):
    """A folder of one modality, a voice of a second in each recording, with these columns in its list."""
    card = StreamCard("audio:prosody", "test", "1", (5,), 100.0, "prosody")
    rows = np.tile(np.array([-30.0, 1.0, 1.0, 0.0, 0.0], np.float32), (100, 1))
    folder.mkdir(exist_ok=True)
    names = columns["sample"]
    for name in names:
        write_stream(
            stream_file(folder, name, card.modality), Stream((np.arange(100) + 0.5) / 100, rows), card
        )
    write_cards(folder, {card.modality: card})
    files = [stream_file(folder, name, "x").parent.relative_to(folder).as_posix() for name in names]
    pl.DataFrame({"file": files, **columns}).write_parquet(folder / "manifest.parquet")
    return folder


def test_the_numbers_are_those_that_can_be_read_back_from_the_text(both):
    table = open_dataset("manifest", both).table
    cards = read_cards(both)
    classes = cards["cues:expression"].about.split(", as a sentence")[0].split(", ")
    found, _ = load_prepared(both, modalities={"cues:expression": 1, "cues:voice": 1}, step=2.0)
    for sample, text, one in zip(table["sample"], table["text"], found.recordings, strict=True):
        (account,) = from_text(text, EN)
        assert one.name == sample
        for name, stream in streams_of(account, EN, classes, 2.0).items():
            torch.testing.assert_close(one.streams[name], torch.from_numpy(stream.values))


def test_numbers_by_hand():
    text = (
        "The expression that person 1 shows: happiness 41 %, neutral 30 %.\n"
        "The head of person 1 is turned 3° to the person's left, raised by 2° and tilted 4° towards the "
        "person's left shoulder.\n"
    )
    (account,) = from_text(text, EN)
    found = streams_of(account, EN, ["anger", "happiness", "neutral"], 2.0)
    assert set(found) == {"cues:expression", "cues:pose"}
    assert found["cues:expression"].values.tolist() == [pytest.approx([0.0, 0.41, 0.30])]
    assert found["cues:pose"].values.tolist() == [[-3.0, 2.0, -4.0]]
    assert found["cues:pose"].time.tolist() == [1.0]


def test_recordings_people_labels_and_folds_are_the_same_from_both_doors(both, tmp_path):
    save_tokenizer(tmp_path / "model", ["The", "voice"])
    numbers, _ = load_prepared(both, modalities={"cues:voice": 1}, step=2.0)
    texts, _ = load_texts(
        both, modalities={"text": 1}, dataset="manifest", tokenizer=str(tmp_path / "model"), tokens=16
    )
    folds = [recording_folds(one, 3, seed=1).places.sort("sample") for one in (numbers, texts)]
    assert folds[0].equals(folds[1])
    for one, other in zip(numbers.recordings, texts.recordings, strict=True):
        assert (one.name, one.subject) == (other.name, other.subject)
        assert torch.equal(one.truth["discord2"], other.truth["discord2"])


def test_no_text_names_its_file_its_person_or_its_label(both):
    table = open_dataset("manifest", both).table
    for sample, who, text in table.select("sample", "subject", "text").iter_rows():
        assert sample not in text
        assert who not in text
    assert not table["text"].str.contains("accord|discord").any()


def test_long_recordings_are_told_in_stretches(simulated, tmp_path):
    write_both_ways(tmp_path / "short", *accounts_of_prepared(simulated, 0.5), style(0.5, "full"))
    found, _ = load_prepared(tmp_path / "short", modalities={"cues:voice": 1}, step=0.5)
    assert {one.steps for one in found.recordings} == {4}
    text = open_dataset("manifest", tmp_path / "short").table["text"][0]
    assert [line for line in text.split("\n") if line.startswith("From")] == [
        f"From {k / 2:.2f} s to {(k + 1) / 2:.2f} s:" for k in range(4)
    ]


def test_what_an_encoder_makes_of_each_stretch_does_not_depend_on_the_others(simulated, tmp_path):
    words = sorted({word for told in accounts_of_prepared(simulated, 1.0)[1] for word in split(told.account)})
    save_llama(tmp_path / "model", len(save_tokenizer(tmp_path / "model", words)))
    encoder = SentenceStates(str(tmp_path / "model"), tokens=96)
    texts = ["The voice", "No face is seen. Said", ""]
    together, alone = encoder.rows(texts), [encoder.rows([text])[0] for text in texts]
    np.testing.assert_allclose(together, np.stack(alone), atol=1e-5)
    assert not together[2].any()
    data, told = accounts_of_prepared(simulated, 1.0)
    write_both_ways(tmp_path / "out", data, told, style(1.0), encoder)
    found, cards = load_prepared(tmp_path / "out", modalities={SENTENCES: 1}, step=1.0)
    assert cards[SENTENCES] == encoder.card
    assert {one.steps for one in found.recordings} == {2}
    other = SentenceStates(str(tmp_path / "model"), tokens=48)
    assert other.card.version != encoder.card.version


def split(account):
    return to_text(account, EN).split()


def test_what_was_said_is_quoted_and_nothing_said_is_told(tmp_path):
    folder = prepared(
        tmp_path / "spoken",
        sample=["a", "b", "c"],
        subject=["p", "p", None],
        expression=["anger", "neutral", "anger"],
        text=['Well "no".', " ", None],
    )
    out = tmp_path / "out"
    write_both_ways(out, *accounts_of_prepared(folder, 2.0), style())
    texts = open_dataset("manifest", out).table["text"]
    assert 'Said from 0.00 s to 0.99 s: "Well \\"no\\"."' in texts[0]
    assert "An utterance from 0.00 s to 0.99 s has no words." in texts[1]
    assert texts[2].startswith("There is no transcript.")
    assert all("The voice is as loud as usual (0.0 dB above the speaker's median)" in text for text in texts)


def test_who_is_not_known_is_compared_with_nobody_else(tmp_path):
    folder = prepared(
        tmp_path / "unknown", sample=["a", "b"], subject=[None, None], expression=["anger", "neutral"]
    )
    path = stream_file(folder, "b", "audio:prosody")
    card = read_cards(folder)["audio:prosody"]
    loud = np.tile(np.array([-10.0, 2.0, 1.0, 0.0, 0.0], np.float32), (100, 1))
    write_stream(path, Stream((np.arange(100) + 0.5) / 100, loud), card)
    _, told = accounts_of_prepared(folder, 2.0)
    assert [one.account.stretches[0].cues[0].values["loudness"] for one in told] == [0.0, 0.0]


def test_recordings_that_show_nothing_are_left_out_and_named(tmp_path):
    folder = prepared(
        tmp_path / "gone", sample=["a", "b"], subject=["p", "q"], expression=["anger", "neutral"]
    )
    stream_file(folder, "b", "audio:prosody").unlink()
    written = write_both_ways(tmp_path / "out", *accounts_of_prepared(folder, 2.0), style())
    assert (written.recordings, written.left_out) == (1, ("b",))
    assert open_dataset("manifest", tmp_path / "out").table["sample"].to_list() == ["a"]
    stream_file(folder, "a", "audio:prosody").unlink()
    with pytest.raises(MissingData, match="no recording shows anything"):
        write_both_ways(tmp_path / "none", *accounts_of_prepared(folder, 2.0), style())


def test_folders_that_cannot_be_told(simulated, both, tmp_path):
    with pytest.raises(BadOutput, match="is there already, and not empty"):
        write_both_ways(both, *accounts_of_prepared(simulated, 2.0), style())
    with pytest.raises(BadRecipe, match="no features that can be said; prepare it with face:facsight"):
        accounts_of_prepared(both, 2.0)
    with pytest.raises(BadRecipe, match="expected seconds above 0"):
        accounts_of_prepared(simulated, 0.0)
    folder = prepared(
        tmp_path / "frames", sample=["a"], subject=["p"], expression=["anger"], frame=[3], video=["a"]
    )
    with pytest.raises(BadTable, match="labels of frames"):
        accounts_of_prepared(folder, 2.0)


def test_a_card_without_classes_is_told(simulated, tmp_path):
    folder = shutil.copytree(simulated, tmp_path / "older")
    cards = read_cards(folder)
    write_cards(folder, cards | {"face:facsight": replace(cards["face:facsight"], classes=())})
    with pytest.raises(BadTable, match="names no classes of its probabilities: prepare it again"):
        accounts_of_prepared(folder, 2.0)


def test_the_list_keeps_its_label_spaces(both):
    metadata = pl.read_parquet_metadata(both / "manifest.parquet")
    assert json.loads(metadata["facsight"])["labels"] == ["discord2"]
