"""From a made-up copy of a dataset to a score under its protocol: opened, trained on, predicted, scored."""

import polars as pl
import pytest
import torch

from facsight import catalog
from facsight.data.opening import dataset_module
from facsight.data.protocol import load_protocol, protocol_names
from facsight.nn.pixels import standardise
from facsight.nn.weights import build_network
from facsight.scoring.score import score
from facsight.scoring.truth import truth_from_dataset

SINGLE = [
    name
    for name in protocol_names()
    if len(load_protocol(name).labels) == 1
    and load_protocol(name).dataset in catalog.DATASETS
    and not load_protocol(name).withheld
]


def trained(faces) -> torch.nn.Module:
    """A small network after one step on the faces; the step moves it."""
    network = build_network(len(faces.space), widths=[8, 8, 16], blocks=[1, 1, 1], stem=8)
    before = [parameter.detach().clone() for parameter in network.parameters()]
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    logits = network(standardise(faces.images)).logits
    loss = torch.nn.functional.cross_entropy(logits, faces.expression)
    loss.backward()
    optimiser.step()
    assert loss.isfinite()
    assert any(not old.equal(new) for old, new in zip(before, network.parameters(), strict=True))
    return network.eval()


@pytest.mark.filterwarnings("ignore:affectnet. labels are converted")
@pytest.mark.parametrize("name", SINGLE)
def test_from_a_copy_to_a_score(name, tmp_path):
    torch.manual_seed(0)
    protocol = load_protocol(name)
    (space,) = protocol.spaces
    dataset_module(protocol.dataset).mock(tmp_path / "copy")
    load = catalog.load("datasets", protocol.dataset)
    network = trained(load(tmp_path / "copy", split="train", size=32, space=space.name))
    faces = load(tmp_path / "copy", split=protocol.score, size=32, space=space.name)
    with torch.inference_mode():
        said = network(standardise(faces.images)).logits.argmax(dim=1)
    words = [faces.space.classes[label] for label in said.tolist()]
    samples = [face.removeprefix(f"{protocol.dataset}/") for face in faces.ids]
    pl.DataFrame({"sample": samples, space.column: words}).write_csv(tmp_path / "said.csv")
    truth = truth_from_dataset(protocol, tmp_path / "copy")
    scored = score(protocol, truth, tmp_path / "said.csv")
    assert 0 <= scored.official.estimate <= 1
    assert scored.matched.rows["that count"] > 0
