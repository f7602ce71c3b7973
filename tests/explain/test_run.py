from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from facsight.core.errors import BadFaces, BadLabels, UnknownName
from facsight.explain import EXPLAINERS, explain
from facsight.explain.run import OF_A_LAYER
from facsight.functional.maps import resize
from small_networks import CurvedCNN, SmallCNN, faces, seeded, transformer

METHODS = sorted(OF_A_LAYER)
OF_A_CLASS = sorted(OF_A_LAYER - {"attention", "eigencam"})


def cnn(**options: Any) -> SmallCNN:
    return seeded(SmallCNN, **options)


@pytest.mark.parametrize("method", METHODS)
def test_maps_have_the_size_of_the_pictures_or_of_the_layer(method):
    at_layer = explain(cnn(), faces(3, 16, 24), method=method, resolution="layer")
    assert at_layer.shape == (3, 4, 6)
    assert at_layer.any()
    torch.testing.assert_close(explain(cnn(), faces(3, 16, 24), method=method), resize(at_layer, (16, 24)))


@pytest.mark.parametrize("method", METHODS)
def test_no_map_depends_on_how_faces_are_batched(method):
    network, pixels, about = seeded(CurvedCNN), faces(5), torch.tensor([3, 0, 1, 2, 3])
    if method == "cam":
        network = cnn()
    whole = explain(network, pixels, about=about, method=method)
    for size in (1, 2, 5, 99):
        torch.testing.assert_close(
            explain(network, pixels, about=about, method=method, batch_size=size), whole
        )
    alone = explain(network, pixels[3:4], about=2, method=method)
    torch.testing.assert_close(alone, whole[3:4])


@pytest.mark.parametrize("method", OF_A_CLASS)
def test_about_is_the_predicted_class_one_for_all_or_one_each(method):
    network, pixels = cnn(), faces(4)
    predicted = network(pixels).argmax(dim=1)
    torch.testing.assert_close(
        explain(network, pixels, method=method), explain(network, pixels, about=predicted, method=method)
    )
    ones = explain(network, pixels, about=1, method=method)
    for about in (torch.tensor(1), torch.tensor([1, 1, 1, 1], dtype=torch.int32)):
        assert torch.equal(explain(network, pixels, about=about, method=method), ones)
    assert not torch.equal(explain(network, pixels, about=2, method=method), ones)


@pytest.mark.parametrize("method", METHODS)
def test_the_network_is_run_once_and_comes_back_as_it_was(method):
    network, pixels = cnn(inplace=True), faces(3)
    network.train()
    network.second.eval()
    runs: list[int] = []
    handle = network.register_forward_pre_hook(lambda _module, inputs: runs.append(len(inputs[0])))
    modes = [part.training for part in network.modules()]
    before, untouched = {n: v.clone() for n, v in network.state_dict().items()}, pixels.clone()
    explain(network, pixels, method=method, layer="activation")
    handle.remove()
    extra = [15] if method == "scorecam" else []  # five channels of three faces
    assert runs == [3, *extra]
    assert [part.training for part in network.modules()] == modes
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in network.modules())
    assert all(p.grad is None and p.requires_grad for p in network.parameters())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert torch.equal(pixels, untouched)


class WritesIntoItsInput(SmallCNN):
    def forward(self, pixels: Tensor) -> Any:
        return super().forward(pixels.sub_(1.0))


@pytest.mark.parametrize("method", METHODS)
def test_a_network_that_writes_into_its_input_does_no_harm(method):
    network, pixels = seeded(WritesIntoItsInput), faces(3)
    if method != "scorecam":  # which masks what comes in, before it is shifted
        expected = explain(cnn(), pixels - 1, about=1, method=method)
        torch.testing.assert_close(explain(network, pixels, about=1, method=method), expected)
    else:
        found = explain(network, pixels, about=1, method=method)
        assert torch.equal(explain(network, pixels, about=1, method=method), found)
    assert torch.equal(pixels, faces(3))


class Breaks(SmallCNN):
    def features(self, pixels: Tensor) -> Tensor:
        super().features(pixels)
        raise ValueError("in the middle of forward")


@pytest.mark.parametrize("layer", [None, "activation"])
@pytest.mark.parametrize("method", METHODS)
def test_an_error_in_the_network_leaves_no_trace(method, layer):
    network = seeded(Breaks)
    network.train()
    network.second.eval()
    modes = [part.training for part in network.modules()]
    with pytest.raises(ValueError, match="in the middle"):
        explain(network, faces(), method=method, layer=layer)
    assert [part.training for part in network.modules()] == modes
    assert not any(part._forward_hooks for part in network.modules())
    assert torch.is_grad_enabled()


class Merges(nn.Linear):
    """Does more in `train` than set a flag, as adapters that merge their weights do."""

    def train(self, mode: bool = True) -> "Merges":
        raise AssertionError("train and eval of a part are not ours to call")


def test_only_the_flag_of_the_training_mode_is_touched():
    network = cnn()
    network.head = Merges(5, 4)
    explain(network, faces())
    assert network.head.training


def test_dropout_is_off():
    network = cnn()
    network.head = nn.Sequential(nn.Dropout(0.5), network.head)  # pyright: ignore
    network.train()
    assert torch.equal(explain(network, faces()), explain(network, faces()))


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
@pytest.mark.parametrize("method", METHODS)
def test_works_whatever_the_mode_of_the_caller(method, mode):
    network, pixels, about = cnn(), faces(3), torch.tensor([0, 1, 2])
    expected = explain(network, pixels, about=about, method=method)
    with mode():
        inner = pixels * 1.0, about * 1  # made in this mode
        torch.testing.assert_close(explain(network, inner[0], about=inner[1], method=method), expected)
        assert torch.is_inference_mode_enabled() is (mode is torch.inference_mode)
        assert not torch.is_grad_enabled()


@pytest.mark.parametrize("method", METHODS)
def test_double_and_half_precision(method):
    pixels = faces(2)
    single = explain(cnn(), pixels, about=1, method=method)
    double = explain(cnn().double(), pixels.double(), about=1, method=method)
    half = explain(cnn().bfloat16(), pixels.bfloat16(), about=1, method=method)
    assert single.dtype == double.dtype == half.dtype == torch.float32
    torch.testing.assert_close(double, single, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(half, single, atol=0.05 * float(single.abs().max()), rtol=0.1)


@pytest.mark.parametrize("method", METHODS)
def test_an_unknown_pixel_makes_the_map_of_its_own_face_unknown(method):
    pixels = faces(3)
    expected = explain(cnn(), pixels, about=1, method=method)
    pixels[0, 1, 2, 3] = torch.nan  # of the first face, which must not decide the layer either
    found = explain(cnn(), pixels, about=1, method=method)
    assert found[0].isnan().all()
    torch.testing.assert_close(found[1:], expected[1:])
    assert explain(cnn(), pixels[:1], method=method).isnan().all()


@pytest.mark.parametrize("method", METHODS)
def test_maps_of_nothing_are_zero(method):
    network = cnn()
    with torch.no_grad():
        network.second.bias.fill_(-100.0)
    assert not explain(network, faces(), method=method, layer="activation").any()


@pytest.mark.parametrize("method", METHODS)
def test_no_face_gives_no_map(method):
    assert explain(cnn(), faces(0), method=method).shape == (0, 16, 16)


def test_several_layers_by_name_and_by_themselves():
    network = cnn()
    named = explain(network, faces(), layer=["first_activation", "activation"], resolution="layer")
    assert named.shape == (2, 8, 8)
    itself = explain(network, faces(), layer=(network.first_activation, "activation"), resolution="layer")
    assert torch.equal(itself, named)


class TwoHeads(SmallCNN):
    def forward(self, pixels: Tensor) -> Any:
        pooled = self.features(pixels).mean(dim=(2, 3))
        return {"expression_scores": self.head(pooled), "valence": pooled[:, :2]}


def test_several_heads_need_a_choice():
    network = seeded(TwoHeads)
    with pytest.raises(
        BadLabels, match=r"several outputs \('expression_scores' \(1, 4\), 'valence' \(1, 2\)\)"
    ):
        explain(network, faces())
    torch.testing.assert_close(explain(network, faces(), head="expression_scores"), explain(cnn(), faces()))
    assert explain(network, faces(), head="valence", about=1).shape == (2, 16, 16)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["vit", "swin", "dinov2_with_registers"])
def test_transformers_are_read(kind, method):
    network = transformer(kind)
    refused = method == "cam" and kind != "swin"
    with pytest.raises(UnknownName, match="use layercam or gradcam") if refused else nullcontext():
        found = explain(network, faces(2, 32, 32), about=1, method=method)
        assert found.shape == (2, 32, 32)
        assert found.isfinite().all()


def test_one_score_is_one_class():
    network = cnn(classes=1)
    assert torch.equal(explain(network, faces()), explain(network, faces(), about=0))
    with pytest.raises(BadLabels, match="from 0 to 0"):
        explain(network, faces(), about=1)


@pytest.mark.parametrize("about", [4, -1, torch.tensor([0, 4])])
@pytest.mark.parametrize("method", METHODS)
def test_a_class_that_does_not_exist_is_refused(method, about):
    with pytest.raises(BadLabels, match="from 0 to 3"):
        explain(cnn(), faces(), about=about, method=method)


@pytest.mark.parametrize("about", [torch.tensor([0, 1, 2]), torch.tensor([[0, 1]]), torch.tensor([0])])
def test_there_is_one_class_for_all_or_one_each(about):
    with pytest.raises(BadLabels, match=r"or one for each of 2 faces, found \("):
        explain(cnn(), faces(), about=about)


@pytest.mark.usefixtures("unchecked")
def test_a_class_is_a_whole_number():
    with pytest.raises(BadLabels, match="float32"):
        explain(cnn(), faces(), about=torch.tensor([0.5, 1.0]))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("pixels", [torch.zeros(3, 16, 16), torch.zeros(1, 3, 0, 16)])
def test_pixels_that_are_no_picture_are_refused(pixels):
    with pytest.raises(BadFaces, match=r"expected faces \(batch, channel, height, width\)"):
        explain(cnn(), pixels)


@pytest.mark.usefixtures("unchecked")
def test_bytes_are_refused_and_so_is_an_empty_batch_size():
    with pytest.raises(BadFaces, match=r"torch\.uint8"):
        explain(cnn(), torch.zeros(1, 3, 16, 16, dtype=torch.uint8))
    with pytest.raises(BadFaces, match="batch size"):
        explain(cnn(), faces(), batch_size=0)


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(UnknownName, match="no explainer 'gradcm': did you mean 'gradcam'"):
        explain(cnn(), faces(), method="gradcm")
    with pytest.raises(UnknownName, match="no layer 'activatoin': did you mean 'activation'"):
        explain(cnn(), faces(), layer="activatoin")
    with pytest.raises(UnknownName, match="scorecam has no option 'chunks': did you mean 'chunk'"):
        explain(cnn(), faces(), method="scorecam", chunks=3)


def test_a_map_of_one_place_is_refused():
    with pytest.raises(UnknownName, match="more than one place"):
        explain(cnn(), faces(2, 4, 4), layer="activation")


def test_explainers_of_a_layer_are_catalogued():
    assert set(EXPLAINERS) > OF_A_LAYER
