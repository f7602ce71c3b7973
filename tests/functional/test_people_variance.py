import torch

from facsight.functional.people_variance import pair_differences


def rows_of(seed=0, n=12):
    g = torch.Generator().manual_seed(seed)
    person, label = torch.randint(3, (n,), generator=g), torch.randint(2, (n,), generator=g)
    clip = person * 100 + label * 10 + torch.randint(2, (n,), generator=g)
    return torch.randn(n, 2, generator=g, dtype=torch.float64), label, person, clip


def test_by_hand():
    rows = torch.tensor([[0.0], [2.0], [5.0], [1.0], [9.0]])
    label, person, clip = (torch.tensor(v) for v in ([0, 0, 0, 1, 0], [0, 0, 0, 0, 1], [0, 0, 1, 2, 3]))
    sums, pairs = pair_differences(rows, label, person, clip)
    # one clip: 0 and 2; one label: 0 and 5, 2 and 5; one person: 1 and each of 0, 2, 5; then 9 and each
    assert pairs.tolist() == [1, 2, 3, 4]
    torch.testing.assert_close(sums[:, 0], torch.tensor([2.0, 17.0, 9.0, (81 + 49 + 16 + 64) / 2]))


def test_agrees_with_a_loop_over_pairs():
    rows, label, person, clip = rows_of()
    sums, pairs = torch.zeros(4, 2, dtype=torch.float64), torch.zeros(4)
    for a in range(len(rows)):
        for b in range(a):
            mine = person[a] == person[b]
            kind = 3 if not mine else 0 if clip[a] == clip[b] else 1 if label[a] == label[b] else 2
            sums[kind] += (rows[a] - rows[b]) ** 2 / 2
            pairs[kind] += 1
    found = pair_differences(rows, label, person, clip)
    torch.testing.assert_close(found[0], sums)
    assert found[1].tolist() == pairs.tolist()


def test_numbers_of_clips_may_begin_anew_for_each_person():
    sums, pairs = pair_differences(
        *(torch.tensor([[0.0], [1.0]]), *(torch.tensor(v) for v in ([0, 0], [0, 1], [0, 0])))
    )
    assert pairs.tolist() == [0, 0, 0, 1]
    assert sums.sum() == 0.5


def test_the_same_shift_for_everybody_changes_nothing():
    rows, *whose = rows_of()
    torch.testing.assert_close(pair_differences(rows + 7, *whose)[0], pair_differences(rows, *whose)[0])


def test_a_row_that_was_drawn_twice_is_no_pair():
    rows, *whose = rows_of()
    twice = torch.cat([torch.arange(len(rows)), torch.tensor([3])])
    _, pairs = pair_differences(rows[twice], *(part[twice] for part in whose))
    once = pair_differences(rows, *whose)
    assert pairs.sum() == once[1].sum() + len(rows) - 1
