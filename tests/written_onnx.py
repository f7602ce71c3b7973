"""ONNX models written byte by byte, as the format says: small networks for faces, and wrong ones."""

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

FLOAT = 1
Shape = Sequence[int | str]


def field(number: int, value: bytes | str | int) -> bytes:
    """A field of a protobuf message: a number, or text or another message."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    low, rest = value & 127, value >> 7
    return bytes([low | 128]) + _varint(rest) if rest else bytes([low])


def tensor(name: str, values: np.ndarray) -> bytes:
    dims = b"".join(field(1, side) for side in values.shape)
    return dims + field(2, FLOAT) + field(8, name) + field(9, values.astype("<f4").tobytes())


def value(name: str, shape: Shape) -> bytes:
    dims = b"".join(field(1, field(1 if isinstance(side, int) else 2, side)) for side in shape)
    return field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, dims)))


def node(kind: str, inputs: Sequence[str], output: str, **attributes: float | Sequence[int]) -> bytes:
    told = b"".join(field(1, name) for name in inputs) + field(2, output) + field(3, output) + field(4, kind)
    return told + b"".join(field(5, _attribute(*one)) for one in attributes.items())


def _attribute(name: str, given: float | Sequence[int]) -> bytes:
    if isinstance(given, int):
        return field(1, name) + field(3, given) + field(20, 2)
    if isinstance(given, float):
        return field(1, name) + _varint(2 << 3 | 5) + struct.pack("<f", given) + field(20, 1)
    return field(1, name) + b"".join(field(8, part) for part in given) + field(20, 7)


def model(
    nodes: Sequence[bytes],
    weights: dict[str, np.ndarray],
    shape: Shape,
    out: Shape,
    *,
    weights_are_inputs: bool = False,
) -> bytes:
    """A whole model from `data` to `fc1`."""
    listed = [value(name, values.shape) for name, values in weights.items()] if weights_are_inputs else []
    graph = b"".join(field(1, one) for one in nodes) + field(2, "faces")
    graph += b"".join(field(5, tensor(name, values)) for name, values in weights.items())
    graph += b"".join(field(11, one) for one in [value("data", shape), *listed]) + field(
        12, value("fc1", out)
    )
    return field(1, 7) + field(2, "tests") + field(7, graph) + field(8, field(1, "") + field(2, 11))


def colours(numbers: int = 16) -> np.ndarray:
    """A matrix (numbers, 3) with orthonormal columns: what is alike in colour is alike in these numbers."""
    return np.linalg.qr(np.random.default_rng(0).normal(size=(numbers, 3)))[0]


def colour_model(
    shape: Shape = (1, 3, 112, 112), *, numbers: int = 16, hue: bool = False, **options: bool
) -> bytes:
    """The mean colour of the picture, as so many numbers; linear, so that it can be checked by hand.

    `hue`: without how bright it is.
    """
    weights = colours(numbers) @ (np.eye(3) - 1 / 3) if hue else colours(numbers)
    nodes = [
        node("GlobalAveragePool", ["data"], "pooled"),
        node("Flatten", ["pooled"], "flat", axis=1),
        node("Gemm", ["flat", "w"], "fc1", transB=1),
    ]
    return model(nodes, {"w": weights}, shape, (1, numbers), **options)


def arcface_weights(seed: int = 0) -> dict[str, np.ndarray]:
    """Random weights for `arcface_model`, and for whoever wants to work out what it gives."""
    generator = np.random.default_rng(seed)
    weights = {
        "w0": generator.normal(0, 0.2, (8, 3, 3, 3)),
        "w1": generator.normal(0, 0.1, (8, 8, 3, 3)),
        "slope": generator.uniform(0.1, 0.4, (8, 1, 1)),
        "dense": generator.normal(0, 0.05, (32, 8 * 7 * 7)),
        "bias": generator.normal(0, 0.05, 32),
    }
    for name, count in (("bn0", 8), ("bn1", 32)):
        weights |= {f"{name}_{part}": generator.uniform(0.5, 1.5, count) for part in ("scale", "var")}
        weights |= {f"{name}_{part}": generator.normal(0, 0.1, count) for part in ("bias", "mean")}
    return weights


def arcface_model(weights: dict[str, np.ndarray], *, own_range: bool = False) -> bytes:
    """The layers of ArcFace's networks, few and narrow.

    Convolution, batch normalisation, PReLU, a residual sum, and a dense layer with another normalisation.
    `own_range`: it brings pixels from 0 to 255 into its own range first, as those from MXNet do.
    """
    nodes, first = [], "data"
    if own_range:
        weights = weights | {"middle": np.array([127.5]), "range": np.array([0.0078125])}
        nodes += [node("Sub", ["data", "middle"], "around"), node("Mul", ["around", "range"], "small")]
        first = "small"
    bn0, bn1 = ([f"{name}_{part}" for part in ("scale", "bias", "mean", "var")] for name in ("bn0", "bn1"))
    nodes += [
        node("Conv", [first, "w0"], "c0", kernel_shape=[3, 3], strides=[4, 4], pads=[1, 1, 1, 1]),
        node("BatchNormalization", ["c0", *bn0], "b0", epsilon=1e-5),
        node("PRelu", ["b0", "slope"], "p0"),
        node("Conv", ["p0", "w1"], "c1", kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1]),
        node("Add", ["c1", "b0"], "sum"),
        node("AveragePool", ["sum"], "pooled", kernel_shape=[4, 4], strides=[4, 4]),
        node("Flatten", ["pooled"], "flat", axis=1),
        node("Gemm", ["flat", "dense", "bias"], "pre", transB=1),
        node("BatchNormalization", ["pre", *bn1], "fc1", epsilon=1e-5),
    ]
    return model(nodes, weights, (1, 3, 112, 112), (1, 32))


def saved_model(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
