import pytest
import torch

from facsight.core.errors import BadFolds
from facsight.core.people import People
from facsight.data.people_set import few_clips, numbered_again, rows_of_people, split_clips, target_groups


def people(names=("anna", "ben", "cleo"), clips=8, rows=3):
    """As many clips each, in turn of four classes."""
    number = torch.arange(len(names) * clips * rows)
    clip = number // rows
    return People(torch.rand(len(number), 2), clip % clips % 4, clip // clips, clip, tuple(names))


def test_each_is_left_out_once_and_never_a_source_of_their_own():
    groups = target_groups(people(), "each")
    assert [group.name for group in groups] == ["anna", "ben", "cleo"]
    assert [group.targets for group in groups] == [(0,), (1,), (2,)]
    assert [group.sources for group in groups] == [(1, 2), (0, 2), (0, 1)]


def test_targets_of_a_list_share_the_sources_that_are_on_none():
    (group,) = target_groups(people(), ["cleo", "anna"])
    assert (group.targets, group.sources) == ((2, 0), (1,))
    (one,) = target_groups(people(), "ben")
    assert (one.name, one.targets, one.sources) == ("ben", (1,), (0, 2))


def test_a_published_list_is_known_by_name():
    published = ("107-hs107", "109-ib109", "121-vw121", "123-jh123", "115-jy115")
    (group,) = target_groups(people((*published, "somebody")), "unbc-5")
    assert (group.name, group.sources) == ("unbc-5", (5,))


def test_people_without_rows_are_neither():
    some = rows_of_people(people(), [0, 2])
    assert [group.sources for group in target_groups(some, "each")] == [(2,), (0,)]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_no_clip_is_on_both_sides_and_every_class_is_on_each(share):
    adapted, scored = split_clips(people().of(1), share=share, seed=0)
    assert not set(adapted.clip.tolist()) & set(scored.clip.tolist())
    assert len(adapted) + len(scored) == 24
    assert set(adapted.label.tolist()) == set(scored.label.tolist()) == {0, 1, 2, 3}


def test_the_share_is_kept_and_the_seed_changes_who_is_where():
    many = people(("anna",), clips=40)
    sides = [split_clips(many, share=0.3, seed=seed)[0] for seed in (0, 0, 1)]
    assert [len(side.clip.unique()) for side in sides] == [12, 12, 12]
    assert torch.equal(sides[0].clip, sides[1].clip)
    assert not torch.equal(sides[0].clip, sides[2].clip)


def test_a_single_neutral_clip_is_adapted_to_and_another_single_one_scored():
    single = people(("anna",), clips=3)
    adapted, scored = split_clips(single, share=0.5, seed=0, first=0)
    assert (adapted.label.unique().tolist(), scored.label.unique().tolist()) == ([0], [1, 2])


def test_few_clips_are_of_every_class_in_turn():
    some = few_clips(people(("anna",), clips=12), 5, seed=0)
    of_clips = [int(some.label[some.clip == clip][0]) for clip in some.clip.unique()]
    assert sorted(of_clips) == [0, 0, 1, 2, 3]
    assert len(some) == 15
    assert len(few_clips(people(("anna",), clips=2), 5, seed=0)) == 6


def test_numbers_of_persons_close_up():
    again = numbered_again(rows_of_people(people(), [0, 2]))
    assert again.person.unique().tolist() == [0, 1]
    assert again.names == ("anna", "cleo")
    assert again.names[int(again.person[-1])] == "cleo"


def test_what_cannot_be_divided_is_refused():
    with pytest.raises(BadFolds, match=r"at least two clips of one class of anna.* found 1 in all"):
        split_clips(people(("anna",), clips=1), share=0.5, seed=0)
    with pytest.raises(BadFolds, match="did you mean 'cleo'"):
        target_groups(people(), "clea")
    with pytest.raises(BadFolds, match="expected source people beside the targets"):
        target_groups(people(), ["anna", "ben", "cleo"])
    with pytest.raises(BadFolds, match="two people or more to leave each out once, found 1"):
        target_groups(people(("anna",)), "each")
    with pytest.raises(BadFolds, match="named once"):
        target_groups(people(), ["anna", "anna"])
