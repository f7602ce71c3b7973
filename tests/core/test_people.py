import dataclasses

import pytest
import torch

from facsight.core.errors import BadPeople
from facsight.core.people import Adapting, People, Unlabelled


def three_rows():
    """Anna's two rows in two clips, and one of Ben; Cleo has none."""
    return People(
        torch.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]),
        torch.tensor([0, 1, 1]),
        torch.tensor([0, 0, 1]),
        torch.tensor([7, 8, 9]),
        ("anna", "ben", "cleo"),
    )


def test_rows_of_one_person_keep_their_numbers():
    ben = three_rows().of(1)
    assert (ben.inputs.tolist(), ben.label.tolist(), ben.clip.tolist()) == ([[4.0, 5.0]], [1], [9])
    assert ben.person.tolist() == [1]
    assert ben.names == ("anna", "ben", "cleo")


def test_each_gives_those_who_have_rows():
    assert [(person, len(rows)) for person, rows in three_rows().each()] == [(0, 2), (1, 1)]


def test_rows_are_taken_by_number_in_the_order_asked_for():
    assert three_rows().take(torch.tensor([2, 0])).clip.tolist() == [9, 7]


def test_what_has_no_labels_has_no_field_for_them():
    names = {field.name for field in dataclasses.fields(Unlabelled)}
    assert names == {"inputs", "clip"}
    assert three_rows().without_labels().clip.tolist() == [7, 8, 9]


def test_a_batch_is_as_long_as_its_target_and_goes_to_a_device_whole():
    batch = Adapting(three_rows().without_labels().take(torch.tensor([0, 1])), three_rows())
    moved = batch.to(torch.device("cpu"))
    assert len(batch) == 2
    assert moved.target.clip.tolist() == [7, 8]
    assert moved.sources is not None
    assert moved.sources.names == ("anna", "ben", "cleo")
    assert Adapting(batch.target).to(torch.device("cpu")).sources is None


def test_the_first_row_that_is_not_finite_is_named():
    inputs = torch.ones(3, 2)
    inputs[1, 0], inputs[2, 1] = torch.nan, torch.inf
    with pytest.raises(BadPeople, match="2 rows of 3, the first of which is row 1"):
        Unlabelled(inputs, torch.arange(3))


def test_lengths_that_differ_are_refused(unchecked):
    with pytest.raises(BadPeople, match="expected 3 labels, one for each input, found \\(2,\\)"):
        dataclasses.replace(three_rows(), label=torch.tensor([0, 1]))


def test_a_person_without_a_name_is_refused():
    with pytest.raises(BadPeople, match="from 0 to 0, one for each name, found 0 to 1"):
        dataclasses.replace(three_rows(), names=("anna",))


def test_thinning_keeps_the_ends_and_the_order():
    long = Unlabelled(torch.arange(10.0).unsqueeze(1), torch.arange(10))
    assert long.thinned(4).clip.tolist() == [0, 3, 6, 9]
    assert long.thinned(10) is long
