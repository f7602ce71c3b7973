import numpy as np
import pytest
import torch

from facsight.core.errors import BadCheckpoint, BadFaces
from facsight.nn.neutral_people import (
    NeutralPeople,
    both_ways_maps,
    load_neutral_people,
    measure_neutral_people,
)
from facsight.nn.weights import build_network, save_tensors


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_network(3, widths=[4, 4, 6], blocks=[1, 1, 1], stem=4).eval()


def test_moments_are_those_of_a_loop_over_faces(network, generator):
    pixels = torch.randn(70, 1, 32, 32, generator=generator)  # more than go through at once
    found = measure_neutral_people(network, pixels, {"base": "x"})
    rows, maps = [], []
    with torch.inference_mode():
        for face in pixels:
            one, other = network.features(face[None])[-1][0], network.features(face.flip(2)[None])[-1][0]
            maps.append(((one + other.flip(2)) / 2).double().numpy())
            rows.append(maps[-1].mean(axis=(1, 2)))
    np.testing.assert_allclose(found.maps.numpy(), np.mean(maps, axis=0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.spread.numpy(), np.std(rows, axis=0), rtol=1e-3, atol=1e-6)
    alive = np.std(rows, axis=0) > 0
    z = ((np.array(rows) - np.mean(rows, axis=0))[:, alive]) / np.std(rows, axis=0)[alive]
    expected = np.quantile(np.sqrt((z**2).mean(axis=1)), 0.95)
    assert found.usual_distance == pytest.approx(expected, rel=1e-3)
    assert found.card == {"base": "x", "faces": 70}


def test_maps_of_a_mirrored_face_are_mirrored(network, generator):
    pixels = torch.randn(2, 1, 32, 32, generator=generator)
    straight, mirrored = both_ways_maps(network, pixels), both_ways_maps(network, pixels.flip(3))
    torch.testing.assert_close(mirrored, straight.flip(3))


def test_as_moments_two_people_have_the_mean_and_the_spread_and_no_class_but_neutral():
    people = NeutralPeople(torch.full((2, 3, 3), 5.0), torch.tensor([1.0, 0.5]), 2.0, {"base": "x"})
    moments = people.as_moments(4, 1)
    assert moments.classes[:, 1].mean(dim=0).tolist() == [5.0, 5.0]
    assert moments.classes[:, 1].std(dim=0, correction=0).tolist() == [1.0, 0.5]
    assert moments.classes[:, [0, 2, 3]].isnan().all()


def test_a_file_gives_the_same_people(tmp_path):
    people = NeutralPeople(torch.rand(2, 3, 3), torch.rand(2), 1.5, {"base": "x", "faces": 9})
    people.save(tmp_path / "people.safetensors")
    found = load_neutral_people(tmp_path / "people.safetensors")
    torch.testing.assert_close(found.maps, people.maps, atol=1e-3, rtol=1e-3)  # half precision
    assert torch.equal(found.spread, people.spread)
    assert (found.usual_distance, found.card) == (1.5, {"base": "x", "faces": 9})


def test_another_file_is_refused(tmp_path):
    save_tensors({"maps": torch.ones(2)}, tmp_path / "other.safetensors", {})
    with pytest.raises(BadCheckpoint, match="neutral faces"):
        load_neutral_people(tmp_path / "other.safetensors")


def test_one_face_has_no_spread(network):
    with pytest.raises(BadFaces, match="two people or more, found 1"):
        measure_neutral_people(network, torch.zeros(1, 1, 32, 32), {})
