import pytest
import torch

from facsight.analysis.adapting import TRANSLATING, Adapter, adapt
from facsight.analysis.person_file import load_person
from facsight.analysis.reader import Reader
from facsight.analysis.translating import train_translation, translated_style
from facsight.core.errors import BadCheckpoint, BadTraining
from facsight.hub import bundled_translation, bundled_weights, sha256
from facsight.nn.personal import MapsHead
from facsight.nn.translation import load_translation
from planted import PlantedFinder, photo_with, tiny_reader_file
from planted_person import neutral_people, resting_people, tiny_translation
from planted_video import saved_video


@pytest.fixture
def translation(reader):
    return tiny_translation(reader)


def log_probabilities(reader, rows):
    """Of each row, of rest and of a smile."""
    return MapsHead(reader.plain.head)(rows).log_softmax(dim=1)[:, :2]


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_smiles_of_people_not_seen_before_are_read_better_and_rest_no_worse(reader, translation, seed):
    """Against no adaptation, and against neutral shift, which cannot learn how little a smile moves."""
    people = resting_people(reader, 12, seed=seed)
    shift = Adapter("neutral_shift", reader, neutral_people(reader.weights, spread=0.3))
    found = {"unadapted": [], "shift": [], "translated": []}
    for who in range(12):
        own = people.of(who)
        clip, label = own.inputs[own.label == 0], own.label
        for name, style in (
            ("unadapted", torch.nn.Identity()),
            ("shift", shift.style(clip)),
            ("translated", translated_style(reader, translation, clip)),
        ):
            said = log_probabilities(reader, style(own.inputs))
            found[name].append(said.gather(1, label[:, None])[:, 0].detach())
    mean = {name: torch.cat(rows).mean() for name, rows in found.items()}
    assert mean["translated"] > mean["unadapted"] + 0.1
    assert mean["translated"] > mean["shift"] + 0.1


def test_training_leaves_the_reader_as_it_was(reader):
    before = {name: tensor.clone() for name, tensor in reader.plain.state_dict().items()}
    tiny_translation(reader, persons=4)
    assert all(torch.equal(tensor, before[name]) for name, tensor in reader.plain.state_dict().items())


def test_one_person_teaches_nothing_of_people(reader):
    with pytest.raises(BadTraining, match="two source people or more"):
        train_translation(reader, resting_people(reader, 1, seed=0), {})


def test_a_clip_becomes_a_person_file_by_which_faces_are_read(reader, weights, translation, tmp_path):
    clip = saved_video(tmp_path / "rest.mkv", [1] * 30)
    people = neutral_people(weights)
    anna = adapt(reader, neutral=clip, people=people, method=TRANSLATING, translation=translation)
    assert anna.card["translation"]["data"] == "made up"
    assert anna.card["moved"]["log_odds"]["neutral"] == 0
    file = anna.save(tmp_path / "anna.facsight").file
    assert file.stat().st_size < 2_000_000
    once, again = (reader.for_person(who).read(photo_with(1))[0] for who in (anna, load_person(file)))
    assert once.expression == again.expression != once.unadapted
    assert once.unadapted == pytest.approx(reader.read(photo_with(1))[0].expression, abs=1e-6)


def test_the_same_clip_gives_the_same_person(reader, weights, translation, tmp_path):
    clip, people = saved_video(tmp_path / "rest.mkv", [1] * 30), neutral_people(weights)
    styles = [
        adapt(reader, neutral=clip, people=people, method=TRANSLATING, translation=translation).style
        for _ in range(2)
    ]
    one, other = (style.state_dict() for style in styles)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_translator_of_another_reader_is_refused_before_the_clip_is_looked_at(reader, weights, tmp_path):
    other = Reader(tiny_reader_file(tmp_path / "other.safetensors", temperature=2.0), finder=PlantedFinder())
    people, file = neutral_people(weights), tmp_path / "t.safetensors"
    tiny_translation(other, persons=4).save(file)
    for given in (file, None):
        with pytest.raises(BadCheckpoint, match=r"another reader than tiny.* or take neutral_shift"):
            adapt(reader, neutral="none.mp4", people=people, method=TRANSLATING, translation=given)


def test_the_one_that_ships_fits_the_reader_that_ships_and_says_whom_it_learnt_from():
    found = load_translation(bundled_translation())
    assert found.card["base"] == sha256(bundled_weights())
    assert "CC BY 4.0" in found.card["data"]
    assert found.people.variances()[3].min() >= 0
    assert found.neutral == 0
