"""Masked autoencoder of clips: the same patches are hidden in every step, and drawn from the others in time.

Paper    Cai et al., "MARLIN: masked autoencoder for facial video representation learning", CVPR 2023, arXiv
         2211.06627; tubes, patches that are hidden for a whole clip: Tong et al., "VideoMAE", NeurIPS 2022,
         arXiv 2203.12602
Needs    clips of one aligned face, read by `encoder = "factored_transformer"`. Labels are used by the probe
         only, which teaches the encoder nothing
Learns   the mean squared error of the hidden patches' pixels in each step, each patch standardised; beside it
         fusion, memory and outputs, as a probe of the features of whole clips
Differs  patches of single steps in place of cubes; no adversary; regions come from a face of mean shape, as
         crops are aligned and have no landmarks; "regions" hides half of them whole and fills up with other
         patches, where MARLIN goes on until all but one are hidden
"""

from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from facsight.core.errors import BadRecipe
from facsight.core.labels import LabelSpace
from facsight.core.method import SequenceMethod
from facsight.core.sequences import LabelledSequences, SequencePrediction, Sequences
from facsight.core.terms import Terms
from facsight.faces.mean_face import mean_face
from facsight.functional.hiding import REGIONS, half_of, hide_any, patches_of_regions, standardised
from facsight.losses.label_spaces import label_terms
from facsight.nn.clip_decoder import ClipDecoder
from facsight.nn.clips import along_clips
from facsight.nn.encoders.factored_transformer import FactoredTransformer
from facsight.nn.sequence_network import SequenceNetwork


class MaskedClips(SequenceMethod):
    """`share` of a clip's patches is hidden in all its steps: at random, or "regions" of the face first.

    What it leaves is a network whose encoder another training starts from: `modalities.NAME.start`.
    """

    needs_labels = False

    def __init__(
        self,
        network: SequenceNetwork,
        *,
        spaces: Sequence[LabelSpace],
        share: float = 0.75,
        hide: Literal["random", "regions"] = "random",
    ):
        super().__init__()
        found = {
            name: one
            for name, one in getattr(network, "encoders", {}).items()
            if isinstance(one, FactoredTransformer)
        }
        if len(found) != 1:
            raise BadRecipe(
                "masked_clips hides patches of one modality that a transformer reads: set "
                f'encoder = "factored_transformer" for one, found {len(found) or "none"}'
            )
        if not 0 < share < 1:
            raise BadRecipe(
                f"share is the part of the patches that is hidden, above 0 and below 1, found {share}"
            )
        ((self.name, encoder),) = found.items()
        self.network, self.spaces, self.share, self.hide = network, tuple(spaces), share, hide
        self.decoder = ClipDecoder(encoder.size, patches=len(encoder.place), pixels=encoder.patch**2)

    @property
    def encoder(self) -> FactoredTransformer:
        encoder = self.network.encoders.get_submodule(self.name)
        assert isinstance(encoder, FactoredTransformer)  # checked above
        return encoder

    def objective(self, batch: LabelledSequences, progress: float) -> Terms:
        known = batch.sequences.known[self.name]
        cost = along_clips(self.cost, batch.sequences.streams[self.name], known, 1)
        with torch.no_grad():
            encoded = self.network.encode(batch.sequences)
        said = self.network.decide(encoded)
        told = label_terms(said.outputs, batch.truth, self.spaces)
        return Terms(reconstruction=cost.sum() / known.sum().clamp(min=1), **told)

    def cost(self, clips: Float[Tensor, "n step *picture"]) -> Float[Tensor, "n step 1"]:
        """The error over the hidden patches of each step, of tubes drawn anew."""
        cut, hidden = self.encoder.cut(clips), self.hidden(len(clips)).to(clips.device)
        error = (self.draw(cut, hidden).float() - standardised(cut.float())).square().mean(dim=3)
        return (error * hidden[:, None]).sum(dim=2, keepdim=True) / hidden.sum(dim=1)[:, None, None]

    def hidden(self, clips: int) -> Bool[Tensor, "n patch"]:
        """Which patches of each clip are hidden in all of its steps; as many of each."""
        patches, patch = len(self.encoder.place), self.encoder.patch
        first = None
        if self.hide == "regions":
            cells = round(patches**0.5)
            face = torch.from_numpy(mean_face(cells * patch)).float().expand(clips, -1, -1)
            first = half_of(patches_of_regions(face, REGIONS, patch=patch, cells=cells))
        return hide_any(clips, patches, self.share, first=first)

    def draw(
        self, cut: Float[Tensor, "n step patch pixel"], hidden: Bool[Tensor, "n patch"]
    ) -> Float[Tensor, "n step patch pixel"]:
        """Every patch of every step, drawn from those that are not hidden, of all steps."""
        tokens = self.encoder.tokens(cut).transpose(1, 2)[~hidden]
        seen = tokens.unflatten(0, (len(cut), -1)).transpose(1, 2)
        return self.decoder(self.encoder.attend(seen), hidden)

    def predict(self, sequences: Sequences) -> SequencePrediction:
        """What the probe says."""
        return self.network(sequences)
