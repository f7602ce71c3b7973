"""AU-wise causal evidence: what a decision loses when the region of an action unit is taken off the face.

Paper    Fong and Vedaldi, "Interpretable explanations of black boxes by meaningful perturbation", ICCV 2017,
         https://arxiv.org/abs/1704.03296 (section 4.1: a region is removed by a constant or by a blur)
Needs    any function from pixels to class scores, and the 68 landmarks of each face
Shows    for every action unit how far the probability of a class falls without its region, beside the same
         for regions of the same shape and size elsewhere on the face
Differs  the paper learns which region to remove; here it is where an action unit shows, and the controls are
         ours. Regions are also filled smoothly from their surroundings. A picture with a filled region is no
         natural face: what any removal does is in the control, and only the difference is evidence.
         Units that share a region cannot be told apart by removing it: `overlap` says which.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from facsight.core.errors import BadFaces, BadLabels
from facsight.facs.au_maps import render_au_maps
from facsight.facs.control_regions import (
    CANDIDATES,
    draw_motions,
    draw_waves,
    face_outline,
    moved_controls,
    patchy_controls,
)
from facsight.facs.regions import REGIONS, face_unit
from facsight.functional.imputation import Removal, remove

Score = Callable[[Tensor], Tensor]

#: A region is removed wholly where its map is at least 1/4 of its peak, and fades out from there: with less,
#: enough of a smile stays for a reader to find it.
FIRMNESS = 4.0

#: How far blurs and fillings reach, in face units: wider than the strokes of most regions.
RADIUS = 0.25

#: Two units of which each loses at least so much of its region with the other are not told apart.
INSEPARABLE = 0.5


@dataclass(frozen=True, eq=False)
class Drop:
    """How much of a decision goes with a region, and with its controls; NaN where there is no region.

    `removed` is the decision before minus after removing the region (positive: it spoke for the class),
    `control` the mean of the same over the control regions, `spread` their standard deviation (N - 1; NaN
    for a single control).
    """

    removed: Float[Tensor, "*shape"]
    control: Float[Tensor, "*shape"]
    spread: Float[Tensor, "*shape"]

    @property
    def beyond(self) -> Float[Tensor, "*shape"]:
        """What the region takes away beyond what any region of its size does."""
        return self.removed - self.control


@dataclass(frozen=True, eq=False)
class UnitEffects:
    """What the decision for one class loses on each face without the region of each action unit.

    `before` is the probability of the class on the whole face. `probability` are falls of it, `log_odds` of
    log(p / (1 - p)). `valid` is False where a unit was not asked for on a face or cannot be placed on it
    (landmarks missing): everything about it is NaN then, never 0. `overlap[a, b]` is the share of the region
    of unit a that goes when that of unit b is removed. Float64.
    """

    action_units: tuple[int, ...]
    valid: Bool[Tensor, "batch au"]
    before: Float[Tensor, "batch"]
    probability: Drop
    log_odds: Drop
    overlap: Float[Tensor, "batch au au"]

    @property
    def shares(self) -> Float[Tensor, "batch au"]:
        r"""The part of each unit in what all units take away beyond their controls; they sum to 1.

        .. math:: s_a = \max(0, e_a - c_a) / \sum_b \max(0, e_b - c_b)

        of probabilities; NaN where nothing is positive. Units with a common region each count it.
        """
        gain = self.probability.beyond.clamp(min=0)
        total = gain.nansum(dim=1, keepdim=True)
        return torch.where(total > 0, gain / total, torch.nan)

    def inseparable(self, face: int) -> tuple[tuple[int, ...], ...]:
        """Groups of units of which each loses half of its region with a next one: removal of a place cannot
        tell them apart. Units that lie inside a larger one, but not the other way round, are not grouped."""
        shared = self.overlap[face].minimum(self.overlap[face].T) >= INSEPARABLE
        reached = shared.double()
        for _ in self.action_units:
            reached = ((reached @ reached) > 0).double()
        rows = {tuple(row.nonzero().flatten().tolist()) for row in reached}
        return tuple(sorted(tuple(self.action_units[i] for i in row) for row in rows if len(row) > 1))


@dataclass(frozen=True, eq=False)
class AuditEffects:
    """What the decision for a class loses without all its action units, and without everything else.

    Falls of the probability: `units` without the regions of all units of the class at once, beside controls
    of the same area on the rest of the face; `rest` without everything but those regions. `area` is the share
    of the picture that is removed with the units. `valid` is False, and all but `before` NaN, where a face
    has no unit. Float64, one value a face, ready for a bootstrap over faces.
    """

    valid: Bool[Tensor, "batch"]
    before: Float[Tensor, "batch"]
    units: Drop
    rest: Float[Tensor, "batch"]
    area: Float[Tensor, "batch"]


@torch.no_grad()
def unit_effects(
    score: Score,
    pixels: Float[Tensor, "batch channel height width"],
    landmarks: Float[Tensor, "batch point=68 xy=2"],
    about: Int[Tensor, "batch"],
    action_units: Sequence[int],
    *,
    weights: Float[Tensor, "batch au"] | None = None,
    removal: Removal = "surroundings",
    controls: int = 8,
    generator: torch.Generator,
    chunk: int = 128,
) -> UnitEffects:
    """Take the region of each unit off each face, both sides at once, and see what becomes of class `about`.

    `score` turns pixels into class scores, at least two; `landmarks` are pixels of the same pictures.
    `weights` (a row of the codebook for each face) leaves out units of weight 0; None takes every unit.
    Control regions avoid the regions of all units that are taken, as far as the face has room. `chunk`
    pictures go through `score` at once, and bound the memory. A face has the same effects whichever faces
    come with it. `BadFaces`, `BadLabels` and `UnknownName` say what does not fit.
    """
    _check(pixels, landmarks, about, controls)
    units, motions = tuple(action_units), draw_motions(generator)
    asked = _asked(pixels, units, weights)
    most = int(asked.sum(dim=1).max()) if asked.numel() else 0
    parts = []
    for rows in _blocks(pixels, chunk // (1 + most * (1 + controls))):
        faces = _Faces(score, pixels[rows], landmarks[rows], about[rows], removal, chunk)
        regions = _Regions.of(faces, units, asked[rows])
        effects = _falls(faces, regions, motions, controls)
        parts.append((regions.valid, faces.before, effects, regions.overlap))
    valid, before, effects, overlap = (torch.cat(part) for part in zip(*parts, strict=True))
    probability, log_odds = (_drop(effects[..., kind]) for kind in (0, 1))
    valid = valid & effects[:, :, 0, 0].isfinite()
    return UnitEffects(units, valid, before[:, 0], probability, log_odds, overlap)


@torch.no_grad()
def audit_effects(
    score: Score,
    pixels: Float[Tensor, "batch channel height width"],
    landmarks: Float[Tensor, "batch point=68 xy=2"],
    about: Int[Tensor, "batch"],
    action_units: Sequence[int],
    *,
    weights: Float[Tensor, "batch au"] | None = None,
    removal: Removal = "surroundings",
    controls: int = 4,
    generator: torch.Generator,
    chunk: int = 128,
) -> AuditEffects:
    """Take all units of the class off each face at once; then as much elsewhere; then everything else.

    The arguments are those of `unit_effects`. Controls are patches all over the rest of the face; where that
    has no room for as large a control, the regions of the units are drawn tighter until it has.
    """
    _check(pixels, landmarks, about, controls)
    units, waves = tuple(action_units), draw_waves(controls, generator)
    asked = _asked(pixels, units, weights)
    parts = []
    for rows in _blocks(pixels, chunk // (3 + controls)):
        faces = _Faces(score, pixels[rows], landmarks[rows], about[rows], removal, chunk)
        known, union = _union_with_room(faces, _Regions.of(faces, units, asked[rows]))
        patches = patchy_controls(union, faces.landmarks[known], waves)
        removed = torch.cat([union.unsqueeze(1), patches, 1 - union.unsqueeze(1)], dim=1)
        table = faces.before.new_full((len(rows), controls + 3), torch.nan)
        table[known, :-1] = faces.falls(removed, known)[..., 0]
        table[known, -1] = union.double().mean(dim=(1, 2))
        parts.append((faces.before[:, 0], table))
    before, table = (torch.cat(part) for part in zip(*parts, strict=True))
    valid = table.isfinite().all(dim=1)
    return AuditEffects(valid, before, _drop(table[:, :-2]), table[:, -2], table[:, -1])


def rank_agreement(
    one: Float[Tensor, "batch au"], other: Float[Tensor, "batch au"]
) -> Float[Tensor, "batch"]:
    r"""Kendall's tau-b of two rankings of each face's units, such as attention shares and causal effects.

    .. math:: \tau_b = \frac{\sum_{i<j} \mathrm{sgn}(x_i - x_j)\,\mathrm{sgn}(y_i - y_j)}
        {\sqrt{\#\{i<j: x_i \ne x_j\} \; \#\{i<j: y_i \ne y_j\}}}

    (Kendall 1945, "The treatment of ties in ranking problems".) In [-1, 1]. Units that are not finite in
    both take no part; NaN with fewer than 3 units, or where one side has only ties.
    """
    both = one.isfinite() & other.isfinite()
    pairs = both.unsqueeze(1) & both.unsqueeze(2)
    signs = [
        torch.where(pairs, (v.unsqueeze(2) - v.unsqueeze(1)).sign(), 0.0)
        for v in (one.double(), other.double())
    ]
    agree, *ordered = ((a * b).sum(dim=(1, 2)) for a, b in (signs, (signs[0],) * 2, (signs[1],) * 2))
    tau = agree / (ordered[0] * ordered[1]).sqrt()
    return torch.where(both.sum(dim=1) >= 3, tau, torch.nan)


class _Faces:
    """Faces with the class asked about, its decision, and what becomes of it when regions are removed."""

    def __init__(
        self,
        score: Score,
        pixels: Tensor,
        landmarks: Tensor,
        about: Tensor,
        removal: Removal,
        chunk: int,
    ):
        self.score, self.pixels, self.landmarks, self.about = score, pixels, landmarks.to(pixels), about
        self.removal: Removal = removal
        self.chunk = chunk
        self.before = self._decision(pixels, about)

    @property
    def size(self) -> tuple[int, int]:
        return (self.pixels.shape[2], self.pixels.shape[3])

    def falls(
        self, opacity: Float[Tensor, "row variant height width"], rows: Int[Tensor, "row"]
    ) -> Float[Tensor, "row variant kind=2"]:
        """By how much probability and log odds fall when each opacity is removed from the face in its row."""
        variants = opacity.shape[1]
        radius = RADIUS * face_unit(self.landmarks)
        faces, after = rows.repeat_interleave(variants), []
        for some, face in zip(opacity.flatten(0, 1).split(self.chunk), faces.split(self.chunk), strict=True):
            changed = remove(self.pixels[face], some, self.removal, radius=radius[face])
            after.append(self._decision(changed, self.about[face]))
        return self.before[rows].unsqueeze(1) - torch.cat(after).unflatten(0, (len(rows), variants))

    def _decision(self, pixels: Tensor, about: Tensor) -> Float[Tensor, "face kind=2"]:
        """Probability and log odds of the class asked about."""
        if not len(pixels):
            return pixels.new_zeros(0, 2, dtype=torch.float64)
        scores = self.score(pixels).double()
        if scores.ndim != 2 or scores.shape[1] < 2 or len(scores) != len(pixels):
            raise BadLabels(
                f"expected scores of at least two classes, one row a face, found {tuple(scores.shape)}"
            )
        if not bool(((about >= 0) & (about < scores.shape[1])).all()):
            raise BadLabels(f"expected class numbers from 0 to {scores.shape[1] - 1}, found {about.tolist()}")
        own = scores.gather(1, about.unsqueeze(1))
        rest = scores.scatter(1, about.unsqueeze(1), -torch.inf).logsumexp(dim=1, keepdim=True)
        return torch.cat([(own - rest).sigmoid(), own - rest], dim=1)


@dataclass(frozen=True, eq=False)
class _Regions:
    """Where each unit acts on each face: maps in [0, 1], 0 where `valid` is False.

    `drawn` says for each unit which is the first one with the very same region.
    """

    maps: Float[Tensor, "face au height width"]
    valid: Bool[Tensor, "face au"]
    drawn: list[int]

    @classmethod
    def of(cls, faces: _Faces, units: tuple[int, ...], asked: Bool[Tensor, "face au"]) -> "_Regions":
        au = render_au_maps(faces.landmarks, faces.size, extent=faces.size, action_units=units)
        valid = au.valid & asked & faces.before[:, 1:].isfinite()
        drawn = [next(i for i, other in enumerate(units) if REGIONS[other] is REGIONS[u]) for u in units]
        return cls(torch.where(valid[..., None, None], au.maps, 0.0), valid, drawn)

    @property
    def opacity(self) -> Float[Tensor, "face au height width"]:
        """How much of each pixel goes with each unit."""
        return _firm(self.maps, FIRMNESS)

    @property
    def overlap(self) -> Float[Tensor, "face au au"]:
        """The share of the region of unit a that is also in that of unit b; NaN without both."""
        opacity = self.opacity
        shared = [torch.minimum(opacity, one.unsqueeze(1)).sum(dim=(2, 3)) for one in opacity.unbind(1)]
        both = self.valid.unsqueeze(1) & self.valid.unsqueeze(2)
        share = torch.stack(shared, dim=2).double() / opacity.sum(dim=(2, 3)).double().unsqueeze(2)
        return torch.where(both, share, torch.nan)


def _firm(maps: Tensor, firmness: float | Tensor) -> Tensor:
    return (firmness * maps).clamp(max=1)


def _union_with_room(
    faces: _Faces, regions: _Regions
) -> tuple[Int[Tensor, "known"], Float[Tensor, "known height width"]]:
    """The faces with any unit, and the opacity of all units of each: at most half of what is visible of the
    face, so that as much is left for a control."""
    known = regions.valid.any(dim=1).nonzero().squeeze(1)
    maps = regions.maps[known].amax(dim=1)
    outline = face_outline(faces.landmarks[known], faces.size)
    low, high = (torch.full_like(maps[:, :1, :1], edge) for edge in (0.0, FIRMNESS))
    for _ in range(16):
        middle = (low + high) / 2
        union = _firm(maps, middle)
        fits = (union.sum(dim=(1, 2)) <= (outline * (1 - union)).sum(dim=(1, 2)))[:, None, None]
        low, high = torch.where(fits, middle, low), torch.where(fits, high, middle)
    return known, _firm(maps, low)


def _falls(
    faces: _Faces, regions: _Regions, motions: Float[Tensor, "candidate 3"], controls: int
) -> Float[Tensor, "face au variant kind=2"]:
    """Falls for each face and unit: without the region, then without each control."""
    face, unit = regions.valid.nonzero(as_tuple=True)
    first = torch.tensor(regions.drawn, device=face.device)[unit]
    pairs, back = torch.stack([face, first]).unique(dim=1, return_inverse=True)
    rows, member = pairs[0], torch.empty_like(pairs[0]).scatter_(0, back, unit)
    opacity = regions.opacity
    own, avoid = opacity[rows, member], opacity.amax(dim=1)[rows]
    others = moved_controls(own, avoid, faces.landmarks[rows], motions, controls)
    falls = faces.falls(torch.cat([own.unsqueeze(1), others], dim=1), rows)
    table = falls.new_full((*regions.valid.shape, 1 + controls, 2), torch.nan)
    table[face, unit] = falls[back]
    return table


def _drop(falls: Float[Tensor, "*shape variant"]) -> Drop:
    """The first variant is the region, the others are its controls."""
    removed, others = falls[..., 0], falls[..., 1:]
    mean = others.mean(dim=-1)
    squares = (others - mean.unsqueeze(-1)).square().sum(dim=-1)
    return Drop(removed, mean, (squares / (others.shape[-1] - 1)).sqrt())


def _asked(
    pixels: Tensor, units: tuple[int, ...], weights: Float[Tensor, "batch au"] | None
) -> Bool[Tensor, "batch au"]:
    shape = (len(pixels), len(units))
    if weights is None:
        return torch.ones(shape, dtype=torch.bool, device=pixels.device)
    if tuple(weights.shape) != shape:
        raise BadFaces(f"expected a weight for each face and unit, {shape}, found {tuple(weights.shape)}")
    return weights.to(pixels.device) > 0


def _blocks(pixels: Tensor, size: int) -> tuple[Int[Tensor, "rows"], ...]:
    return torch.arange(len(pixels), device=pixels.device).split(max(1, size))


def _check(pixels: Tensor, landmarks: Tensor, about: Tensor, controls: int) -> None:
    if not len(pixels) == len(landmarks) == len(about):
        raise BadFaces(
            f"expected pixels, landmarks and a class for each face, found {len(pixels)}, {len(landmarks)} "
            f"and {len(about)}"
        )
    if not 1 <= controls <= CANDIDATES:
        raise BadFaces(f"expected at least one control region and at most {CANDIDATES}, found {controls}")
