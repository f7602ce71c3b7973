"""How far a network's evidence is from the action units of the label, as terms to minimise.

The alignment is that of Belharbi et al., "Guided interpretable facial expression recognition via spatial
action unit cues", FG 2024, https://arxiv.org/abs/2402.00281. Every way of training takes it as a part.
"""

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from facsight.core.batch import LabelledFaces
from facsight.core.errors import BadRecipe
from facsight.facs.au_maps import expression_maps, label_maps, render_au_maps
from facsight.facs.codebook import DEFAULT_CODEBOOK, load_codebook
from facsight.functional.similarity import centred_cosine, cosine

#: Similarities are divided by this before the softmax of the contrast. Cosines with the maps of different
#: expressions are a few tenths apart: a tenth makes one such step a factor of e.
TEMPERATURE = 0.1


class Guide(nn.Module):
    r"""Terms that align what a network shows with the action unit map of the label; has no weights.

    .. math:: \text{guidance} = w \, \operatorname{mean}_i (1 - \cos(S_i, A_{i, y_i})), \qquad
        \text{contrast} = w \, c \, \operatorname{mean}_i
        \left(-\log \operatorname{softmax}_k \frac{\cos(S_i, A_{i, k})}{\tau}\right)_{y_i}

    over the faces i with a valid map; S is what is shown, A the map of a class, y the label.

    `weight` is w (the paper's lambda: 9 on AffectNet, about 4 on RAF-DB); 0 switches all of it off. `on` says
    what is shown: the "attention" (the paper), the "class_map" of the label, or "both", averaged. The class
    map is taken raw, with its sign: cut off at zero, a map that is negative everywhere would have no
    gradient, and evidence *against* the class far from its action units would cost nothing. `centred` takes
    the mean off both maps first, so that a uniform map earns nothing. `codebook` names the expression-to-AU
    table, `union` joins its units. Faces whose label has no unit (neutral) or whose landmarks are missing are
    left out with `invalid` = "skip"; with "all_units" labels without units get the map of all units of the
    codebook, where landmarks exist. `contrast` is c: above 0 the label's map must also fit better than those
    of the other classes (tau is `TEMPERATURE`).
    """

    unit_weights: Tensor

    def __init__(
        self,
        classes: Sequence[str],
        *,
        weight: float = 4.0,
        on: Literal["attention", "class_map", "both"] = "attention",
        centred: bool = False,
        codebook: str = DEFAULT_CODEBOOK,
        union: Literal["max", "sum"] = "max",
        invalid: Literal["skip", "all_units"] = "skip",
        contrast: float = 0.0,
    ):
        super().__init__()
        for name, value in (("guidance", weight), ("guidance.contrast", contrast)):
            if not value >= 0:
                raise BadRecipe(f"{name} is a weight of 0 or more, found {value}")
        self.weight, self.contrast, self.on = weight, contrast, on
        self.similarity = centred_cosine if centred else cosine
        self.centred = centred
        self.union: Literal["max", "sum"] = union
        book = load_codebook(codebook)
        self.action_units = book.action_units
        weights = book.weights(classes, self.action_units)
        if invalid == "all_units":
            nothing = weights.sum(dim=1, keepdim=True) == 0
            weights = torch.where(nothing, weights.amax(dim=0, keepdim=True), weights)
        self.register_buffer("unit_weights", weights, persistent=False)

    def forward(
        self,
        attention: Float[Tensor, "batch h w"],
        class_maps: Float[Tensor, "batch class _ _"],
        batch: LabelledFaces,
    ) -> dict[str, Float[Tensor, ""]]:
        """The weighted terms "guidance" and, if asked for, "contrast"; none at all where the weight is 0."""
        if not self.weight:
            return {}
        with torch.autocast(attention.device.type, enabled=False):
            shown = self.shown(attention, class_maps, batch.label)
            terms = {"guidance": self.weight * _average([self._gap(maps, batch) for maps in shown])}
            if self.contrast:
                confusion = _average([self.confusion(maps, batch) for maps in shown])
                terms["contrast"] = self.weight * self.contrast * confusion
        return terms

    def shown(
        self,
        attention: Float[Tensor, "batch _h _w"],
        class_maps: Float[Tensor, "batch class _ _"],
        label: Int[Tensor, "batch"],
    ) -> list[Float[Tensor, "batch _ _"]]:
        """The maps that are aligned, as `on` says: the attention, and the class map of these labels."""
        maps = [] if self.on == "class_map" else [attention]
        if self.on != "attention":
            maps.append(class_maps[torch.arange(len(label), device=label.device), label])
        return maps

    def cues(
        self, batch: LabelledFaces, size: tuple[int, ...]
    ) -> tuple[Float[Tensor, "batch h w"], Bool[Tensor, "batch"]]:
        """The AU map of each face's label at this (height, width), and whether it is valid."""
        return label_maps(
            batch.faces.landmarks,
            self.unit_weights[batch.label],
            (size[0], size[1]),
            extent=_extent(batch),
            action_units=self.action_units,
            union=self.union,
        )

    def misalignment(
        self,
        maps: Float[Tensor, "batch h w"],
        cues: Float[Tensor, "batch h w"],
        valid: Bool[Tensor, "batch"],
        places: Bool[Tensor, "batch h w"] | None = None,
    ) -> Float[Tensor, ""]:
        """Mean of 1 - cosine over the valid faces; 0 where there is none. Only `places` are compared."""
        # A map without any direction has no cosine: a face on which nothing fires cannot be guided.
        valid = valid & _varies(maps, places)
        if places is not None:
            valid = valid & _varies(cues, places)
            maps, cues = self._within(maps, places), self._within(cues, places)
        gap = 1 - self.similarity(maps[valid], cues[valid])
        return gap.sum() / valid.sum().clamp(min=1)

    def confusion(self, maps: Float[Tensor, "batch h w"], batch: LabelledFaces) -> Float[Tensor, ""]:
        """Mean cross entropy over the valid faces of the maps' similarities with the maps of all classes."""
        size = (maps.shape[1], maps.shape[2])
        units = render_au_maps(
            batch.faces.landmarks, size, extent=_extent(batch), action_units=self.action_units
        )
        cues, known = expression_maps(units, self.unit_weights, union=self.union)
        rows = torch.arange(len(maps), device=maps.device)
        valid = known[rows, batch.label] & _varies(maps)
        cues, known, label, own = cues[valid], known[valid], batch.label[valid], rows[: int(valid.sum())]
        # classes without a map take no part; their rows are filled, since a zero map has no cosine
        cues = torch.where(known[..., None, None], cues, cues[own, label].unsqueeze(1))
        similar = self.similarity(maps[valid].unsqueeze(1).expand_as(cues), cues) / TEMPERATURE
        similar = similar.masked_fill(~known, -torch.inf)
        return F.cross_entropy(similar, label, reduction="sum") / valid.sum().clamp(min=1)

    def _gap(self, maps: Tensor, batch: LabelledFaces) -> Tensor:
        return self.misalignment(maps, *self.cues(batch, tuple(maps.shape[-2:])))

    def _within(self, maps: Tensor, places: Tensor) -> Tensor:
        """Maps whose other places have no say: those hold 0, or the mean where that is taken off."""
        if not self.centred:
            return torch.where(places, maps, 0.0)
        inside = torch.where(places, maps, 0.0).sum(dim=(1, 2), keepdim=True)
        return torch.where(places, maps, inside / places.sum(dim=(1, 2), keepdim=True).clamp(min=1))


def _extent(batch: LabelledFaces) -> tuple[int, int]:
    return batch.faces.pixels.shape[2], batch.faces.pixels.shape[3]


def _varies(maps: Tensor, places: Tensor | None = None) -> Tensor:
    if places is None:
        return maps.amax(dim=(1, 2)) > maps.amin(dim=(1, 2))
    highest = maps.masked_fill(~places, -torch.inf).amax(dim=(1, 2))
    return highest > maps.masked_fill(~places, torch.inf).amin(dim=(1, 2))


def _average(terms: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(terms)).mean() if len(terms) > 1 else terms[0]
