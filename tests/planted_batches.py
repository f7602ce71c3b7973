"""Networks whose answers are told, for hand values of costs and gradients."""

import torch
from torch import nn

from facsight.core.labels import LabelSpace
from facsight.core.sequences import LabelledSequences, SequencePrediction, Sequences
from facsight.nn.sequence_network import SequenceNetwork

CLASSES = LabelSpace("mood", ("low", "high"))
UNITS = LabelSpace("units", ("AU01", "AU12"), kind="units")
AFFECT = LabelSpace("affect", ("valence",), kind="values", low=-1.0, high=1.0)
SPACES = (CLASSES, UNITS, AFFECT)


class Told(SequenceNetwork):
    """Answers with parameters that do not depend on what it sees, so that their gradients can be read."""

    def __init__(self, **answers):
        nn.Module.__init__(self)
        self.answers = nn.ParameterDict({name: nn.Parameter(values) for name, values in answers.items()})

    def forward(self, sequences):
        return SequencePrediction(dict(self.answers), torch.zeros(*sequences.inside.shape, 1))


def batch_of(truth, steps):
    """A batch of one window with these labels; what is not told is not known."""
    inside = torch.ones(1, steps, dtype=torch.bool)
    labels = {space.name: torch.full((1, steps, len(space)), torch.nan) for space in SPACES}
    for name, rows in truth.items():
        for step, values in rows.items():
            labels[name][0, step] = torch.tensor(values)
    return LabelledSequences(Sequences({"face": torch.zeros(1, steps, 1)}, {"face": inside}, inside), labels)
