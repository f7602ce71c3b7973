import pytest

from facsight.cli.doctor import CHECKS
from facsight.core.errors import MissingData
from planted import PlantedFinder


@pytest.fixture
def healthy(monkeypatch, weights):
    monkeypatch.setattr("facsight.hub.bundled_weights", lambda: weights)
    monkeypatch.setattr("facsight.hub.face_finder", lambda name=None: NeverFinds())


class NeverFinds(PlantedFinder):
    def find(self, image):
        return []


def test_everything_is_checked_line_by_line(facsight, healthy, monkeypatch):
    monkeypatch.setitem(CHECKS, "a reading", lambda: "reads as neutral")
    code, told, _ = facsight("doctor")
    assert code == 0
    assert told.count("ok ") == len(CHECKS)
    assert "sha256" in told
    assert "everything that reading photos needs is here" in told


def test_what_is_missing_is_told_and_the_exit_code_is_one(facsight, healthy, monkeypatch):
    def absent():
        raise MissingData("expected the weights, found none; install facsight again")

    monkeypatch.setattr("facsight.hub.bundled_weights", absent)
    monkeypatch.setitem(CHECKS, "a reading", lambda: "reads as neutral")
    code, told, _ = facsight("doctor")
    assert code == 1
    assert "expected the weights, found none" in told
    assert told.count("ok ") == len(CHECKS) - 1
