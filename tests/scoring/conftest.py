"""Labels and predictions as files, and their score."""

from dataclasses import dataclass
from functools import cached_property

import polars as pl
import pytest

from facsight.data.protocol import load_protocol
from facsight.scoring.score import Scored, as_data, predictions_of, score
from facsight.scoring.truth_file import truth_from_file


@dataclass(frozen=True)
class Found:
    """Scored predictions, and what is kept of them, which has intervals and takes its time."""

    found: Scored
    claimed: str | None = None

    @cached_property
    def data(self):
        return as_data(self.found, claimed=self.claimed)


@pytest.fixture
def scored(tmp_path):
    """Scores columns of predictions against columns of labels under a protocol."""

    def call(protocol, truth, predictions, *, codes=None, claimed=None, truth_codes=None, order=None):
        chosen = load_protocol(protocol)
        pl.DataFrame(truth).write_csv(tmp_path / "truth.csv")
        table = pl.DataFrame(predictions)
        (table if order is None else table[order]).write_csv(tmp_path / "p.csv")
        labels = truth_from_file(chosen, tmp_path / "truth.csv", codes=truth_codes)
        return Found(score(chosen, labels, tmp_path / "p.csv", codes=codes), claimed)

    return call


@pytest.fixture
def read(tmp_path):
    """Columns of labels and of predictions as a protocol, its truth and what the file of predictions says."""

    def call(protocol, truth, predictions):
        chosen = load_protocol(protocol)
        pl.DataFrame(truth).write_csv(tmp_path / "truth.csv")
        pl.DataFrame(predictions).write_csv(tmp_path / "p.csv")
        labels = truth_from_file(chosen, tmp_path / "truth.csv")
        return chosen, labels, predictions_of(chosen, labels, tmp_path / "p.csv")

    return call
