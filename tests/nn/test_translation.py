import pytest
import torch

from facsight.core.errors import BadCheckpoint, MissingData
from facsight.nn.people_style import PeopleStyle
from facsight.nn.translation import Translation, load_translation
from facsight.nn.translator import Translator
from facsight.nn.weights import load_tensors, save_tensors


@pytest.fixture
def translation(generator):
    translator, people = Translator(4, hidden=3), PeopleStyle(4, 2)
    torch.nn.init.normal_(translator.outer.weight, generator=generator)
    label, person = torch.tensor([0, 1] * 6), torch.arange(12) // 4
    people.update(torch.randn(12, 4, generator=generator), label, person, torch.arange(12))
    return Translation(translator, people, 1, {"base": "ab12", "data": "made up"})


def test_what_is_saved_comes_back(translation, tmp_path, generator):
    translation.save(tmp_path / "t.safetensors")
    found = load_translation(tmp_path / "t.safetensors")
    rows = torch.randn(5, 4, generator=generator)
    assert torch.equal(found.translator(rows), translation.translator(rows))
    for one, other in zip(found.people.variances(), translation.people.variances(), strict=True):
        assert torch.equal(one, other)
    assert (found.neutral, found.card) == (1, {"base": "ab12", "data": "made up"})
    assert not any(one.requires_grad for one in found.translator.parameters())


def test_it_holds_means_and_differences_of_people_and_no_person(translation, tmp_path):
    translation.save(tmp_path / "t.safetensors")
    tensors, _ = load_tensors(tmp_path / "t.safetensors")
    assert {name for name in tensors if name.startswith("people")} == {
        f"people.{name}" for name in ("totals", "places", "counts", "differences", "pairs")
    }
    assert all(len(one) != 3 for name, one in tensors.items() if name.startswith("people"))


def test_files_of_anything_else_are_refused(translation, tmp_path):
    path = tmp_path / "t.safetensors"
    with pytest.raises(MissingData, match="no weights file"):
        load_translation(path)
    save_tensors({"gain": torch.ones(2)}, path, {"base": "ab12"})
    with pytest.raises(BadCheckpoint, match="holds no translator"):
        load_translation(path)
    translation.save(path)
    tensors, card = load_tensors(path)
    save_tensors(tensors | {"people.totals": torch.full((2, 4), torch.nan)}, path, card)
    with pytest.raises(BadCheckpoint, match="not finite"):
        load_translation(path)
    save_tensors(tensors | {"people.totals": torch.ones(2, 5)}, path, card)
    with pytest.raises(BadCheckpoint, match="totals"):
        load_translation(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(BadCheckpoint, match="not a whole safetensors file"):
        load_translation(path)
