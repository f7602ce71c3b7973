"""What a trained network says of every face of a set, with the maps that its evidence is compared with."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from facsight.data.crops import Cropper
from facsight.explain.run import explain
from facsight.facs.au_maps import AuMaps, expression_maps, label_maps, render_au_maps
from facsight.facs.codebook import Codebook
from facsight.metrics.floors import face_hull
from facsight.nn.classifier import Classifier, read_both_ways

#: Faces that go through the network together.
AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class Examined:
    """Every face with the network's reading of it and of its mirror image, and the action units' maps on it.

    `logits` are calibrated. `class_maps` are not rectified. AU maps have the attention's resolution.
    """

    pixels: Float[Tensor, "n channel side side"]
    landmarks: Float[Tensor, "n 68 2"]
    truth: Int[Tensor, "n"]
    logits: Float[Tensor, "n class"]
    attention: Float[Tensor, "n h w"]
    class_maps: Float[Tensor, "n class h w"]
    units: AuMaps
    weights: Float[Tensor, "class au"]

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def predicted(self) -> Int[Tensor, "n"]:
        return self.logits.argmax(dim=1)

    @property
    def labels(self) -> Mapping[str, Int[Tensor, "n"]]:
        """The class that a map is about, by what it is called."""
        return {"true": self.truth, "predicted": self.predicted}

    @property
    def extent(self) -> tuple[int, int]:
        """Height and width of a crop."""
        return (self.pixels.shape[2], self.pixels.shape[3])

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of a map."""
        return (self.attention.shape[1], self.attention.shape[2])

    @cached_property
    def cues(self) -> tuple[Float[Tensor, "n class h w"], Bool[Tensor, "n class"]]:
        """The AU map of each class on each face, and whether there is one."""
        return expression_maps(self.units, self.weights)

    @cached_property
    def hull(self) -> Float[Tensor, "n h w"]:
        return face_hull(self.landmarks, self.size, extent=self.extent)

    def cues_on_crop(self, label: Int[Tensor, "n"]) -> Float[Tensor, "n side side"]:
        """Each face's AU map of one class, at the size of the crop."""
        parts = zip(self.landmarks.split(AT_ONCE), self.weights[label].split(AT_ONCE), strict=True)
        units = self.units.action_units
        return torch.cat(
            [label_maps(p, w, self.extent, extent=self.extent, action_units=units)[0] for p, w in parts]
        )

    def class_map(self, label: Int[Tensor, "n"]) -> Float[Tensor, "n h w"]:
        """Each face's class map of one class."""
        return self.class_maps[torch.arange(len(label)), label]

    def rows(self, chosen: Int[Tensor, "m"]) -> "Examined":
        """The faces at these places."""
        units = AuMaps(self.units.maps[chosen], self.units.valid[chosen], self.units.action_units)
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("units", "weights")}
        return replace(self, units=units, **{name: tensor[chosen] for name, tensor in own.items()})


@torch.inference_mode()
def examine(network: Classifier, crops: Cropper, codebook: Codebook, *, temperature: float) -> Examined:
    """Read every face of a set, both ways, in full precision."""
    parts = []
    for indices in torch.arange(len(crops.faces)).split(AT_ONCE):
        batch = crops(indices, torch.Generator())
        said = read_both_ways(network, batch.faces.pixels)
        faces = batch.faces
        parts.append(
            (faces.pixels, faces.landmarks, batch.label, said.logits, said.attention, said.class_maps)
        )
    pixels, landmarks, truth, logits, attention, class_maps = map(torch.cat, zip(*parts, strict=True))
    size, extent = (attention.shape[1], attention.shape[2]), (crops.size, crops.size)
    units = render_au_maps(landmarks, size, extent=extent, action_units=codebook.action_units)
    weights = codebook.weights(crops.faces.space.classes, codebook.action_units)
    return Examined(pixels, landmarks, truth, logits / temperature, attention, class_maps, units, weights)


def explained_both_ways(
    network: Classifier, faces: Examined, label: Int[Tensor, "n"], method: str
) -> Float[Tensor, "n h w"]:
    """An explainer's maps, averaged with those of the mirrored faces, at the attention's resolution."""
    one, other = (
        explain(network, pixels, about=label, method=method, resolution="layer", batch_size=AT_ONCE)
        for pixels in (faces.pixels, faces.pixels.flip(3))
    )
    both = ((one + other.flip(-1)) / 2).unsqueeze(1)
    return torch.nn.functional.interpolate(both, size=faces.size, mode="area").squeeze(1)
