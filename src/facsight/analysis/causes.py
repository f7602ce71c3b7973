"""What a reading needs: how it changes when action units are removed from the face."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from facsight.explain.causal_units import rank_agreement, unit_effects
from facsight.facs.action_units import ACTION_UNITS
from facsight.nn.classifier import Classifier, read_both_ways

#: Control regions for each action unit, and the seed they are drawn with: a face's figures never change.
CONTROLS, SEED = 8, 0


@dataclass(frozen=True)
class Cause:
    """By how much the probability falls without a unit's region, and, on average, without a region like it
    elsewhere on the face."""

    effect: float
    control: float


@dataclass(frozen=True, eq=False)
class Causes:
    """The causal evidence for one class on one face.

    `units` holds the class's action units that can be placed on the face, largest effect beyond the control
    first; empty where there is none. `agreement` is Kendall's tau-b between the attention's shares and these
    effects, NaN with fewer than three units. Units in one group of `inseparable` share most of their region:
    what one loses by its removal, the others lose too.
    """

    label: str
    units: Mapping[int, Cause]
    agreement: float
    inseparable: tuple[tuple[int, ...], ...]

    @property
    def sentences(self) -> list[str]:
        """One for each unit: "removing AU12 lowers happiness by 0.31 (control 0.02)"."""
        return [cause_sentence(unit, self.label, cause) for unit, cause in self.units.items()]


def cause_sentence(unit: int, label: str, cause: Cause) -> str:
    """What removing a unit does to a class, in words.

    >>> print(cause_sentence(12, "happiness", Cause(0.31, 0.02)))
    removing AU12 lowers happiness by 0.31 (control 0.02)
    >>> print(cause_sentence(4, "anger", Cause(-0.1, 0.0)))
    removing AU4 raises anger by 0.10 (control 0.00)
    """
    turn, control = ("lowers", cause.control) if cause.effect >= 0 else ("raises", -cause.control)
    return f"removing AU{unit} {turn} {label} by {abs(cause.effect):.2f} (control {control + 0.0:.2f})"


def unit_causes(
    network: nn.Module,
    temperature: float,
    face: tuple[Float[Tensor, "1 channel side side"], Float[Tensor, "1 68 2"]],
    about: tuple[str, int],
    weights: Mapping[int, float],
    attention: Mapping[int, float],
) -> Causes:
    """Remove each action unit of a class from a face, and as much elsewhere, and read the face again.

    `face` is the crop as the network takes it, with its landmarks; `about` the class's name and number;
    `weights` and `attention` give the class's units and the attention's shares on them.
    """
    label, number = about
    units = tuple(unit for unit in weights if unit in ACTION_UNITS)
    if not units or not face[1].isfinite().all():
        return Causes(label, {}, float("nan"), ())

    def score(pixels: Tensor) -> Tensor:
        assert isinstance(network, Classifier)
        return read_both_ways(network, pixels).logits / temperature

    found = unit_effects(
        score,
        *face,
        torch.tensor([number]),
        units,
        controls=CONTROLS,
        generator=torch.Generator().manual_seed(SEED),
    )
    effects, controls = found.probability.removed[0].tolist(), found.probability.control[0].tolist()
    causes = {
        unit: Cause(effect, control)
        for unit, valid, effect, control in zip(
            units, found.valid[0].tolist(), effects, controls, strict=True
        )
        if valid
    }
    order = sorted(causes, key=lambda unit: causes[unit].control - causes[unit].effect)
    shares = torch.tensor([[attention.get(unit, float("nan")) for unit in units]], dtype=torch.float64)
    agreement = rank_agreement(shares, found.probability.beyond).item()
    return Causes(label, {unit: causes[unit] for unit in order}, agreement, found.inseparable(0))
