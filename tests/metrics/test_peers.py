"""Where torchmetrics computes the same, and where another convention; skipped where it is not installed."""

import pytest
import torch

from facsight.functional.agreement import concordance
from facsight.metrics.calibration import expected_calibration_error
from facsight.metrics.classification import confusion_matrix, macro_f1

regression = pytest.importorskip("torchmetrics.functional.regression", reason="needs torchmetrics")
classification = pytest.importorskip("torchmetrics.functional.classification", reason="needs torchmetrics")

TRUTH = torch.tensor([-0.5, 0.0, 0.5, 1.0], dtype=torch.float64)
PREDICTED = torch.tensor([-0.4, 0.1, 0.3, 0.8], dtype=torch.float64)


def test_its_concordance_divides_by_one_less():
    told = regression.concordance_corrcoef(PREDICTED, TRUTH).item()
    assert told == pytest.approx(0.9512, abs=5e-5)
    assert concordance(PREDICTED, TRUTH).item() == pytest.approx(0.95, abs=1e-12)
    # the same but for the mean's part: 2 c / (v + d) against 2 c / (v + (n - 1) / n d)
    apart = 0.75 * (TRUTH.mean() - PREDICTED.mean()).square().item()
    ours = 0.475 / (0.3125 + 0.185 + apart)
    assert told == pytest.approx(ours, abs=1e-12)


def test_its_concordance_of_a_constant_is_nan():
    flat = torch.full((4,), 0.1, dtype=torch.float64)
    with pytest.warns(UserWarning, match="variance"):
        assert regression.concordance_corrcoef(flat, TRUTH).isnan()
    assert concordance(flat, TRUTH, constant=0.0) == 0


def test_its_macro_f1_leaves_absent_classes_out():
    truth, answers = torch.tensor([0, 0, 1, 1, 4, 4]), torch.tensor([0, 1, 1, 1, 4, 0])
    told = classification.multiclass_f1_score(answers, truth, num_classes=8, average="macro").item()
    confusion = confusion_matrix(answers, truth, classes=8)
    assert told == pytest.approx(macro_f1(confusion, zero_division=float("nan")).item(), abs=1e-6)
    assert told != pytest.approx(macro_f1(confusion).item(), abs=0.3)


def test_its_calibration_error_is_ours(generator):
    probabilities = torch.randn(500, 5, generator=generator).double().softmax(dim=1)
    truth = torch.randint(5, (500,), generator=generator)
    told = classification.multiclass_calibration_error(probabilities, truth, num_classes=5, n_bins=15).item()
    assert expected_calibration_error(probabilities, truth).item() == pytest.approx(told, abs=1e-6)
