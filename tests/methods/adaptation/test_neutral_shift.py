import pytest
import torch
from torch import nn

from facsight.core.errors import BadPeople
from facsight.core.people import Unlabelled
from facsight.methods.adaptation.neutral_shift import STRETCHES, NeutralShift, squared_error
from facsight.methods.adaptation.neutral_subtraction import NeutralSubtraction
from facsight.nn.source_moments import SourceMoments
from facsight.nn.split_network import PooledHead, SplitNetwork


def network(channels=2):
    return SplitNetwork(nn.Identity(), PooledHead(channels, classes=2))


def moments(neutral):
    """Of source people with these neutral means, who have nothing but neutral."""
    rows = torch.tensor(neutral)
    classes = torch.stack([rows, torch.full_like(rows, torch.nan)], dim=1)
    return SourceMoments(rows.mean(dim=0), rows.std(dim=0, correction=0), classes)


def unlabelled(values):
    inputs = torch.as_tensor(values)
    return Unlabelled(inputs, torch.zeros(len(inputs), dtype=torch.long))


def test_by_hand():
    """People have mean 2 and variance 1; the clip's halves have means 4 and 6: mean 5, squared error 1."""
    method = NeutralShift(network(1), moments=moments([[1.0], [3.0]]), neutral=0)
    method.begin(unlabelled([[3.0], [5.0], [6.0], [6.0]]), None)
    assert method.style.offset.tolist() == [pytest.approx(0.5 * (2 - 5))]
    assert method.style.gain.tolist() == [1.0]


def test_a_clip_that_never_moves_is_subtracted_whole():
    given, still = moments([[1.0, 0.0], [3.0, 5.0]]), unlabelled([[7.0, 2.0]] * 20)
    shift = NeutralShift(network(), moments=given, neutral=0)
    whole = NeutralSubtraction(network(), moments=given, neutral=0)
    for method in (shift, whole):
        method.begin(still, None)
    assert torch.equal(shift.style.offset, whole.style.offset)


def test_a_channel_in_which_people_do_not_differ_is_not_moved():
    method = NeutralShift(network(), moments=moments([[1.0, 4.0], [3.0, 4.0]]), neutral=0)
    method.begin(unlabelled([[5.0, 9.0]] * 8), None)
    assert method.style.offset.tolist() == [-3.0, 0.0]


def test_the_error_is_that_of_a_loop_over_stretches(generator):
    rows = torch.randn(57, 3, generator=generator)
    means, first = [], 0
    for stretch in range(STRETCHES):
        size = 57 // STRETCHES + (stretch < 57 % STRETCHES)
        means.append(sum(rows[k] for k in range(first, first + size)) / size)
        first += size
    middle = sum(means) / STRETCHES
    expected = sum((m - middle) ** 2 for m in means) / (STRETCHES - 1) / STRETCHES
    torch.testing.assert_close(squared_error(rows), expected)


def test_it_never_moves_further_than_subtraction_nor_the_other_way(generator):
    given = moments(torch.randn(9, 4, generator=generator).tolist())
    clip = unlabelled(torch.randn(40, 4, generator=generator) + 3)
    shift = NeutralShift(network(4), moments=given, neutral=0)
    whole = NeutralSubtraction(network(4), moments=given, neutral=0)
    for method in (shift, whole):
        method.begin(clip, None)
    share = shift.style.offset / whole.style.offset
    assert ((share > 0) & (share < 1)).all()


def test_maps_are_moved_alike_at_all_places():
    method = NeutralShift(network(1), moments=moments([[1.0], [3.0]]), neutral=0)
    method.begin(unlabelled(torch.full((4, 1, 2, 2), 5.0)), None)
    maps = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    assert (method.style(maps) - maps).unique().tolist() == [-3.0]


def test_of_noisy_clips_it_gives_less_error_than_subtraction():
    """Planted: people differ by N(0, 1), clips of ten frames add noise of three standard deviations."""
    generator = torch.Generator().manual_seed(3)
    style = torch.randn(200, generator=generator)
    clip = style + 3 * torch.randn(10, 200, generator=generator)
    given = moments([[-1.0] * 200, [1.0] * 200])
    shift = NeutralShift(network(200), moments=given, neutral=0)
    whole = NeutralSubtraction(network(200), moments=given, neutral=0)
    errors = []
    for method in (shift, whole):
        method.begin(unlabelled(clip), None)
        errors.append((style + method.style.offset).square().mean().item())
    # known: that of subtraction is 9 / 10 on average, that with the best share 0.9 / 1.9
    assert errors[0] < errors[1]
    assert errors[0] < 0.75


def test_what_belongs_to_the_person_comes_back():
    given = moments([[1.0, 0.0], [3.0, 5.0]])
    one, other = (NeutralShift(network(), moments=given, neutral=0) for _ in range(2))
    one.begin(unlabelled([[7.0, 2.0]] * 4), None)
    other.restore(one.personal())
    assert torch.equal(one.style.offset, other.style.offset)


def test_one_source_person_does_not_say_how_people_differ():
    with pytest.raises(BadPeople, match="two source people or more with neutral inputs, found 1"):
        NeutralShift(network(1), moments=moments([[1.0]]), neutral=0)


def test_a_clip_of_three_inputs_has_no_error():
    method = NeutralShift(network(1), moments=moments([[1.0], [3.0]]), neutral=0)
    with pytest.raises(BadPeople, match="four neutral inputs or more, found 3"):
        method.begin(unlabelled([[1.0]] * 3), None)
