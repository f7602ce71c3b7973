import numpy as np
import pytest
import torch

from facsight.analysis.neutral_clip import LEAST_FRAMES, NeutralClip, doubts, look_at_neutral
from facsight.analysis.reader import Reader, network_input
from facsight.core.errors import BadFaces, BadMedia, BadRecipe, BadTimes
from facsight.nn.neutral_people import NeutralPeople, both_ways_maps
from planted import PlantedFinder, drawn_face, tiny_reader_file
from planted_video import noise_video, saved_video

CLASSES = ("neutral", "happiness", "sadness")


@pytest.fixture
def clip(tmp_path):
    return saved_video(tmp_path / "rest.mkv", [1] * 30)


def test_features_are_those_of_the_crop(clip, reader):
    found = look_at_neutral(clip, reader)
    assert (len(found), found.frames, found.name, found.others) == (30, 30, "rest.mkv", ())
    assert found.seconds == pytest.approx(29 / 25)
    (reading,) = reader.read(drawn_as_photo())
    crop = reading.evidence.source.alignment.crop(drawn_as_photo())
    maps = both_ways_maps(reader.plain, network_input(crop[None].copy()))
    torch.testing.assert_close(found.maps, maps[0], rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(found.features[7], maps[0].mean(dim=(1, 2)), rtol=1e-3, atol=1e-3)
    told = found.logits[7].softmax(dim=0).tolist()
    assert told == pytest.approx(list(reading.expression.values()), abs=1e-4)


def drawn_as_photo():
    photo = np.full((200, 320, 3), 127, dtype=np.uint8)
    photo[:160, :160] = drawn_face(True)[0]
    photo[0, 0] = 1, 0, 0
    return photo


def test_the_features_are_those_without_a_person(clip, reader, tmp_path):
    found = look_at_neutral(clip, reader)
    assert reader.plain is reader.network
    assert torch.isfinite(found.features).all()


def test_a_span_is_looked_at_alone(clip, reader):
    found = look_at_neutral(clip, reader, span=(0.2, 0.8))
    assert (len(found), found.frames) == (15, 15)
    assert found.times[0].item() == pytest.approx(0.2)


def test_a_span_without_a_frame_is_refused(clip, reader):
    with pytest.raises(BadTimes, match="no frame from 5 to 6 s"):
        look_at_neutral(clip, reader, span=(5.0, 6.0))


def test_a_clip_without_a_face_is_refused(reader, tmp_path):
    with pytest.raises(BadMedia, match=r"noise\.mkv' shows no face in 30 frames"):
        look_at_neutral(noise_video(tmp_path / "noise.mkv", 30), reader)


def test_five_frames_are_refused(reader, tmp_path):
    short = saved_video(tmp_path / "short.mkv", [1] * 5)
    with pytest.raises(BadMedia, match=f"in 5 frames, expected {LEAST_FRAMES} or more"):
        look_at_neutral(short, reader)


def test_two_people_are_refused_unless_one_is_chosen(reader, tmp_path):
    both = saved_video(tmp_path / "both.mkv", [2] * 30)
    with pytest.raises(BadMedia, match=r"shows 2 people.*1 \(0\.0 to 1\.2 s\), 2 \(0\.0 to 1\.2 s\)"):
        look_at_neutral(both, reader)
    first, second = (look_at_neutral(both, reader, track=track) for track in (1, 2))
    assert first.others == second.others == (30,)
    assert not torch.allclose(first.features[0], second.features[0])  # one smiles, the other frowns


def test_a_second_face_for_four_frames_is_left_out_and_told(reader, tmp_path):
    found = look_at_neutral(saved_video(tmp_path / "brief.mkv", [1] * 30 + [2] * 4), reader)
    assert (len(found), found.others) == (34, (4,))


def test_a_face_that_is_not_there_cannot_be_chosen(clip, reader):
    with pytest.raises(BadMedia, match="has no face 3; its faces are 1"):
        look_at_neutral(clip, reader, track=3)


def test_faces_without_landmarks_are_no_ground(clip, weights):
    with pytest.raises(BadMedia, match="shows no face"):
        look_at_neutral(clip, Reader(weights, finder=PlantedFinder(landmarks=False)))


def test_features_that_are_not_finite_are_refused(clip, weights):
    reader = Reader(weights, finder=PlantedFinder())
    with torch.no_grad():
        next(reader.plain.backbone.stem.parameters()).fill_(float("nan"))
    with pytest.raises(BadFaces, match=r"rest\.mkv' are not finite"):
        look_at_neutral(clip, reader)


def test_a_reader_that_knows_no_neutral_cannot_be_adapted(clip, tmp_path):
    other = tiny_reader_file(tmp_path / "two.safetensors", ("happiness", "sadness"))
    with pytest.raises(BadRecipe, match="'neutral'"):
        look_at_neutral(clip, Reader(other, finder=PlantedFinder()))


def test_a_file_that_is_no_video_is_told(reader, tmp_path):
    (tmp_path / "bad.mp4").write_text("no video")
    with pytest.raises(BadMedia, match="bad"):
        look_at_neutral(tmp_path / "bad.mp4", reader)


# --- doubts, of clips that are made up


def made(labels, *, seconds=10.0, features=0.0, others=()):
    """Frames read as these classes with 0.9 or so."""
    logits = 3.8 * torch.nn.functional.one_hot(torch.tensor(labels), 3).float()
    times = torch.linspace(0, seconds, len(labels), dtype=torch.float64)
    rows = torch.full((len(labels), 2), features)
    return NeutralClip("x", times, rows, logits, torch.zeros(2, 1, 1), torch.zeros(68, 2), 100, others)


PEOPLE = NeutralPeople(torch.zeros(2, 3, 3), torch.ones(2), 1.5, {})


@pytest.mark.parametrize(
    ("clip", "expected"),
    [
        (made([0] * 100), set()),
        (made([0] * 100, seconds=2.9), {"short"}),
        (made([0] * 79 + [1] * 21), {"moving"}),
        (made([0] * 81 + [1] * 19), set()),
        (made([1] * 100), {"not_neutral"}),  # rests so, or smiles: nobody knows
        (made([1, 2] * 50), {"moving", "not_neutral"}),
        (made([0] * 100, features=1.6), {"unusual"}),
        (made([0] * 100, features=-1.4), set()),
        (made([0] * 100, others=(3,)), {"others"}),
    ],
)
def test_doubts(clip, expected):
    assert set(doubts(clip, CLASSES, PEOPLE)) == expected


def test_a_doubt_names_what_the_face_looks_like():
    told = doubts(made([2] * 60 + [1] * 40), CLASSES, PEOPLE)
    assert "hides sadness" in told["not_neutral"]
    assert "40 %" in told["moving"]
    assert "sadness" in told["moving"]
