import os
import stat
from pathlib import Path

import pytest

from facsight.analysis.saving import ready_folder
from facsight.core.errors import BadOutput


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_is_made_with_its_parents_and_left_empty(tmp_path):
    folder = ready_folder(tmp_path / "deep" / "out")
    assert folder.is_dir()
    assert names(folder) == []


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(BadOutput, match="is a file, a folder was expected"):
        ready_folder(tmp_path / "out")


def test_a_folder_without_write_permission_is_refused_before_any_work(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("the superuser may write anywhere")
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(BadOutput, match="Permission denied"):
        ready_folder(tmp_path)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadOutput, match="cannot be made: Not a directory"):
        ready_folder(tmp_path / "file" / "out")
