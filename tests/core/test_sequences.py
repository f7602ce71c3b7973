import pytest
import torch

from facsight.core.errors import UnknownName
from facsight.core.sequences import LabelledSequences, Sequences


@pytest.fixture
def two():
    """Two windows of three steps; the second is one step shorter and has no sound in its first step."""
    inside = torch.tensor([[True, True, True], [True, True, False]])
    heard = torch.tensor([[True, True, True], [False, True, False]])
    face = torch.ones(2, 3, 4) * inside[..., None]
    return Sequences(
        {"face": face, "audio": torch.ones(2, 3, 2) * heard[..., None]},
        {"face": inside, "audio": heard},
        inside,
    )


def test_names_and_length(two):
    assert two.names == ("face", "audio")
    assert len(two) == 2


def test_only_keeps_the_order_asked_for(two):
    assert two.only(["audio", "face"]).names == ("audio", "face")
    assert two.only(["audio"]).known.keys() == {"audio"}


def test_only_names_the_nearest_modality(two):
    with pytest.raises(UnknownName, match="did you mean 'audio'"):
        two.only(["audoi"])


def test_a_missing_modality_is_known_nowhere_and_zero(two):
    gone = two.missing(["audio"])
    assert not gone.known["audio"].any()
    assert not gone.streams["audio"].any()
    assert torch.equal(gone.streams["face"], two.streams["face"])
    assert two.known["audio"].any()  # the windows themselves are as they were


def test_encoded_keeps_what_is_known(two):
    encoded = two.encoded({name: torch.zeros(2, 3, 8) for name in two.names})
    assert encoded.known is two.known
    assert encoded.streams["audio"].shape == (2, 3, 8)


def test_labels_move_along(two):
    batch = LabelledSequences(two, {"affect": torch.zeros(2, 3, 2)}).to(torch.device("meta"))
    assert batch.truth["affect"].is_meta
    assert batch.sequences.inside.is_meta
    assert len(batch) == 2
