"""Paints scenes, back to front: background, hair, head, skin folds, features, light, sticker."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from facsight.core.landmarks import INNER_LIPS, JAW, LEFT_EYE, OUTER_LIPS, POINT_COUNT, RIGHT_EYE
from facsight.data.drawn.creases import CREASES
from facsight.data.drawn.paint import Coverage, along, disc, inside, over, smooth
from facsight.data.drawn.scene import Scene
from facsight.data.drawn.shape import Projection, crease_points, face_points
from facsight.data.drawn.template import ACTION_UNITS, SKULL

#: Pixels painted at once: few enough that a layer of them stays in a processor's cache.
CHUNK = 64 * 48 * 48


def paint(
    scene: Scene, *, size: int = 48
) -> tuple[Float[Tensor, "n 1 {size} {size}"], Float[Tensor, "n point=68 xy=2"]]:
    """Grey pictures (0 to 255, not rounded) of `size` x `size` pixels, and the landmarks in them.

    The same scene gives the same picture whatever else is in the batch.
    """
    chunk = max(1, CHUNK // size**2)
    easels = [_Easel.of(scene.rows(slice(i, i + chunk)), size) for i in range(0, len(scene), chunk)]
    pictures = [_paint(easel) for easel in easels]
    if not easels:
        return torch.zeros(0, 1, size, size), torch.zeros(0, POINT_COUNT, 2)
    points = torch.cat([easel.points[:, :POINT_COUNT] for easel in easels])
    return 255 * torch.cat(pictures).unsqueeze(1), points


def as_bytes(pictures: Float[Tensor, "n 1 height width"]) -> UInt8[Tensor, "n 1 height width"]:
    """Grey levels rounded to whole numbers from 0 to 255."""
    return pictures.round().clamp(0, 255).to(torch.uint8)


@dataclass(frozen=True)
class _Easel:
    """A scene made ready for painting: its points in pixels, and pixels per template unit."""

    scene: Scene
    size: int
    project: Projection
    unit: Float[Tensor, "n"]
    points: Float[Tensor, "n point=77 xy=2"]
    creases: list[Float[Tensor, "n _ 2"]]

    @classmethod
    def of(cls, scene: Scene, size: int) -> "_Easel":
        project, solid = Projection.of(scene, size), face_points(scene)
        creases = [project(line) for line in crease_points(scene, solid)]
        return cls(scene, size, project, size * scene.placement[:, 2], project(solid), creases)

    def at(self, *places: tuple[float, float, float]) -> Float[Tensor, "n place 2"]:
        """Pixels of places that move with the head only."""
        return self.project(torch.tensor(places).expand(len(self.scene), -1, -1))

    def intensity(self, number: int) -> Float[Tensor, "n"]:
        return self.scene.intensities[:, ACTION_UNITS.index(number)]

    def stroke(self, line: Tensor, *radii: float, thick: Tensor | float = 1.0, edge: float = 0.0) -> Coverage:
        """A stroke with radii given in template units; its edge is at least a pixel."""
        radius = torch.tensor(radii).expand(line.shape[1]) * (thick * self.unit).unsqueeze(1)
        return along(line, radius, self.size, edge=(edge * self.unit).clamp(min=1.0))


def _paint(easel: _Easel) -> Coverage:
    picture = _background(easel)
    picture = _hair_behind(picture, easel)
    picture, head = _head(picture, easel)
    picture = _skin_folds(picture, easel)
    picture = _nose(picture, easel)
    picture = _mouth(picture, easel)
    for eye, side in ((LEFT_EYE, -1.0), (RIGHT_EYE, 1.0)):
        picture = _eye(picture, easel, eye, side)
    picture = _brows(picture, easel)
    picture = _fringe(picture, easel)
    picture = _glasses(picture, easel)
    picture = _light(picture, easel, head)
    picture = _mark(picture, easel)
    shift, contrast = easel.scene.exposure.unsqueeze(-1).unsqueeze(-1).unbind(dim=1)
    return ((picture - 0.5) * contrast + 0.5 + shift).clamp(0, 1)


def _skin(easel: _Easel) -> Tensor:
    return 0.38 + 0.42 * easel.scene.people.look("skin")


def _hair(easel: _Easel) -> Tensor:
    return 0.06 + 0.7 * easel.scene.people.look("hair") ** 2


def _background(easel: _Easel) -> Coverage:
    ramp = (torch.arange(easel.size) + 0.5) / easel.size - 0.5
    level, across, down = easel.scene.background[:, :, None, None].unbind(dim=1)
    picture = level + across * ramp[None, None, :] + down * ramp[None, :, None]
    for blob in easel.scene.blobs.unbind(dim=1):
        soft = (0.5 * easel.size * blob[:, 2]).clamp(min=1.0)
        cover = disc(easel.size * blob[:, :2], easel.size * blob[:, 2], easel.size, edge=soft)
        picture = over(picture, blob[:, 3], cover * (blob[:, 2] > 0)[:, None, None])
    return picture


def _hair_behind(picture: Coverage, easel: _Easel) -> Coverage:
    """Hair beyond the skull and, where it is long, beside the cheeks; then neck and ears."""
    skull = easel.points[:, list(SKULL)]
    middle = easel.at((0.0, -0.1, -0.2))
    length = easel.scene.people.look("hair_length")[:, None, None]
    crown = middle + (1.06 + 0.14 * length) * (skull - middle)
    short = easel.at((-0.7, -0.1, -0.3), (-1.02, -0.2, -0.3), (1.02, -0.2, -0.3), (0.7, -0.1, -0.3))
    full = easel.at((-0.8, 1.7, -0.3), (-1.28, 1.3, -0.3), (1.28, 1.3, -0.3), (0.8, 1.7, -0.3))
    ends = torch.lerp(short, full, length.clamp(min=0.15))
    outline = torch.cat([ends[:, :2], crown, ends[:, 2:]], dim=1)
    picture = over(picture, _hair(easel), inside(smooth(outline, closed=True), easel.size))
    neck = easel.at((-0.62, 1.1, -0.3), (0.62, 1.1, -0.3), (0.72, 3.0, -0.3), (-0.72, 3.0, -0.3))
    picture = over(picture, 0.72 * _skin(easel), inside(neck, easel.size))
    for ear in easel.at((-1.08, 0.12, -0.35), (1.08, 0.12, -0.35)).unbind(dim=1):
        picture = over(picture, 0.85 * _skin(easel), disc(ear, 0.14 * easel.unit, easel.size))
    return picture


def _head(picture: Coverage, easel: _Easel) -> tuple[Coverage, Coverage]:
    """The head in skin colour, with stubble or beard; also the head's own coverage."""
    outline = easel.points[:, [*JAW, *reversed(SKULL)]]
    head = inside(smooth(outline, closed=True, steps=2), easel.size)
    picture = over(picture, _skin(easel), head)
    growth = (easel.scene.people.look("beard") - 0.7).clamp(min=0) / 0.3
    jaw, lips, nose = (easel.points[:, points] for points in ([2, 14], [48, 54], [31, 35]))
    cheek = 0.5 * jaw + 0.5 * lips
    top = 0.3 * nose + 0.7 * easel.points[:, [49, 53]]
    edge = torch.cat([jaw[:, 1:], cheek[:, 1:], top.flip(1), cheek[:, :1], jaw[:, :1]], dim=1)
    cover = inside(torch.cat([easel.points[:, list(JAW[2:15])], smooth(edge)], dim=1), easel.size, edge=2.0)
    tone = torch.minimum(_hair(easel), 0.6 * _skin(easel))
    return over(picture, tone, (0.6 * growth[:, None, None]) * cover * head), head


def _skin_folds(picture: Coverage, easel: _Easel) -> Coverage:
    """Creases, and the cheek apples that AU 6 and AU 12 lift."""
    lift = (0.7 * easel.intensity(6) + 0.5 * easel.intensity(12)).clamp(max=1)
    for x in (-0.62, 0.62):
        apple = torch.stack([torch.full_like(lift, x), 0.52 - 0.1 * lift, torch.full_like(lift, 0.1)], dim=1)
        glow = disc(
            easel.project(apple[:, None])[:, 0],
            0.08 * easel.unit,
            easel.size,
            edge=(0.45 * easel.unit).clamp(min=1.0),
        )
        picture = over(picture, 1.0, glow * (0.06 + 0.16 * lift)[:, None, None])
    age = easel.scene.people.look("age")
    for crease, line in zip(CREASES, easel.creases, strict=True):
        raised = torch.stack([depth * easel.intensity(number) for number, depth in crease.depth.items()])
        depth = torch.maximum(raised.amax(dim=0), crease.age * age)
        fold = easel.stroke(smooth(line, steps=2), 0.2 * crease.radius, edge=2 * crease.radius)
        picture = over(picture, 0.3 * _skin(easel), fold * depth[:, None, None])
    return picture


def _eye(picture: Coverage, easel: _Easel, eye: tuple[int, ...], side: float) -> Coverage:
    corners = easel.points[:, list(eye)]
    upper, lower = smooth(corners[:, :4]), smooth(corners[:, [3, 4, 5, 0]])
    ball = inside(torch.cat([upper, lower[:, 1:-1]], dim=1), easel.size)
    people = easel.scene.people
    socket = easel.at((side * 0.5, -0.12, 0.0))[:, 0]
    shade = disc(socket, 0.15 * easel.unit, easel.size, edge=(0.4 * easel.unit).clamp(min=1.0))
    picture = over(picture, 0.4 * _skin(easel), 0.25 * shade)
    picture = over(picture, 0.92, ball)
    look = easel.at((side * 0.5, -0.01, 0.05))[:, 0] + easel.scene.gaze * easel.unit[:, None]
    picture = over(
        picture, 0.08 + 0.3 * people.look("iris"), disc(look, 0.10 * easel.unit, easel.size) * ball
    )
    picture = over(picture, 0.02, disc(look, 0.045 * easel.unit, easel.size) * ball)
    picture = over(picture, 0.06, 0.9 * easel.stroke(upper, 0.028))
    return over(picture, 0.35 * _skin(easel), 0.5 * easel.stroke(lower, 0.012))


def _brows(picture: Coverage, easel: _Easel) -> Coverage:
    thick = 0.7 + 0.7 * easel.scene.people.look("brow")
    for brow in ((17, 18, 19, 20, 21), (26, 25, 24, 23, 22)):
        line = smooth(easel.points[:, list(brow)], steps=2)
        radii = torch.linspace(0.025, 0.055, line.shape[1]).tolist()
        picture = over(picture, 0.7 * _hair(easel), 0.85 * easel.stroke(line, *radii, thick=thick))
    return picture


def _nose(picture: Coverage, easel: _Easel) -> Coverage:
    skin = _skin(easel)
    ridge = easel.points[:, [27, 28, 29, 30]]
    picture = over(picture, 1.0, 0.16 * easel.stroke(ridge, 0.02, edge=0.16))
    for wing, side in ((31, -1.0), (35, 1.0)):
        flank = torch.stack([easel.at((side * 0.15, 0.05, 0.15))[:, 0], easel.points[:, wing]], dim=1)
        picture = over(picture, 0.4 * skin, 0.3 * easel.stroke(flank, 0.01, edge=0.16))
        picture = over(
            picture, 0.35 * skin, 0.6 * easel.stroke(easel.points[:, [wing, wing]], 0.03, edge=0.08)
        )
    for nostril in (32, 34):
        picture = over(picture, 0.1, 0.8 * easel.stroke(easel.points[:, [nostril, nostril]], 0.04))
    return over(picture, 0.35 * skin, 0.4 * easel.stroke(easel.points[:, [32, 33, 34]], 0.02, edge=0.06))


def _mouth(picture: Coverage, easel: _Easel) -> Coverage:
    red = _skin(easel) * (0.78 - 0.3 * easel.scene.people.look("lips"))
    outer = easel.points[:, list(OUTER_LIPS)]
    inner = easel.points[:, list(INNER_LIPS)]
    upper_edge, lower_edge = smooth(inner[:, :5]), smooth(inner[:, [4, 5, 6, 7, 0]])
    outline = torch.cat(
        [smooth(outer[:, :7], steps=2), smooth(outer[:, [6, 7, 8, 9, 10, 11, 0]], steps=2)], dim=1
    )
    picture = over(picture, red, inside(outline, easel.size))
    hollow = inside(torch.cat([upper_edge, lower_edge[:, 1:-1]], dim=1), easel.size)
    picture = over(picture, 0.05, hollow)
    opening = (easel.points[:, 66] - easel.points[:, 62]).norm(dim=1) / easel.unit
    bared = ((opening - 0.05) / 0.08).clamp(0, 1)[:, None, None]
    teeth = easel.stroke(upper_edge, 0.06) * hollow
    picture = over(picture, 0.88, 0.9 * bared * teeth)
    lower_teeth = easel.stroke(lower_edge, 0.05) * hollow * easel.intensity(16)[:, None, None]
    picture = over(picture, 0.85, 0.9 * bared * lower_teeth)
    pressed = (0.6 + 0.4 * torch.maximum(easel.intensity(24), easel.intensity(28)))[:, None, None]
    line = torch.cat([outer[:, :1], inner[:, :5], outer[:, 6:7]], dim=1)
    return over(picture, 0.1, pressed * easel.stroke(smooth(line, steps=2), 0.012))


def _fringe(picture: Coverage, easel: _Easel) -> Coverage:
    """Hair over the skull, down to a hairline that may hang lower on one side."""
    people = easel.scene.people
    depth = 0.25 * people.look("fringe")
    tilt = 0.5 * (people.look("parting") - 0.5) * people.look("fringe")
    xs = torch.tensor([-1.04, -0.7, -0.3, 0.0, 0.3, 0.7, 1.04])
    edge = torch.tensor([-0.45, -0.86, -0.98, -1.0, -0.98, -0.86, -0.45])
    y = edge + depth[:, None] * (1 - xs.abs()).clamp(min=0) + tilt[:, None] * xs * (1.1 - xs.abs())
    place = torch.stack([xs.expand_as(y), y, torch.full_like(y, -0.1)], dim=-1)
    skull, middle = easel.points[:, list(SKULL)], easel.at((0.0, -0.1, -0.2))
    outer = middle + 1.06 * (skull - middle)
    outline = torch.cat([smooth(easel.project(place)), outer.flip(1)], dim=1)
    return over(picture, _hair(easel), inside(outline, easel.size))


def _glasses(picture: Coverage, easel: _Easel) -> Coverage:
    wear = easel.scene.people.look("glasses") - 0.75
    turn = torch.linspace(0, 2 * torch.pi, 13)
    cover = easel.stroke(easel.at((-0.16, -0.02, 0.3), (0.0, -0.06, 0.32), (0.16, -0.02, 0.3)), 0.02)
    for side in (-1.0, 1.0):
        frame = torch.stack([side * 0.5 + 0.35 * turn.cos(), 0.04 + 0.27 * turn.sin(), 0 * turn + 0.2], dim=1)
        rim = easel.stroke(easel.project(frame.expand(len(wear), -1, -1)), 0.02)
        bow = easel.stroke(easel.at((side * 0.84, -0.03, 0.15), (side * 1.05, -0.05, -0.25)), 0.018)
        cover = torch.maximum(cover, torch.maximum(rim, bow))
    worn = torch.where(wear > 0, 0.5 + 2 * wear, 0.0)
    return over(picture, 0.08, worn[:, None, None] * cover)


def _light(picture: Coverage, easel: _Easel, head: Coverage) -> Coverage:
    """The head as an ellipsoid under a lamp: brighter where its surface faces the light."""
    x, y, strength = easel.scene.light[:, :, None, None].unbind(dim=1)
    centre = easel.points[:, [28, 29]].mean(dim=1)
    place = torch.arange(easel.size) + 0.5
    across = (place[None, None, :] - centre[:, 0, None, None]) / (1.5 * easel.unit[:, None, None])
    down = (place[None, :, None] - centre[:, 1, None, None]) / (2.0 * easel.unit[:, None, None])
    facing = (x * across + y * down).clamp(-1, 1)
    rim = (across.square() + down.square()).clamp(max=1)
    return picture * (1 + strength * head * (facing - 0.35 * rim + 0.1))


def _mark(picture: Coverage, easel: _Easel) -> Coverage:
    x, y, radius, tone = easel.scene.mark.unbind(dim=1)
    place = easel.project(torch.stack([x, y, torch.zeros_like(x)], dim=1).unsqueeze(1))[:, 0]
    return over(picture, tone, disc(place, radius * easel.unit, easel.size))
