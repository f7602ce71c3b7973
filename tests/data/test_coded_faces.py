"""Faces with coded action units out of folders as datasets hand them out."""

from importlib import import_module

import numpy as np
import pytest
import torch
from PIL import Image

from facsight import catalog
from facsight.core.errors import BadFaces, BadLabels, MissingData
from facsight.data.coded_faces import load_coded_faces
from facsight.data.sets import disfa, london
from facsight.recipe import check_recipe
from facsight.unit_experiment.training import load_units

UNITS = (1, 2, 4, 6, 7, 10, 12, 14, 15, 17, 23, 24)
#: What is coded of four frames: a column a unit.
CODED = {
    "F001_T1": [[0] * 12, [1] * 12, [9] * 12, [1, 9, *[0] * 10]],
    "M002_T1": [[0, 1] * 6, [1, 0] * 6],
}


@pytest.fixture
def folder(tmp_path):
    """Two people, coded by hand; frame 2442 of the first is not coded at all."""
    codes = tmp_path / "AUCoding" / "AU_OCC"
    codes.mkdir(parents=True)
    for task, rows in CODED.items():
        lines = [",".join(map(str, (0, *UNITS)))]
        lines += [",".join(map(str, (2440 + n, *row))) for n, row in enumerate(rows)]
        (codes / f"{task}.csv").write_text("\n".join(lines) + "\n")
        person, number = task.split("_")
        home = tmp_path / "Sequences(2D+3D)" / person / number
        home.mkdir(parents=True)
        for n in range(len(rows)):
            grey = np.full((40, 40, 3), 50 * n, dtype=np.uint8)
            Image.fromarray(grey).save(home / f"{2440 + n}.png")
    return tmp_path


def test_codes_come_back_by_unit_and_what_is_not_coded_is_nan(folder):
    faces = load_coded_faces("bp4d", folder, split="train", size=16)
    assert faces.action_units == UNITS
    wanted = torch.tensor([*CODED["F001_T1"][:2], CODED["F001_T1"][3], *CODED["M002_T1"]]).float()
    wanted[wanted == 9] = torch.nan
    torch.testing.assert_close(faces.presence, wanted, equal_nan=True)
    assert faces.person.tolist() == [0, 0, 0, 1, 1]
    assert faces.images.shape == (5, 1, 16, 16)
    assert faces.images.float().mean(dim=(1, 2, 3)).round().tolist() == [0, 50, 150, 0, 50]
    assert faces.landmarks.isnan().all()


def test_every_other_coded_frame_of_each_video(folder):
    faces = load_coded_faces("bp4d", folder, split="train", size=16, every=2)
    assert faces.images.float().mean(dim=(1, 2, 3)).round().tolist() == [0, 150, 0]
    assert faces.person.tolist() == [0, 0, 1]


def test_a_recipe_reads_them_by_name(folder, monkeypatch):
    plan = {
        "about": "coded faces",
        "data": {"name": "bp4d", "folder": str(folder), "size": 32, "every": 1},
        "method": {"name": "unit_detection"},
        "training": {"epochs": 1, "batch_size": 2},
    }
    found = []
    monkeypatch.setattr(
        "facsight.unit_experiment.training.with_landmarks", lambda faces, *rest, **_: found.append(1) or faces
    )
    assert len(load_units(check_recipe(plan), "train")) == 5
    assert found == [1]  # there were none: they are looked for once


def test_what_has_no_coded_faces_is_refused(folder, tmp_path):
    with pytest.raises(MissingData, match="no coded face"):
        load_coded_faces("bp4d", folder, split="val")
    with pytest.raises(BadLabels, match="splits train, val and test"):
        load_coded_faces("bp4d", folder, split="training")
    with pytest.raises(BadLabels, match="did you mean 'bp4d12'"):
        load_coded_faces("bp4d", folder, split="train", space="bp4d1")
    with pytest.raises(BadLabels, match="1 or more, found 0"):
        load_coded_faces("bp4d", folder, split="train", every=0)
    with pytest.raises(MissingData, match=r"data\.folder=PATH"):
        load_coded_faces("bp4d", tmp_path / "nowhere", split="train")


def test_faces_in_videos_and_datasets_without_units_are_refused(tmp_path):
    disfa.mock(tmp_path / "disfa")
    with pytest.raises(BadFaces, match="lie in videos"):
        load_coded_faces("disfa", tmp_path / "disfa", split="train")
    london.mock(tmp_path / "london")
    with pytest.raises(BadLabels, match="has no coded action units"):
        load_coded_faces("london", tmp_path / "london", split="train")


@pytest.mark.filterwarnings("ignore:.*left out")
@pytest.mark.parametrize("name", sorted(catalog.UNIT_DATASETS.keys() - {"drawn_units"}))
def test_every_dataset_of_the_catalogue_reads_its_own_format(name, tmp_path):
    import_module(f"facsight.data.sets.{name}").mock(tmp_path)
    faces = catalog.load("unit_datasets", name)(tmp_path, split="train", size=16, unreadable="skip")
    assert faces.presence.isfinite().any(dim=1).all()
    assert len(faces) > 1
