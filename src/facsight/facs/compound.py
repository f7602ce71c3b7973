"""Compound expressions, made of two basic ones: the published pair rules, and which one fits action units.

A pair rule looks at the probabilities of basic expressions only; it needs no training. The parts of each
compound, and the weights of the rule that has some, are data: `compounds.toml`, with their sources.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from facsight.core.errors import BadLabels, did_you_mean
from facsight.facs.au_maps import expression_maps, render_au_maps
from facsight.facs.codebook import Codebook
from facsight.facs.regions import REGIONS
from facsight.functional.similarity import centred_cosine

#: How the probabilities of two basic expressions become the score of their pair.
Rule = Literal["sum", "masked_sum", "weighted_sum", "geometric", "harmonic"]
RULES: tuple[Rule, ...] = ("sum", "masked_sum", "weighted_sum", "geometric", "harmonic")

#: Why a compound is said, or is not.
WHY = {
    "pair": "two basic expressions are each more probable than if all were equally probable",
    "single": "at most one basic expression is more probable than if all were equally probable",
    "no_pair": "the basic expressions that are make up no compound expression of the label space",
    "outweighed": "another expression is more probable than the two together",
    "not_known": "there is no reading",
}


def compound_parts(compound: str) -> tuple[str, str]:
    """The two basic expressions of a compound; `BadLabels` for a word that names none.

    >>> compound_parts("happily surprised")
    ('happiness', 'surprise')
    """
    known = _data()["parts"]
    if compound not in known:
        raise BadLabels(
            f"{compound!r} is not made of two basic expressions: {did_you_mean(compound, set(known))}"
        )
    first, second = known[compound]
    return first, second


def shares_of_parts(
    compounds: Sequence[str], classes: Sequence[str]
) -> Float64[np.ndarray, "compound class"]:
    """Of each compound, half for each of its two basic expressions; `BadLabels` where one is no class.

    >>> shares_of_parts(["happily surprised"], ["neutral", "happiness", "surprise"]).tolist()
    [[0.0, 0.5, 0.5]]
    """
    shares = np.zeros((len(compounds), len(classes)))
    for part in (0, 1):
        shares[np.arange(len(compounds)), _places(compounds, part, classes)] = 0.5
    return shares


def pair_weights() -> dict[str, int]:
    """The weight of each basic expression in the rule "weighted_sum"."""
    return dict(_data()["weights"])


def pair_scores(
    probabilities: Float[np.ndarray, "*batch class"],
    classes: Sequence[str],
    compounds: Sequence[str],
    rule: Rule = "masked_sum",
) -> Float64[np.ndarray, "*batch compound"]:
    r"""The score of each compound from the probabilities p of basic expressions.

    For a compound of the basic expressions i and j, of K classes:

    - "sum": :math:`p_i + p_j`
    - "masked_sum": :math:`m_i + m_j` with m = p where p > 1 / K, else 0 (Ryumina et al. 2024, rule 1)
    - "weighted_sum": :math:`(w_i p_i + w_j p_j) / (w_i + w_j)` with `pair_weights` (the same, rule 2)
    - "geometric", "harmonic": the mean of that name (the other is the sum, halved) (Savchenko 2024)

    The published decision is the largest score, the first of equals. Rule 1 was published for K = 7 classes;
    with another number of classes 1 / K stays what an even spread gives each. `BadLabels` where a class is
    missing that a compound is made of.

    >>> p = np.array([0.5, 0.3, 0.2, 0.0, 0.0, 0.0, 0.0])
    >>> seven = ["happiness", "surprise", "neutral", "fear", "anger", "disgust", "sadness"]
    >>> pair_scores(p, seven, ["happily surprised", "fearfully surprised"]).round(3).tolist()
    [0.8, 0.3]
    """
    if rule not in RULES:
        raise BadLabels(f"there is no rule {rule!r} for pairs: {did_you_mean(rule, RULES)}")
    values = np.asarray(probabilities, np.float64)
    if values.shape[-1] != len(classes):
        raise BadLabels(
            f"expected a probability for each of {len(classes)} classes, found {values.shape[-1]}"
        )
    first, second = (_places(compounds, part, classes) for part in (0, 1))
    if rule == "masked_sum":
        values = np.where(values > 1 / len(classes), values, 0.0)
    one, other = values[..., first], values[..., second]
    if rule == "weighted_sum":
        weights = np.array([pair_weights().get(name, 0) for name in classes], np.float64)
        total = weights[first] + weights[second]
        return one * (weights[first] / total) + other * (weights[second] / total)
    if rule == "geometric":
        return np.sqrt(one * other)
    if rule == "harmonic":
        both = one + other
        return 2 * one * other / np.where(both > 0, both, 1.0)
    return one + other


@dataclass(frozen=True)
class PairDecision:
    """What a pair rule says of one face or stretch of time.

    `compound` is None where nothing compound can be said; `why` is a key of `WHY`. `parts` and
    `probabilities` are the two basic expressions that stand out most, and theirs, the larger first; `score`
    is that of the compound, `runner_up` the next compound whose two parts both stand out.
    """

    compound: str | None
    why: str
    parts: tuple[str, str]
    probabilities: tuple[float, float]
    score: float | None = None
    runner_up: str | None = None
    runner_up_score: float | None = None


def decide_pair(probabilities: Mapping[str, float], compounds: Sequence[str]) -> PairDecision:
    """The compound of the largest masked sum, or why none can be said.

    The published rule always names one: where a single expression stands out, the first of the list that has
    it. Here a compound is said only if both of its parts are above 1 / K, and no other expression (neutral,
    for one) is more probable than the two together.

    >>> decide_pair({"neutral": 0.2, "happiness": 0.5, "surprise": 0.4}, ["happily surprised"]).why
    'pair'
    """
    classes = list(probabilities)
    values = np.array([probabilities[name] for name in classes], np.float64)
    pairs = [compound_parts(name) for name in compounds]
    basic = sorted({name for pair in pairs for name in pair} & set(classes), key=lambda n: -probabilities[n])
    scores = pair_scores(values, classes, compounds, "masked_sum")
    best, next_best = basic[:2]
    seen = (best, next_best), (probabilities[best], probabilities[next_best])
    if not np.isfinite(values).all():
        return PairDecision(None, "not_known", *seen)
    above = {name for name in basic if probabilities[name] > 1 / len(classes)}
    open_to = [place for place, pair in enumerate(pairs) if set(pair) <= above]
    if not open_to:
        return PairDecision(None, "no_pair" if len(above) > 1 else "single", *seen)
    first, *others = sorted(open_to, key=lambda place: -scores[place])
    parts = sorted(pairs[first], key=lambda name: -probabilities[name])
    told = (parts[0], parts[1]), (probabilities[parts[0]], probabilities[parts[1]])
    score = float(scores[first])
    if any(probabilities[name] > score for name in classes if name not in parts):
        return PairDecision(None, "outweighed", *told, score)
    second = others[0] if others else None
    return PairDecision(
        compounds[first],
        "pair",
        *told,
        score,
        None if second is None else compounds[second],
        None if second is None else float(scores[second]),
    )


def unit_fit(
    strengths: Float[np.ndarray, "*batch au"],
    action_units: Sequence[int],
    compounds: Sequence[str],
    codebook: Codebook,
) -> Float64[np.ndarray, "*batch compound"]:
    r"""How well the strengths of action units fit each compound of a codebook: the cosine of the two.

    .. math:: \frac{\sum_a w_{ca} x_a}{\sqrt{\sum_a w_{ca}^2} \sqrt{\sum_a x_a^2}}

    for strengths x >= 0 (of any scale: a coder's, another tool's) and the codebook's weights w. In [0, 1]: 1
    where exactly the compound's units act, in the codebook's proportions; units that do not belong to it
    count against it. Units that were not measured count neither way. NaN where no unit acts, or the codebook
    says nothing of the compound in the units measured. It says which compound the units fit best, not that
    one is shown: basic expressions share these units.
    """
    weights = codebook.weights(compounds, action_units).numpy().astype(np.float64)
    values = np.asarray(strengths, np.float64)
    lengths = np.linalg.norm(values, axis=-1, keepdims=True) * np.linalg.norm(weights, axis=1)
    known = lengths > 0
    return np.where(known, values @ weights.T / np.where(known, lengths, 1.0), np.nan)


def attention_fit(
    attention: Float[Tensor, "batch h w"],
    landmarks: Float[Tensor, "batch point=68 xy=2"],
    crop_size: int,
    compounds: Sequence[str],
    codebook: Codebook,
) -> Float[Tensor, "batch compound"]:
    """How well a reader's attention lies where the action units of each compound act, in [-1, 1].

    The centred cosine of the attention with the map of the compound's units; `landmarks` are pixels of the
    crop of `crop_size` that the attention is over. NaN for constant attention, or where no unit of the
    compound can be drawn. It says where the reader looked, not that a muscle moved.
    """
    units = tuple(unit for unit in codebook.action_units if unit in REGIONS)
    height, width = attention.shape[1:]
    drawn = render_au_maps(landmarks, (height, width), extent=(crop_size, crop_size), action_units=units)
    maps, valid = expression_maps(drawn, codebook.weights(compounds, units))
    fit = centred_cosine(attention.to(maps).unsqueeze(1).expand_as(maps), maps)
    return torch.where(valid, fit, torch.nan)


def _places(compounds: Sequence[str], part: int, classes: Sequence[str]) -> list[int]:
    """Where one part of each compound lies among the classes."""
    names = [compound_parts(name)[part] for name in compounds]
    lost = sorted(set(names) - set(classes))
    if lost:
        raise BadLabels(
            f"the pairs need {', '.join(lost)}, which is not among the classes {', '.join(classes)}; "
            "give probabilities of basic expressions, or a label space without these pairs"
        )
    return [classes.index(name) for name in names]


@cache
def _data() -> dict[str, dict]:
    text = resources.files("facsight.facs").joinpath("compounds.toml").read_text(encoding="utf-8")
    about = ("source", "uncertain")
    return {
        table: {name: value for name, value in rows.items() if name not in about}
        for table, rows in tomllib.loads(text).items()
    }
