import numpy as np
import pytest
import torch

from facsight.functional.cooccurrence import correlations


def test_phi_by_hand():
    # 2 x 2 table with 3, 1, 1, 3 faces: phi = (9 - 1) / 16
    rows = [[1, 1]] * 3 + [[1, 0], [0, 1]] + [[0, 0]] * 3
    assert correlations(torch.tensor(rows).float())[0, 1].item() == pytest.approx(0.5)


def test_columns_that_exclude_each_other_and_one_that_never_changes():
    found = correlations(torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]))
    assert found.tolist() == [[1, -1, 0], [-1, 1, 0], [0, 0, 1]]


def test_unknown_cells_are_left_out_pair_by_pair(generator):
    table = torch.rand(60, 4, generator=generator)
    table[torch.rand(60, 4, generator=generator) < 0.3] = torch.nan
    found = correlations(table)
    for i in range(4):
        for j in range(4):
            both = table[:, i].isfinite() & table[:, j].isfinite()
            expected = np.corrcoef(table[both, i].numpy(), table[both, j].numpy())[0, 1]
            assert found[i, j].item() == pytest.approx(expected, abs=1e-5)


def test_nothing_known_in_common():
    found = correlations(torch.tensor([[1.0, torch.nan], [torch.nan, 1.0], [0.0, torch.nan]]))
    assert found.tolist() == [[1, 0], [0, 1]]
