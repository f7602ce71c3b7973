import pytest
import torch

from facsight.core.errors import BadRecipe
from facsight.fusion.concatenation import Concatenation
from facsight.nn.prevalent import PrevalentNetwork, teach
from facsight.nn.sequence_network import SequenceNetwork
from fusion_windows import windows_of

SIZES = {"face": 4, "audio": 3}


def network(**options):
    torch.manual_seed(0)
    whole = SequenceNetwork(Concatenation(SIZES, width=8, dropout=0.0), {"affect": 2})
    return PrevalentNetwork(whole, SIZES, **options).double()


def some_windows():
    return windows_of(SIZES, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("imagine", [False, True])
def test_what_is_not_prevalent_changes_nothing(imagine):
    student, windows = network(prevalent=["face"], imagine=imagine), some_windows()
    said, alone = student(windows), student(windows.only(["face"]))
    torch.testing.assert_close(said.outputs["affect"], alone.outputs["affect"])


def test_without_imagination_the_others_are_missing():
    student, windows = network(prevalent=["face"]), some_windows()
    said = student.network(windows.missing(["audio"])).outputs["affect"]
    torch.testing.assert_close(student(windows).outputs["affect"], said)


def test_what_is_imagined_is_fused_where_the_prevalent_is_known():
    student, windows = network(prevalent=["face"], imagine=True), some_windows()
    encoded = student.encode(windows)
    assert torch.equal(encoded.known["audio"], windows.known["face"])
    assert encoded.streams["audio"][~windows.known["face"]].eq(0).all()
    assert encoded.streams["audio"][windows.known["face"]].ne(0).any()
    assert tuple(encoded.streams) == tuple(SIZES)


def test_a_teacher_gives_no_gradient():
    student, windows = network(prevalent=["face"]), some_windows()
    encoded, said = teach(student.network, windows)
    assert not said.fused.requires_grad
    assert encoded.names == ("face", "audio")


@pytest.mark.parametrize("prevalent", [[], ["fase"]])
def test_there_must_be_something_to_see(prevalent):
    with pytest.raises(BadRecipe):
        network(prevalent=prevalent)
