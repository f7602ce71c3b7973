"""Faces through a recognition network: run as its file says, or refused."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from facsight.core.errors import BadCheckpoint, BadRecipe, MissingData
from facsight.faces.five_points import align_five
from facsight.faces.recogniser import Recogniser
from planted import drawn_face
from written_onnx import arcface_model, arcface_weights, colour_model, colours, model, node, saved_model


def opened(tmp_path, content, card=None):
    if card:
        (tmp_path / "faces.toml").write_text(card)
    return Recogniser(saved_model(tmp_path / "faces.onnx", content))


def by_torch(weights, given):
    """What `arcface_model` gives, layer by layer."""
    w = {name: torch.from_numpy(values).float() for name, values in weights.items()}

    def normalised(x, name):
        mean, var, scale, bias = (w[f"{name}_{part}"] for part in ("mean", "var", "scale", "bias"))
        return F.batch_norm(x, mean, var, scale, bias, eps=1e-5)

    first = normalised(F.conv2d(given, w["w0"], stride=4, padding=1), "bn0")
    second = F.conv2d(F.prelu(first, w["slope"].flatten()), w["w1"], padding=1)
    flat = F.avg_pool2d(first + second, 4).flatten(1)
    told = normalised(F.linear(flat, w["dense"], w["bias"]), "bn1")[0]
    return (told / told.norm()).numpy()


@pytest.mark.parametrize("own_range", [False, True])
def test_the_layers_of_arcface_run_as_in_torch(tmp_path, own_range):
    weights = arcface_weights()
    recogniser = opened(tmp_path, arcface_model(weights, own_range=own_range))
    assert (recogniser.card.mean, recogniser.card.scale) == ((0.0, 1.0) if own_range else (127.5, 127.5))
    picture, points = drawn_face(True)
    (found,) = recogniser.embed(picture, points[None])
    crop = align_five(points, 112).crop(picture)
    middle, scale = (127.5, 128.0) if own_range else (127.5, 127.5)
    given = (torch.from_numpy(crop.copy()).permute(2, 0, 1)[None].float() - middle) / scale
    np.testing.assert_allclose(found, by_torch(weights, given), atol=2e-4)
    assert np.linalg.norm(found) == pytest.approx(1)
    assert recogniser.numbers == 32


@pytest.mark.parametrize(
    ("shape", "card", "side"),
    [
        ((1, 3, 112, 112), None, 112),
        (("N", 3, 96, 96), None, 96),
        ((1, 3, 112, 112), 'channels = "bgr"', 112),
        ((1, 3, 112, 112), "mean = 100.0\nscale = 50.0", 112),
        ((1, 64, 64, 3), None, 64),
    ],
)
def test_pixels_are_given_as_the_model_and_its_card_say(tmp_path, shape, card, side):
    content = colour_model(shape)
    if shape[3] == 3:
        nodes = [
            node("Transpose", ["data"], "turned", perm=[0, 3, 1, 2]),
            node("GlobalAveragePool", ["turned"], "pooled"),
            node("Flatten", ["pooled"], "flat", axis=1),
            node("Gemm", ["flat", "w"], "fc1", transB=1),
        ]
        content = model(nodes, {"w": colours()}, shape, (1, 16))
    recogniser = opened(tmp_path, content, card)
    assert recogniser.card.size == side
    picture = np.zeros((160, 160, 3), np.uint8) + np.array([200, 150, 20], np.uint8)
    (found,) = recogniser.embed(picture, drawn_face(True)[1][None])
    colour = np.array([20, 150, 200] if card and "bgr" in card else [200, 150, 20])
    middle, scale = (100, 50) if card and "mean" in card else (127.5, 127.5)
    given = (colour - middle) / scale
    np.testing.assert_allclose(found, colours() @ given / np.linalg.norm(given), atol=1e-4)


def test_a_face_is_embedded_the_same_whoever_is_beside_it(tmp_path):
    recogniser = opened(tmp_path, arcface_model(arcface_weights()))
    picture, points = drawn_face(True)
    three = np.stack([points, points + 7, points * 0.8 + 12]).astype(np.float32)
    together = recogniser.embed(picture, three)
    for face, own in enumerate(three):
        np.testing.assert_array_equal(recogniser.embed(picture, own[None])[0], together[face])
    np.testing.assert_array_equal(recogniser.embed(picture, three[::-1].copy()), together[::-1])
    assert recogniser.embed(picture, three[:0]).shape == (0, 32)


def test_a_face_without_the_points_has_no_direction(tmp_path):
    recogniser = opened(tmp_path, arcface_model(arcface_weights()))
    picture, points = drawn_face(True)
    lacking = points.copy()
    lacking[30] = np.nan
    found = recogniser.embed(picture, np.stack([lacking, points]))
    assert np.isnan(found[0]).all()
    np.testing.assert_array_equal(found[1:], recogniser.embed(picture, points[None]))


def test_two_files_of_the_same_content_are_the_same_model(tmp_path):
    one = opened(tmp_path, colour_model())
    other = Recogniser(saved_model(tmp_path / "faces2.onnx", colour_model()))
    assert one.version == other.version
    assert one.name == "onnx:faces.onnx"
    third = Recogniser(saved_model(tmp_path / "third.onnx", colour_model(numbers=17)))
    assert third.version != one.version


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(MissingData, match=r"gone\.onnx, found no file"):
        Recogniser(tmp_path / "gone.onnx")


def spoilt(value):
    weights = arcface_weights()
    weights["bias"] = np.full(32, value)
    return arcface_model(weights)


WRONG = {
    "text": (b"not a model at all", "expected an ONNX model"),
    "half": (arcface_model(arcface_weights())[:2000], "expected an ONNX model"),
    "grey": (colour_model((1, 1, 112, 112)), "found 1 x 1 x 112 x 112"),
    "oblong": (colour_model((1, 3, 112, 96)), "found 1 x 3 x 112 x 96"),
    "a score": (colour_model(numbers=4), "16 numbers or more"),
    "a map": (model([node("Relu", ["data"], "fc1")], {}, (1, 3, 16, 16), (1, 3, 16, 16)), "1 x 3 x 16 x 16"),
    "not a number": (spoilt(np.nan), "not finite"),
    "infinite": (spoilt(np.inf), "not finite"),
    "nothing": (arcface_model({k: v * 0 + ("var" in k) for k, v in arcface_weights().items()}), "all zero"),
    "unknown layer": (
        model([node("Recognise", ["data"], "fc1")], {}, (1, 3, 112, 112), (1, 16)),
        "cannot load",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_no_face_recognition_model_is_refused_when_it_is_opened(tmp_path, kind):
    content, problem = WRONG[kind]
    with pytest.raises(BadCheckpoint, match=problem) as told:
        opened(tmp_path, content)
    assert "faces.onnx" in str(told.value)


def test_one_that_gives_the_same_for_every_picture_is_refused(tmp_path):
    weights = arcface_weights()
    weights["dense"] = weights["dense"] * 0
    with pytest.raises(BadCheckpoint, match="same numbers for any picture"):
        opened(tmp_path, arcface_model(weights))


def test_one_that_fails_on_a_face_later_is_named(tmp_path):
    """Finite for the two trial pictures; infinite for a bright one."""
    nodes = [
        node("GlobalAveragePool", ["data"], "pooled"),
        node("Flatten", ["pooled"], "flat", axis=1),
        node("Gemm", ["flat", "w"], "wide", transB=1),
        node("Exp", ["wide"], "fc1"),
    ]
    weights = np.repeat([[100.0], [0.1]], 8, axis=0) * np.ones(3)
    recogniser = opened(tmp_path, model(nodes, {"w": weights}, (1, 3, 112, 112), (1, 16)))
    white = np.full((160, 160, 3), 255, np.uint8)
    with pytest.raises(BadCheckpoint, match=r"faces\.onnx gave numbers that are not finite"):
        recogniser.embed(white, drawn_face(True)[1][None])


def test_a_wrong_card_is_told(tmp_path):
    with pytest.raises(BadRecipe, match=r"faces\.toml"):
        opened(tmp_path, colour_model(), "chanels = 'rgb'")
