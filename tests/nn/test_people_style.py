import pytest
import torch

from facsight.core.errors import BadTraining
from facsight.nn.people_style import PeopleStyle, channel_rows

#: Deviations of what is planted: of rows of a clip, of clips, of people by label, of people.
PLANTED = (0.5, 1.0, 0.8, 2.0)


def planted(people=60, labels=3, clips=3, rows=2, seed=0):
    """Rows with a class mean and four nested deviations, in two channels; and whose they are."""
    g = torch.Generator().manual_seed(seed)
    means = torch.tensor([[0.0, 5.0], [3.0, -1.0], [10.0, 2.0]])
    shape = (people, labels, clips, rows)
    parts = [torch.randn(*shape[: 4 - k], *[1] * k, 2, generator=g) * s for k, s in enumerate(PLANTED)]
    values = (sum(parts) + means[None, :labels, None, None]).reshape(-1, 2)
    grid = torch.meshgrid(*(torch.arange(n) for n in shape[:3]), indexing="ij")
    person, label, clip = (g[..., None].expand(shape).reshape(-1) for g in grid)
    return values, label, person, (person * labels + label) * clips + clip


def learnt(seed=0, steps=300, together=8, **kind):
    """What is learnt from batches of all rows of a few people."""
    values, *whose = planted(**kind)
    style, g = PeopleStyle(2, 3), torch.Generator().manual_seed(seed)
    people = int(whose[1].max()) + 1
    for _ in range(steps):
        some = torch.randperm(people, generator=g)[:together]
        rows = torch.isin(whose[1], some)
        style.update(values[rows], *(part[rows] for part in whose))
    return style


def test_finds_what_was_planted():
    style = learnt(people=1000)
    for found, deviation in zip(style.variances(), PLANTED, strict=True):
        torch.testing.assert_close(found, torch.full((2,), deviation**2), rtol=0.3, atol=0)
    assert (style.mean(torch.tensor(2)) - torch.tensor([10.0, 2.0])).abs().max() < 0.5


def test_a_class_mean_and_spread_by_hand():
    style = PeopleStyle(1, 2)
    maps = torch.tensor([[[1.0, 3.0]], [[4.0, 8.0]]])  # means 2 and 6, variances over places 1 and 4
    none = torch.zeros(2, dtype=torch.long)
    style.update(maps, none, torch.tensor([0, 1]), torch.tensor([0, 1]))
    assert style.mean(none).tolist() == [[4.0], [4.0]]
    # more of one person: 0 and 2 about the mean are a pair of one clip, half their squared difference 2
    style.differences[0], style.pairs[0] = 2.0, 1.0
    torch.testing.assert_close(style.spread(torch.tensor(0)), torch.tensor([(2.0 + 2.5) ** 0.5]))


def test_one_clip_a_label_counts_clips_with_labels():
    style = learnt(clips=1, rows=1, people=1000)
    frame, clip, label, person = style.variances()
    assert clip.abs().max() == 0
    assert label.abs().max() == 0
    whole = sum(s**2 for s in PLANTED[:3])
    torch.testing.assert_close(frame, torch.full((2,), whole), rtol=0.35, atol=0)
    torch.testing.assert_close(person, torch.full((2,), PLANTED[3] ** 2), rtol=0.35, atol=0)


def test_one_clip_a_person_counts_all_that_is_left_with_people():
    values, label, person, clip = planted(labels=1, clips=1, people=1000)
    style = PeopleStyle(2, 3)
    style.update(values, label, person, clip)
    frame, *between, people = style.variances()
    assert all(part.abs().max() == 0 for part in between)
    torch.testing.assert_close(frame, torch.full((2,), PLANTED[0] ** 2), rtol=0.3, atol=0)
    torch.testing.assert_close(people, torch.full((2,), sum(s**2 for s in PLANTED[1:])), rtol=0.3, atol=0)


def test_old_batches_are_forgotten():
    style, one = PeopleStyle(1, 1), torch.zeros(1, dtype=torch.long)
    for value in [100.0] * 10 + [1.0] * 2000:
        style.update(torch.tensor([[value]]), one, one, one)
    torch.testing.assert_close(style.mean(one), torch.ones(1, 1))


def test_one_person_tells_nothing_of_people():
    style, whose = PeopleStyle(1, 1), torch.zeros(4, dtype=torch.long)
    style.update(torch.rand(4, 1), whose, whose, whose)
    with pytest.raises(BadTraining, match="two source people"):
        style.variances()


def test_rows_and_maps_have_rows():
    assert channel_rows(torch.zeros(2, 3)).shape == channel_rows(torch.zeros(2, 3, 4, 5)).shape == (2, 3)
