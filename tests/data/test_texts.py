"""Texts as recordings of one step, with a tokenizer and a list written here."""

import polars as pl
import pytest

from facsight.core.errors import BadRecipe, MissingData, UnknownName
from facsight.core.installed import published_folder
from facsight.data.texts import load_texts, with_earlier
from tiny_language import save_tokenizer

ROWS = [
    # dialogue, number, speaker, text, emotion
    (0, 0, "Ada", "yes no", "joy"),
    (0, 1, "Bob", "no", "anger"),
    (0, 2, "Ada", "", "neutral"),
    (0, 3, "Bob", "maybe yes no yes", "sadness"),
    (1, 0, "Ada", "unheard", "fear"),
]


@pytest.fixture
def meld(tmp_path):
    numbers = save_tokenizer(tmp_path / "tokenizer", ["yes", "no", "maybe", "Ada:", "Bob:"])
    header = (
        "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime"
    )
    lines = [
        f'{k + 1},{text},{who},{emotion},neutral,{dialogue},{number},1,1,"00:00:01,0","00:00:02,0"'
        for k, (dialogue, number, who, text, emotion) in enumerate(ROWS)
    ]
    (tmp_path / "train_sent_emo.csv").write_text("\n".join([header, *lines]) + "\n")
    return tmp_path, numbers


def loaded(meld, **options):
    folder, _ = meld
    chosen = {"dataset": "meld", "tokenizer": str(folder / "tokenizer"), "split": "train", "tokens": 6}
    return load_texts(folder, modalities={"text": 1}, **(chosen | options))


def numbers_of(meld, text):
    return [meld[1][word] + 1 for word in text.split()]


def test_tokens_are_numbers_plus_1_and_padded_with_0(meld):
    found, cards = loaded(meld)
    first = found.recordings[0]
    assert first.streams["text"].tolist() == [[*numbers_of(meld, "<s> yes no </s>"), 0, 0]]
    assert first.subject == "Ada"
    assert first.truth["meld7"].argmax() == 4  # happiness, its word is joy
    assert cards["text"].size == (6,)


def test_a_text_without_words_is_known_nowhere(meld):
    found, _ = loaded(meld)
    assert [bool(one.known["text"].any()) for one in found.recordings] == [True, True, False, True, True]
    assert not found.recordings[2].streams["text"].any()


def test_a_word_that_nobody_knows_is_one_mark(meld):
    found, _ = loaded(meld)
    assert found.recordings[4].streams["text"][0].tolist()[:3] == numbers_of(meld, "<s> <unk> </s>")


def test_of_a_long_text_the_last_tokens_are_read_and_the_card_says_so(meld):
    found, cards = loaded(meld, tokens=4)
    assert found.recordings[3].streams["text"].tolist() == [numbers_of(meld, "<s> no yes </s>")]
    assert "1 of 5 texts are longer" in cards["text"].about


def test_ten_thousand_words_are_cut(meld):
    folder, _ = meld
    table = (folder / "train_sent_emo.csv").read_text()
    (folder / "train_sent_emo.csv").write_text(table.replace("maybe yes no yes", "yes " * 10_000 + "no"))
    found, _ = loaded(meld)
    assert found.recordings[3].streams["text"].tolist() == [numbers_of(meld, "<s> yes yes yes no </s>")]


def test_earlier_texts_of_the_dialogue_stand_before(meld):
    found, _ = loaded(meld, before=1, tokens=20)
    words = numbers_of(meld, "<s> Ada: yes no Bob: no </s>")
    assert found.recordings[1].streams["text"][0, : len(words)].tolist() == words
    alone = numbers_of(meld, "<s> Ada: <unk> </s>")  # another dialogue begins
    assert found.recordings[4].streams["text"][0, : len(alone)].tolist() == alone


def test_an_empty_text_stays_empty_after_others():
    table = pl.DataFrame(
        {"sample": ["a", "b"], "video": ["v", "v"], "subject": ["p", "q"], "text": ["hello", " "]}
    )
    assert with_earlier(table, 2) == {"a": "p: hello", "b": ""}


def test_other_words_are_of_another_version(meld):
    folder, _ = meld
    save_tokenizer(folder / "other", ["yes", "no", "never", "Ada:", "Bob:"])
    _, cards = loaded(meld)
    assert loaded(meld)[1] == cards
    assert loaded(meld, tokenizer=str(folder / "other"))[1]["text"].version != cards["text"].version
    assert loaded(meld, before=1)[1]["text"].version != cards["text"].version
    with pytest.raises(Exception, match="version"):
        loaded(meld, before=1, wanted=cards)


def test_what_is_not_there_is_told(meld, tmp_path):
    with pytest.raises(UnknownName, match="no tokenizer could be loaded"):
        loaded(meld, tokenizer=str(tmp_path / "nowhere"))
    with pytest.raises(MissingData, match="no modality 'txet'"):
        load_texts(meld[0], modalities={"txet": 1}, dataset="meld", tokenizer="x")
    with pytest.raises(BadRecipe, match="tokens of 3 or more"):
        loaded(meld, tokens=2)


def test_a_folder_of_a_package():
    assert published_folder("@facsight/data").endswith("data")
    with pytest.raises(MissingData, match="not installed: pip install no-such-package"):
        published_folder("@no_such_package/model")
    with pytest.raises(MissingData, match="has no folder"):
        published_folder("@facsight/../..")
