import pytest

from facsight.core.errors import BadOutput
from facsight.preparation.ledger import LEDGER, Entry, Ledger


@pytest.fixture
def written(tmp_path):
    (tmp_path / "a.png").touch()
    with Ledger(tmp_path) as ledger:
        ledger.add(Entry("a", "key", "ok", "a.png", told=("two faces",), start=0.0, end=1.5))
        ledger.add(Entry("b", "key", "no_face", reason="none"))
        ledger.add(Entry("c", "key", "failed", reason="broken"))
    return tmp_path


def test_what_was_done_is_known_afterwards(written):
    with Ledger(written) as ledger:
        assert ledger.done("a", "key") == Entry(
            "a", "key", "ok", "a.png", told=("two faces",), start=0.0, end=1.5
        )
        assert ledger.done("b", "key") == Entry("b", "key", "no_face", reason="none")
        assert ledger.done("c", "key") is None  # tried again
        assert ledger.done("a", "another") is None
        assert ledger.done("d", "key") is None


def test_what_is_not_there_any_more_is_not_done(written):
    (written / "a.png").unlink()
    with Ledger(written) as ledger:
        assert ledger.done("a", "key") is None


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_half_a_line_costs_that_line_only(written, cut):
    path = written / LEDGER
    path.write_text(path.read_text()[:-cut])
    with Ledger(written) as ledger:
        assert ledger.done("a", "key") is not None
        ledger.add(Entry("d", "key", "no_face"))
    with Ledger(written) as ledger:
        assert ledger.done("a", "key") is not None
        assert ledger.done("d", "key") is not None


def test_a_result_that_is_none_any_more_takes_its_file_along(written):
    with Ledger(written) as ledger:
        ledger.add(Entry("a", "new", "no_face"))
    assert not (written / "a.png").exists()


def test_a_result_is_one_line_in_the_end(written):
    for _ in range(3):
        with Ledger(written) as ledger:
            ledger.add(Entry("b", "key", "no_face"))
    assert len((written / LEDGER).read_text().splitlines()) == 3


def dying(ledger):
    with ledger:
        ledger.add(Entry("a", "key", "no_face"))
        raise KeyboardInterrupt


def test_a_run_that_dies_keeps_what_it_had(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        dying(Ledger(tmp_path))
    with Ledger(tmp_path) as ledger:
        assert ledger.done("a", "key") is not None


def test_no_room_is_told(tmp_path):
    (tmp_path / LEDGER).symlink_to("/dev/full")
    with pytest.raises(BadOutput, match="No space left on device; make room"), Ledger(tmp_path) as ledger:
        ledger.add(Entry("a", "key", "no_face"))
