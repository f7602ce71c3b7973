import json
import pickle

import numpy as np
import polars as pl
import pytest
import torch

import facsight
from facsight.analysis.adapting import HARM, NEUTRAL_METHODS, TRANSLATING, Adapter, adapt
from facsight.analysis.moved import what_moved
from facsight.analysis.neutral_clip import look_at_neutral
from facsight.analysis.reader import Reader
from facsight.analysis.run import analyse
from facsight.analysis.study import analyse_videos
from facsight.core.errors import BadCheckpoint, BadRecipe
from facsight.facs.au_maps import render_au_maps
from facsight.facs.evidence import action_unit_shares
from facsight.nn.channel_style import ChannelStyle
from planted import PlantedFinder, photo_with, saved_photo, tiny_reader_file
from planted_person import neutral_people
from planted_video import saved_video


@pytest.fixture
def people(weights):
    return neutral_people(weights)


@pytest.fixture
def clip(tmp_path):
    return saved_video(tmp_path / "rest.mkv", [1] * 30)


@pytest.fixture
def anna(reader, clip, people):
    return adapt(reader, neutral=clip, person="anna", people=people)


def test_the_person_at_rest_looks_like_people_at_rest(reader, clip, people, anna):
    """The clip stands still, so that nothing is shrunk: its mean becomes that of people."""
    features = look_at_neutral(clip, reader).features
    torch.testing.assert_close(
        anna.style(features.mean(dim=0, keepdim=True))[0], people.mean, atol=1e-2, rtol=1e-2
    )


def test_the_card_says_what_it_rests_on(anna, reader):
    card = anna.card
    assert card["data"] == {"file": "rest.mkv", "seconds": 1.16, "frames": 30, "faces": 30}
    assert (card["person"], card["method"], card["base"]["name"]) == ("anna", "neutral_shift", "tiny")
    assert card["people"]["data"] == "made up"
    assert "short" in anna.warnings
    assert json.loads(json.dumps(card)) == card


def test_what_moved_is_what_the_head_makes_of_the_offset(anna, reader):
    change = reader.plain.head.weight @ anna.style.offset / reader.temperature
    expected = (change - change[0]).tolist()
    told = anna.card["moved"]
    assert list(told["log_odds"].values()) == pytest.approx(expected, abs=1e-3)
    assert told["about"] == reader.classes[int(np.abs(expected).argmax())]
    far = (anna.style.offset / 0.1).abs().sort(descending=True)
    assert list(map(int, told["channels"])) == far.indices[:5].tolist()
    assert [abs(v) for v in told["channels"].values()] == pytest.approx(far.values[:5].tolist(), abs=1e-3)
    assert all(0 < share <= 1 for share in told["units"].values())


def test_an_offset_moves_no_attention_between_action_units(anna):
    assert set(anna.card["moved"]["attention"].values()) == {0.0}


def test_how_attention_moves_is_told_by_action_unit(reader, clip, people, generator):
    """A gain of its own for each channel, and the shares worked out from the mean maps by hand."""
    style, seen = ChannelStyle(16).requires_grad_(False), look_at_neutral(clip, reader)
    style.set(torch.rand(16, generator=generator) * 3, torch.zeros(16))
    told = what_moved(seen, style, people, reader)["attention"]
    side = reader.crop_size
    units = render_au_maps(
        seen.landmarks[None],
        tuple(seen.maps.shape[1:]),
        extent=(side, side),
        action_units=reader.action_units,
    )
    before, after = (
        action_unit_shares(maps.mean(dim=0)[None], units, torch.ones(1, len(reader.action_units)))[0][0]
        for maps in (seen.maps, seen.maps * style.gain[:, None, None])
    )
    change = dict(zip(map(str, reader.action_units), (after - before).tolist(), strict=True))
    assert max(map(abs, told.values())) > 0
    assert told == {unit: pytest.approx(change[unit], abs=1e-3) for unit in told}
    assert min(map(abs, told.values())) >= max(abs(v) for u, v in change.items() if u not in told) - 1e-3


def test_adapted_readings_come_with_the_unadapted_ones(reader, anna):
    (plain,) = reader.read(photo_with(1))
    (theirs,) = reader.for_person(anna).read(photo_with(1))
    assert plain.unadapted is None
    assert list(theirs.unadapted.values()) == pytest.approx(list(plain.expression.values()), abs=1e-6)
    logits = np.log(list(plain.expression.values())) + np.array(list(anna.card["moved"]["log_odds"].values()))
    expected = np.exp(logits) / np.exp(logits).sum()
    assert list(theirs.expression.values()) == pytest.approx(expected.tolist(), abs=1e-3)


def test_evidence_is_of_the_adapted_reading(reader, anna):
    (plain,), (theirs,) = reader.read(photo_with(1)), reader.for_person(anna).read(photo_with(1))
    # the mean over channels of an offset that is the same everywhere
    moved = theirs.evidence.attention - plain.evidence.attention
    np.testing.assert_allclose(moved, anna.style.offset.mean().item(), atol=1e-4)
    assert theirs.evidence.about("happiness").kind == "class map"
    assert theirs.evidence.about("happiness", method="layercam").attention.shape == moved.shape


def test_the_reader_itself_stays_as_it_was(reader, anna):
    before = reader.read(photo_with(1))[0].expression
    reader.for_person(anna).read(photo_with(1))
    assert reader.read(photo_with(1))[0].expression == before
    assert reader.person is None


def test_another_person_takes_the_place_of_the_first(reader, anna, clip, people):
    once = reader.for_person(anna)
    assert once.for_person(anna).read(photo_with(1))[0].expression == once.read(photo_with(1))[0].expression


def test_a_backbone_pass_serves_both(reader, anna):
    passes = []
    reader.network.backbone.register_forward_hook(lambda *_: passes.append(1))
    reader.for_person(anna).read(photo_with(1))
    assert len(passes) == 1


def test_kept_back_parts_of_a_still_clip_are_read_as_the_rest(anna, reader, clip, people):
    checked = anna.card["checked"]
    rows = look_at_neutral(clip, reader).features.mean(dim=0)
    for name, features in (("before", rows), ("after", people.mean)):
        logits = reader.plain.head(features) / reader.temperature
        assert checked[name] == pytest.approx(logits.softmax(dim=0)[0].item(), abs=1e-2)


def test_an_adaptation_that_reads_less_neutral_is_called_harmful(reader, clip, weights):
    """Neutral people who lie where the head sees no neutral face."""
    people = neutral_people(weights)
    people.maps.copy_(people.maps - 9 * reader.plain.head.weight[0][:, None, None])
    found = adapt(reader, neutral=clip, people=people)
    assert found.card["checked"]["after"] < found.card["checked"]["before"] - HARM
    assert "better not use it" in found.warnings["harmful"]


@pytest.mark.parametrize("method", [method for method in NEUTRAL_METHODS if method != TRANSLATING])
def test_every_method_in_closed_form_moves_rest_to_rest(reader, people, generator, method):
    rows = people.mean + 0.2 + 0.001 * torch.randn(40, 16, generator=generator)
    style = Adapter(method, reader, people).style(rows)
    torch.testing.assert_close(style(rows).mean(dim=0), people.mean, atol=2e-3, rtol=0)


def test_a_method_that_looks_at_more_is_refused(reader, clip, people):
    with pytest.raises(BadRecipe, match="'entropy' does not adapt by a neutral clip alone"):
        adapt(reader, neutral=clip, people=people, method="entropy")
    with pytest.raises(BadRecipe, match="did you mean 'neutral_shift'"):
        adapt(reader, neutral=clip, people=people, method="neutral_shft")


@pytest.mark.parametrize("method", ["disentangled", "nearest_neutral"])
def test_a_method_that_needs_labelled_people_says_so_and_what_to_take(reader, people, method):
    """Before the clip is looked at: there is none."""
    with pytest.raises(BadRecipe, match=f"'{method}' needs more of source people.* Take neutral_shift"):
        adapt(reader, neutral="none.mp4", people=people, method=method)


def test_a_video_is_read_as_a_person_and_beside_that_without(reader, clip, people):
    person = facsight.adapt(reader, neutral=clip, method="neutral_shift", people=people)
    theirs = list(reader.for_person(person).read_video(clip))
    plain = list(reader.read_video(clip))
    assert len(theirs) == len(plain) == 30
    for adapted, before in zip(theirs, plain, strict=True):
        (reading,), (unadapted,) = adapted.readings, before.readings
        assert list(reading.unadapted.values()) == pytest.approx(
            list(unadapted.expression.values()), abs=1e-5
        )
        assert list(reading.expression.values()) != pytest.approx(list(reading.unadapted.values()), abs=1e-3)


def test_people_of_another_reader_are_refused(reader, clip, tmp_path):
    other = tiny_reader_file(tmp_path / "other.safetensors", temperature=2.0)
    with pytest.raises(BadCheckpoint, match="measured with another reader than tiny"):
        adapt(reader, neutral=clip, people=neutral_people(other))
    with pytest.raises(BadCheckpoint, match="measured with another reader"):
        adapt(reader, neutral=clip)  # those that ship


def test_a_person_of_another_reader_is_refused(anna, tmp_path):
    other = tiny_reader_file(tmp_path / "other.safetensors", temperature=2.0)
    with pytest.raises(BadCheckpoint, match="anna was adapted to the reader tiny"):
        Reader(other, finder=PlantedFinder()).for_person(anna)


def test_an_interrupted_adaptation_leaves_nothing_and_starts_again(weights, clip, people, tmp_path):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt):
        adapt(Reader(weights, finder=PlantedFinder(interrupted_after=20)), neutral=clip, people=people)
    assert sorted(tmp_path.iterdir()) == before
    assert (
        adapt(Reader(weights, finder=PlantedFinder()), neutral=clip, people=people).card["data"]["faces"]
        == 30
    )


def test_a_person_goes_to_other_processes_by_their_file(weights, anna, tmp_path):
    reader = Reader(weights, person=anna.save(tmp_path / "anna.facsight"), finder="mediapipe")
    again = Reader(**vars(pickle.loads(pickle.dumps(reader.options))))
    assert again.person is not None
    assert torch.equal(again.person.style.offset, anna.style.offset)
    with pytest.raises(BadRecipe, match="save them first"):
        _ = Reader(weights, person=anna, finder="mediapipe").options


def test_two_people_never_share_what_was_read(reader, anna, tmp_path):
    """Parts that were read are known by the description of their reader."""
    plain, theirs = reader.describe(), reader.for_person(anna).describe()
    assert "person" not in plain
    assert {key: value for key, value in theirs.items() if key != "person"} == plain
    assert theirs["person"]["data"]["file"] == "rest.mkv"


def test_a_table_of_videos_has_the_unadapted_readings_beside(reader, anna, clip, tmp_path):
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video")
    analyse_videos([clip, bad], tmp_path / "out", reader.for_person(anna))
    rows = pl.read_csv(tmp_path / "out" / "readings.csv").filter(pl.col("status") == "ok")
    (plain,) = reader.read(photo_with(1, size=(200, 320)))
    for name in reader.classes:
        assert rows[f"unadapted_{name}"][0] == pytest.approx(plain.expression[name], abs=1e-3)
    assert rows["unadapted_label"][0] == plain.label
    described = json.loads((tmp_path / "out" / "readings.columns.json").read_text())["columns"]
    assert [one["name"] for one in described] == rows.columns
    again = pl.read_parquet(next((tmp_path / "out" / "readings").glob("rest*")))
    assert again["unadapted_label"][0] == plain.label


def test_a_table_of_photos_has_them_too_and_one_without_a_person_does_not(reader, anna, tmp_path):
    photo = saved_photo(tmp_path / "one.png")
    analyse([photo], tmp_path / "theirs", reader.for_person(anna))
    analyse([photo], tmp_path / "plain", reader)
    theirs, plain = (pl.read_parquet(tmp_path / one / "readings.parquet") for one in ("theirs", "plain"))
    assert theirs["unadapted_happiness"][0] == pytest.approx(plain["expression_happiness"][0], abs=1e-6)
    assert not [name for name in plain.columns if name.startswith("unadapted")]


def test_by_the_public_names(reader, anna, tmp_path):
    anna.save(tmp_path / "anna.facsight")
    assert facsight.adapt is adapt
    found = facsight.load_person(tmp_path / "anna.facsight")
    assert isinstance(found, facsight.Person)
    results = list(reader.for_person(found).read_video(saved_video(tmp_path / "s.mkv", [1] * 3)))
    assert [len(one.readings) for one in results] == [1, 1, 1]


@pytest.mark.slow
def test_real_clips_rest_keeps_the_smile_and_a_smile_as_rest_is_doubted(shared_data):
    """A man who rests for half a second, and then smiles."""
    reader, clip = Reader(), shared_data / "samples" / "video" / "pyfeat_single_face.mp4"
    rest, smile = (adapt(reader, neutral=clip, span=span) for span in ((0.0, 0.5), (0.7, 2.2)))
    assert not {"not_neutral", "unusual", "moving", "harmful"} & set(rest.warnings)
    assert {"not_neutral", "unusual"} <= set(smile.warnings)
    shown = [one.readings[0] for one in reader.for_person(rest).read_video(clip) if 0.8 < one.at.time < 2.0]
    assert {one.label for one in shown} == {"happiness"}
