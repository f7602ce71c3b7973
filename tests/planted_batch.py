"""A small batch of noise faces with the points of a plain frontal face, for tests of methods."""

import torch

from facsight.core.batch import Faces, LabelledFaces
from facsight.core.labels import FERPLUS
from facsight.core.landmarks import RIGID, RIGID_TEMPLATE


def face_points():
    """68 points of a plain frontal face on a 48 pixel crop."""
    points = torch.full((68, 2), 24.0)
    angle = torch.linspace(0, torch.pi, 17)
    points[:17] = torch.stack([24 - 20 * angle.cos(), 20 + 26 * angle.sin()], 1)
    for brow, x in ((range(17, 22), 9.0), (range(22, 27), 27.0)):
        points[list(brow)] = torch.stack([x + torch.arange(5) * 3.0, torch.full((5,), 12.0)], 1)
    points[list(RIGID)] = torch.tensor(RIGID_TEMPLATE) * 48
    for eye, left in (((36, 37, 38, 39, 40, 41), True), ((42, 43, 44, 45, 46, 47), False)):
        outer, inner = (points[36], points[39]) if left else (points[42], points[45])
        across = inner - outer
        for index, (share, lift) in zip(
            eye[1:3] + eye[4:], [(0.33, -2), (0.67, -2), (0.67, 2), (0.33, 2)], strict=True
        ):
            points[index] = outer + share * across + torch.tensor([0.0, lift])
    lips = torch.arange(12) / 12 * 2 * torch.pi
    points[48:60] = torch.stack([24 - 8 * lips.cos(), 37 - 3 * lips.sin()], 1)
    inner_lips = torch.arange(8) / 8 * 2 * torch.pi
    points[60:68] = torch.stack([24 - 6 * inner_lips.cos(), 37 - 1 * inner_lips.sin()], 1)
    return points


def batch(labels=("happiness", "fear", "anger", "sadness"), landmarks=None):
    generator = torch.Generator().manual_seed(0)
    n = len(labels)
    points = face_points().expand(n, 68, 2).clone() if landmarks is None else landmarks
    pixels = torch.randn(n, 1, 48, 48, generator=generator)
    truth = torch.tensor([FERPLUS.index(label) for label in labels])
    return LabelledFaces(Faces(pixels, points), torch.nn.functional.one_hot(truth, 8).float())
