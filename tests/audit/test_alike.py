import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from facsight.audit.alike import UNITS, alike, read_maps, save_maps


@pytest.fixture
def maps(generator):
    one = torch.randn(9, 6, 6, generator=generator)
    noise = torch.randn(9, 6, 6, generator=generator)
    return {
        "one": one,
        "near one": 3 * one + 0.5 * noise + 7,
        "other": torch.randn(9, 6, 6, generator=generator),
    }


def test_likeness_is_numpys_mean_correlation(maps):
    found = alike(maps)
    assert found is not None
    for i, one in enumerate(maps.values()):
        for j, other in enumerate(maps.values()):
            each = [np.corrcoef(a.flatten(), b.flatten())[0, 1] for a, b in zip(one, other, strict=True)]
            assert float(found.likeness[i, j]) == pytest.approx(np.mean(each), abs=1e-6)


def test_what_is_alike_joins_first(maps):
    found = alike(maps)
    assert found is not None
    first = found.merges[0]
    assert {found.names[first.one], found.names[first.other]} == {"one", "near one"}
    assert found.plain()["sources"][0] == "other" or found.plain()["sources"][-1] == "other"


def test_maps_of_other_sizes_meet_at_the_finest():
    ramp = torch.linspace(0, 1, 4).expand(2, 4, 4)
    small = torch.nn.functional.avg_pool2d(ramp.unsqueeze(1), 2).squeeze(1)
    found = alike({"large": ramp, "small": small})
    assert found is not None
    assert float(found.likeness[0, 1]) > 0.95


def test_a_face_that_lacks_one_map_counts_for_none(maps):
    gaps = {name: one.clone() for name, one in maps.items()}
    gaps["one"][0] = torch.nan
    gaps["other"][1] = 0.3
    found = alike(gaps)
    rest = alike({name: one[2:] for name, one in maps.items()})
    assert found is not None
    assert rest is not None
    assert found.faces == 7
    torch.testing.assert_close(found.likeness, rest.likeness)


def test_a_source_without_any_map_is_left_out(maps):
    found = alike(maps | {"flat": torch.ones(9, 6, 6)})
    assert found is not None
    assert found.names == tuple(maps)


def test_nothing_to_compare(maps):
    assert alike({}) is None
    assert alike({"one": maps["one"]}) is None
    apart = {name: torch.full((2, 3, 3), torch.nan) for name in ("one", "other")}
    apart["one"][0] = torch.eye(3)
    apart["other"][1] = torch.eye(3)
    assert alike(apart) is None


def test_saved_maps_keep_their_likeness(maps, tmp_path):
    tiny = {"one": maps["one"] * 1e-9, UNITS: maps["other"] * 1e9}
    save_maps(tmp_path / "maps.safetensors", tiny)
    assert all(one.dtype == torch.float16 for one in load_file(tmp_path / "maps.safetensors").values())
    rows = torch.tensor([4, 2])
    again = alike(read_maps(tmp_path / "maps.safetensors", rows))
    before = alike({name: one[rows] for name, one in tiny.items()})
    assert again is not None
    assert before is not None
    torch.testing.assert_close(again.likeness, before.likeness, atol=1e-3, rtol=0)
