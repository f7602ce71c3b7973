import pytest
import torch

from facsight.core.errors import BadRecipe
from facsight.core.labels import LabelSpace
from facsight.core.sequences import LabelledSequences
from facsight.fusion.concatenation import Concatenation
from facsight.methods.distillation.multi_teacher import (
    MultiTeacherDistillation,
    TeacherAlignment,
    only_this,
)
from facsight.nn.prevalent import PrevalentNetwork
from facsight.nn.sequence_network import SequenceNetwork
from fusion_windows import windows_of

SIZES = {"face": 4, "audio": 3}
SPACES = (LabelSpace("affect", ("valence", "arousal"), kind="values", low=-1.0, high=1.0),)


def whole(seed=0):
    torch.manual_seed(seed)
    return SequenceNetwork(Concatenation(SIZES, width=8, dropout=0.0), {"affect": 2})


def batch(truth=None):
    windows = windows_of(SIZES, batch=6, generator=torch.Generator().manual_seed(0), dtype=torch.float32)
    return LabelledSequences(windows, {"affect": torch.randn(6, 5, 2) if truth is None else truth})


def student(**options):
    network = PrevalentNetwork(whole(1), SIZES, prevalent=["face"], imagine=True)
    return MultiTeacherDistillation(network, spaces=SPACES, teacher=whole(2), anchors=5, **options)


def test_the_teacher_with_the_lowest_cost_is_chosen():
    """Labels that are what the network says with one modality alone: that one is then without any fault."""
    method, seen = student(), batch().sequences
    teacher = method.teacher[0].eval()
    for name in SIZES:
        with torch.no_grad():
            alone = teacher.decide(only_this(teacher.encode(seen), name))
        _, best = method.best_teacher(LabelledSequences(seen, {"affect": alone.outputs["affect"]}))
        torch.testing.assert_close(best, alone.fused)


def test_without_labels_the_one_that_sees_everything_is_chosen():
    method, data = student(), batch(torch.full((6, 5, 2), torch.nan))
    _, best = method.best_teacher(data)
    with torch.no_grad():
        torch.testing.assert_close(best, method.teacher[0](data.sequences).fused)


def test_alignment_turns_single_modalities_to_all_of_them_and_learns_from_each():
    """Planted: face and voice know the same, so each alone can give what both give."""
    torch.manual_seed(0)
    method = TeacherAlignment(whole(), spaces=SPACES)
    generator = torch.Generator().manual_seed(0)
    seen = windows_of(SIZES, batch=6, generator=generator, dtype=torch.float32, gaps=False)
    waves = torch.randn(6, 5, 2, generator=generator)
    streams = {name: waves @ torch.randn(2, size, generator=generator) for name, size in SIZES.items()}
    data = LabelledSequences(seen.encoded(streams), {"affect": torch.tanh(waves)})
    first = method(data, 0.0)
    assert set(first) == {"affect", "affect_by_face", "affect_by_audio", "alignment"}
    optimizer = torch.optim.Adam(method.parameters(), 1e-2)
    for _ in range(100):
        method.update(data, optimizer, 0.0)
    last = method(data, 0.0)
    assert last["alignment"] < 0.2 * first["alignment"]
    assert all(last[f"affect_by_{name}"] < 0.5 * first[f"affect_by_{name}"] for name in SIZES)


def test_a_batch_in_which_nothing_is_known_aligns_nothing():
    seen = batch().sequences.missing(SIZES)
    terms = TeacherAlignment(whole(), spaces=SPACES)(LabelledSequences(seen, batch().truth), 0.0)
    assert terms["alignment"] == 0
    terms.total.backward()


def test_a_student_that_sees_everything_is_refused(unchecked):
    with pytest.raises(BadRecipe, match="set network"):
        MultiTeacherDistillation(whole(1), spaces=SPACES, teacher=whole(2))
