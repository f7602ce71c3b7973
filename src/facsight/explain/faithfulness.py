"""Whether a decision depends on the places that a map shows: change these places, and ask the model again.

Paper    Petsiuk, Das and Saenko, "RISE: randomized input sampling for explanation of black-box models", BMVC
         2018, https://arxiv.org/abs/1806.07421 (deletion, insertion); Rong, Leemann, Borisov, Kasneci and
         Kasneci, "A consistent and efficient evaluation strategy for attribution methods", ICML 2022,
         https://arxiv.org/abs/2202.00449 (ROAD); Ancona, Ceolini, Oztireli and Gross, "Towards better
         understanding of gradient-based attribution methods for deep neural networks", ICLR 2018,
         https://arxiv.org/abs/1711.06104 (sensitivity-n); Yeh, Hsieh, Suggala, Inouye and Ravikumar, "On the
         (in)fidelity and sensitivity of explanations", NeurIPS 2019, https://arxiv.org/abs/1901.09392
Needs    a function from pixels to class scores, and one map a face, of any size and from anywhere: maps that
         know nothing give the floors
Shows    one number a face, so that methods can be compared face by face
Differs  curves follow the probability of one class (ROAD's paper: accuracy) and change a share of the pixels
         a step (RISE: one row's worth); ties in a map are broken in one scattered order, the same for every
         face. What is random (subsets, squares, noise) is drawn once for all faces: a face's value does not
         depend on its company. Sensitivity-n removes square cells, not single pixels. Infidelity takes what
         a map says of a square to be the map's sum over it, and fits the map's unit
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from facsight.core.errors import BadFaces, BadLabels, BadRecipe
from facsight.functional.imputation import gaussian_blur
from facsight.functional.maps import resize
from facsight.functional.neighbour_fill import neighbour_mean_fill
from facsight.functional.similarity import centred_cosine

Score = Callable[[Tensor], Tensor]
Baseline = Literal["blur", "mean"] | float

#: Standard deviation of the blur as a share of the shorter side: eyes, brows and mouth run together.
BLUR = 1 / 10

#: Map values are told apart to this share of the largest; closer ones tie.
LEVELS = 2**22


@dataclass(frozen=True, eq=False)
class Curve:
    """The probability of each face's class after a growing share of its pixels was changed."""

    share: Float[Tensor, "step"]
    probability: Float[Tensor, "n step"]

    @property
    def area(self) -> Float[Tensor, "n"]:
        """Area under the curve by the trapezoid rule, over the range of shares: a mean probability."""
        width = self.share[-1] - self.share[0]
        return torch.trapezoid(self.probability, self.share, dim=1) / width


@dataclass(frozen=True, eq=False)
class Road:
    """Curves with the most and with the least important pixels removed first."""

    most_first: Curve
    least_first: Curve

    @property
    def advantage(self) -> Float[Tensor, "n"]:
        """How much longer the decision lasts when the least important goes first: above 0 is better."""
        return self.least_first.area - self.most_first.area


def deletion(
    score: Score,
    pixels: Float[Tensor, "n channel height width"],
    maps: Float[Tensor, "n _ _"],
    classes: Int[Tensor, "n"],
    *,
    steps: int = 16,
    baseline: Baseline = "mean",
    batch_size: int = 256,
) -> Curve:
    """Pixels are replaced by the baseline, the map's largest values first: a low area is good.

    Petsiuk et al. 2018, section 4.1. The first point is the face itself, the last the baseline alone.
    `baseline` is a "blur" of the face, its "mean", or a number. NaN for a face whose map is not finite.
    """
    share = _steps(steps)
    filling = _filling(pixels, baseline)

    def changed(rows: Tensor, place: Tensor) -> Tensor:
        gone = _first(place, share)
        return torch.where(gone, filling[rows].unsqueeze(1), pixels[rows].unsqueeze(1))

    return _curve(score, pixels, maps, classes, share, changed, batch_size)


def insertion(
    score: Score,
    pixels: Float[Tensor, "n channel height width"],
    maps: Float[Tensor, "n _ _"],
    classes: Int[Tensor, "n"],
    *,
    steps: int = 16,
    baseline: Baseline = "blur",
    batch_size: int = 256,
) -> Curve:
    """Pixels of the face replace the baseline, the map's largest values first: a high area is good.

    Petsiuk et al. 2018, section 4.1. The first point is the baseline alone, the last the face itself.
    """
    share = _steps(steps)
    filling = _filling(pixels, baseline)

    def changed(rows: Tensor, place: Tensor) -> Tensor:
        shown = _first(place, share)
        return torch.where(shown, pixels[rows].unsqueeze(1), filling[rows].unsqueeze(1))

    return _curve(score, pixels, maps, classes, share, changed, batch_size)


def road(
    score: Score,
    pixels: Float[Tensor, "n channel height width"],
    maps: Float[Tensor, "n _ _"],
    classes: Int[Tensor, "n"],
    *,
    generator: torch.Generator,
    shares: Sequence[float] = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9),
    noise: float = 0.01,
    batch_size: int = 256,
) -> Road:
    """Remove and debias: removed pixels are filled in linearly from their neighbours, with a little noise.

    Rong et al. 2022: the filling leaves no edge by which the mask itself could be read. `noise` is its
    standard deviation in the pixels' own unit (theirs are standardised, as ours). The first point of both
    curves is the face itself.
    """
    if not all(0 < share < 1 for share in shares) or sorted(shares) != list(shares) or not shares:
        raise BadRecipe(f"shares of removed pixels grow and lie between 0 and 1, found {list(shares)}")
    share = torch.tensor([0.0, *shares], dtype=torch.float64)
    grain = noise * torch.randn(len(share), *pixels.shape[1:], generator=generator).to(pixels)

    def changed(rows: Tensor, place: Tensor) -> Tensor:
        gone = _first(place, share)
        faces = pixels[rows].unsqueeze(1).expand(-1, len(share), -1, -1, -1)
        filled = neighbour_mean_fill(faces.flatten(0, 1), gone.flatten(0, 1).squeeze(1)).view_as(faces)
        return torch.where(gone, filled + grain, faces)

    return Road(
        most_first=_curve(score, pixels, maps, classes, share, changed, batch_size),
        least_first=_curve(score, pixels, -maps, classes, share, changed, batch_size),
    )


def sensitivity_n(
    score: Score,
    pixels: Float[Tensor, "n channel height width"],
    maps: Float[Tensor, "n _ _"],
    classes: Int[Tensor, "n"],
    *,
    generator: torch.Generator,
    shares: Sequence[float] = (0.1, 0.3, 0.5),
    subsets: int = 32,
    patch: int = 4,
    baseline: Baseline = 0.0,
    batch_size: int = 256,
) -> Float[Tensor, "n share"]:
    r"""Correlation, over random subsets of n cells, of the map's sum over them with what removing them costs.

    .. math:: \operatorname{corr}_S\Big(\sum_{i \in S} R_i(x), \; f_c(x) - f_c(x_{[S = x_0]})\Big),
              \qquad |S| = n

    Ancona et al. 2018, definition 1 and section 4, with class score f (before softmax) and map R. Cells are
    squares of `patch` pixels; n is each of `shares` of all cells. 1 for a linear model explained by its own
    summands. NaN where the sums or the scores are all the same, as for a constant map.
    """
    cell, cells = _cells(pixels.shape[2], pixels.shape[3], patch)
    sizes = torch.tensor([max(1, round(share * cells)) for share in shares])
    if not all(0 < share < 1 for share in shares) or cells < 2:
        raise BadRecipe(f"shares of the {cells} cells lie between 0 and 1, found {list(shares)}")
    order = torch.rand(len(sizes), subsets, cells, generator=generator).argsort(dim=2).argsort(dim=2)
    chosen = (order < sizes[:, None, None]).flatten(0, 1).to(pixels.device)
    scores, sums = _without(
        score, pixels, maps, classes, chosen[:, cell], baseline=baseline, batch_size=batch_size
    )
    said, cost = (v.unflatten(1, (len(sizes), 1, subsets)) for v in (sums, -scores))
    return centred_cosine(said, cost)


def infidelity(
    score: Score,
    pixels: Float[Tensor, "n channel height width"],
    maps: Float[Tensor, "n _ _"],
    classes: Int[Tensor, "n"],
    *,
    generator: torch.Generator,
    squares: int = 64,
    fitted: bool = True,
    baseline: Baseline = 0.0,
    batch_size: int = 256,
) -> Float[Tensor, "n"]:
    r"""Mean squared error of the map as a forecast of what removing random squares costs: low is good.

    .. math:: \mathbb{E}_I \left(\beta \, I^\top \Phi - d_I\right)^2, \qquad d_I = f_c(x) - f_c(x - I), \qquad
              \beta = \frac{\mathbb{E}_I \, d_I \, I^\top \Phi}{\mathbb{E}_I (I^\top \Phi)^2}

    Yeh et al. 2019, eq. 1, with class score f (before softmax). The perturbation I turns a square into the
    baseline :math:`x_0`: it is :math:`x - x_0` inside and 0 outside. The map is taken to be
    :math:`(x - x_0) \odot \Phi`, what each place contributes, as maps of attention and gradients times input
    are; then :math:`I^\top \Phi` is its sum over the square. The factor :math:`\beta` gives a map without
    unit the one that suits it best; `fitted` = False keeps it at 1. Sides are drawn evenly from 1 pixel to
    half the shorter side, places evenly from those that fit.
    """
    inside = _squares(squares, pixels.shape[2], pixels.shape[3], generator).to(pixels.device)
    whole = torch.zeros_like(inside[:1])
    gone = torch.cat([whole, inside])
    scores, sums = _without(score, pixels, maps, classes, gone, baseline=baseline, batch_size=batch_size)
    cost, said = scores[:, :1] - scores[:, 1:], sums[:, 1:]
    power = said.square().sum(dim=1, keepdim=True)
    best = (said * cost).sum(dim=1, keepdim=True) / torch.where(power > 0, power, 1.0)
    return ((best if fitted else 1.0) * said - cost).square().mean(dim=1)


def _without(
    score: Score,
    pixels: Tensor,
    maps: Tensor,
    classes: Tensor,
    gone: Bool[Tensor, "variant place"],
    *,
    baseline: Baseline,
    batch_size: int,
) -> tuple[Float[Tensor, "n variant"], Float[Tensor, "n variant"]]:
    """Class scores of each face without some sets of pixels, and the map's sums over these sets."""
    usable, large = _checked(pixels, maps, classes)
    filling = _filling(pixels, baseline)
    masks = gone.view(-1, 1, *pixels.shape[2:])

    def changed(rows: Tensor) -> Tensor:
        return torch.where(masks, filling[rows].unsqueeze(1), pixels[rows].unsqueeze(1))

    scores = _responses(score, usable, len(gone), changed, batch_size)
    sums = large[usable].flatten(1) @ gone.double().T
    return _spread(_of(classes, scores, usable), usable), _spread(sums.cpu(), usable)


def _curve(
    score: Score,
    pixels: Tensor,
    maps: Tensor,
    classes: Tensor,
    share: Tensor,
    changed: Callable[[Tensor, Tensor], Tensor],
    batch_size: int,
) -> Curve:
    """`changed(rows, place)` shows the faces of these rows at each share; `place` is each pixel's turn."""
    usable, large = _checked(pixels, maps, classes)
    place = _turns(large)
    scores = _responses(score, usable, len(share), lambda rows: changed(rows, place[rows]), batch_size)
    return Curve(share, _spread(_of(classes, scores.softmax(dim=2), usable), usable))


@torch.no_grad()
def _responses(
    score: Score,
    usable: Bool[Tensor, "n"],
    variants: int,
    changed: Callable[[Tensor], Tensor],
    batch_size: int,
) -> Float[Tensor, "usable variant class"]:
    """Class scores of all variants of the usable faces, many pictures a call."""
    parts = []
    for rows in usable.nonzero().squeeze(1).split(max(1, batch_size // variants)):
        pictures = changed(rows).flatten(0, 1)
        scores = torch.cat([score(part) for part in pictures.split(batch_size)])
        parts.append(scores.double().cpu().unflatten(0, (len(rows), variants)))
    if not parts:
        return torch.zeros(0, variants, 1, dtype=torch.float64)
    return torch.cat(parts)


def _checked(
    pixels: Tensor, maps: Tensor, classes: Tensor
) -> tuple[Bool[Tensor, "n"], Float[Tensor, "n height width"]]:
    """Which faces have a map, and the maps in double precision at the size of the pixels."""
    if not len(pixels) == len(maps) == len(classes):
        raise BadFaces(
            f"expected one map and one class a face, found {len(pixels)} faces, {len(maps)} maps and "
            f"{len(classes)} classes"
        )
    maps = maps.to(pixels.device)
    size = (pixels.shape[2], pixels.shape[3])
    return maps.isfinite().flatten(1).all(dim=1), resize(maps.double(), size)


def _of(
    classes: Int[Tensor, "n"], scores: Float[Tensor, "usable variant class"], usable: Bool[Tensor, "n"]
) -> Float[Tensor, "usable variant"]:
    """The scores of each usable face's class."""
    asked, known = classes[usable].cpu(), scores.shape[2]
    if len(asked) and not 0 <= int(asked.min()) <= int(asked.max()) < known:
        raise BadLabels(f"expected class numbers from 0 to {known - 1}, found {asked.tolist()}")
    return scores.gather(2, asked.view(-1, 1, 1).expand(-1, scores.shape[1], 1)).squeeze(2)


def _turns(maps: Float[Tensor, "n height width"]) -> Int[Tensor, "n height width"]:
    """The turn of each pixel, 0 for the largest value; ties go in a scattered order."""
    flat = maps.flatten(1)
    levels = (flat / flat.abs().amax(dim=1, keepdim=True) * LEVELS).round().nan_to_num()
    scattered = torch.randperm(flat.shape[1], generator=torch.Generator().manual_seed(0)).to(maps.device)
    order = scattered[levels[:, scattered].argsort(dim=1, descending=True, stable=True)]
    return order.argsort(dim=1).view_as(maps)


def _first(
    turns: Int[Tensor, "n height width"], share: Float[Tensor, "step"]
) -> Bool[Tensor, "n step 1 height width"]:
    """The pixels whose turn has come at each share."""
    count = (share * turns.shape[1] * turns.shape[2]).round().to(turns.device)
    return turns[:, None, None] < count[:, None, None, None]


def _steps(steps: int) -> Float[Tensor, "step"]:
    if steps < 1:
        raise BadRecipe(f"a curve needs at least one step, found {steps}")
    return torch.linspace(0, 1, steps + 1, dtype=torch.float64)


def _filling(pixels: Tensor, baseline: Baseline) -> Float[Tensor, "n channel height width"]:
    """What stands in the place of removed pixels."""
    if baseline == "blur":
        radius = BLUR * min(pixels.shape[2:])
        return gaussian_blur(pixels, pixels.new_full((len(pixels),), radius))
    if baseline == "mean":
        return pixels.mean(dim=(2, 3), keepdim=True).expand_as(pixels)
    return torch.full_like(pixels, baseline)


def _cells(height: int, width: int, patch: int) -> tuple[Int[Tensor, "place"], int]:
    """The number of each pixel's square cell, and how many there are; the last of a row may be smaller."""
    rows, columns = torch.arange(height) // patch, torch.arange(width) // patch
    across = int(columns[-1]) + 1
    return (rows[:, None] * across + columns).flatten(), (int(rows[-1]) + 1) * across


def _squares(count: int, height: int, width: int, generator: torch.Generator) -> Bool[Tensor, "square place"]:
    side = torch.randint(1, max(2, min(height, width) // 2 + 1), (count,), generator=generator)
    drawn = torch.rand(2, count, generator=generator)
    top, left = ((u * (far - side + 1)).long() for u, far in zip(drawn, (height, width), strict=True))
    down, across = (
        (torch.arange(far) >= near[:, None]) & (torch.arange(far) < (near + side)[:, None])
        for near, far in ((top, height), (left, width))
    )
    return (down[:, :, None] & across[:, None, :]).flatten(1)


def _spread(values: Float[Tensor, "usable variant"], usable: Bool[Tensor, "n"]) -> Float[Tensor, "n variant"]:
    """Values of the usable faces in the rows of all; NaN elsewhere."""
    spread = torch.full((len(usable), values.shape[1]), torch.nan, dtype=torch.float64)
    spread[usable.cpu()] = values
    return spread
