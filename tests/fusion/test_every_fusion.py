"""What every fusion block of the catalogue keeps, whatever its paper."""

import inspect
import subprocess
import sys

import pytest
import torch
from torch import nn

import fusion_promises as promises
from facsight import catalog
from facsight.core.errors import BadRecipe, UnknownName
from facsight.core.sequences import Sequences
from facsight.nn.fused import Fused, Fusion
from fusion_promises import SIZES, STEPS, same, some_windows

#: Small options by name, for the blocks that have them; `steps` ties a block to a number of steps.
SMALL = {"width": 8, "channels": 6, "dropout": 0.0, "heads": 2, "steps": STEPS}
#: Options that change what is computed: each of them keeps the promises, too.
OTHERWISE = {
    "gated": [{"gates": "sigmoid"}],
    "leader_follower": [{"leader": "text"}],
    "joint_multimodal_transformer": [
        {"output": "concatenation"},
        {"pool": "mean", "share": "none", "positions": True},
    ],
}

#: Blocks of which a single modality is refused.
NEEDS_TWO = {"cross_attention"}


def options_of(block):
    known = inspect.signature(block).parameters
    return {name: value for name, value in SMALL.items() if name in known}


def _variants():
    for name in catalog.FUSION:
        block = catalog.load("fusion", name)
        options = options_of(block)
        yield pytest.param(block, options, id=name)
        if "steps" in options:
            yield pytest.param(block, options | {"steps": None}, id=f"{name}, any length")
        for other in OTHERWISE.get(name, ()):
            yield pytest.param(block, options | other, id=f"{name}, {', '.join(map(str, other.values()))}")


def _wrong_options():
    for name in catalog.FUSION:
        block = catalog.load("fusion", name)
        fewest = {"layers": -1 if name == "concatenation" else 0}  # features side by side need no layer
        for wrong in ({"width": 0}, {"width": 10, "heads": 3}, {"heads": 0}, {"channels": 0}, fewest):
            if wrong.keys() <= inspect.signature(block).parameters.keys():
                yield pytest.param(block, wrong, id=f"{name}, {wrong}")


VARIANTS = list(_variants())
EVERY = pytest.mark.parametrize(("block", "options"), VARIANTS)
ANY_LENGTH = pytest.mark.parametrize(
    ("block", "options"), [case for case in VARIANTS if case.values[1].get("steps") is None]
)
EVERY_NAME = pytest.mark.parametrize("name", catalog.FUSION)


def made(block, options, sizes=SIZES, dtype=torch.float64):
    torch.manual_seed(0)
    return block(sizes, **options).to(dtype).eval()


PROMISES = [
    promises.windows_do_not_see_each_other,
    promises.what_is_not_known_weighs_nothing,
    promises.shares_are_parts_of_what_is_known,
    promises.nothing_known_is_finite,
    promises.everything_is_learnt_from,
    promises.modalities_are_found_by_name,
]


@EVERY
@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_promises(promise, block, options):
    promise(made(block, options))


@ANY_LENGTH
def test_steps_beyond_the_end_change_nothing(block, options):
    promises.steps_beyond_the_end_change_nothing(made(block, options))


@EVERY
def test_modalities_are_told_apart(block, options):
    two = {name: value for name, value in options.items() if name != "leader"}
    promises.modalities_are_told_apart(made(block, two, {"face": 4, "audio": 4}))


class _Broken(Fusion):
    """The features side by side, then whatever mistake."""

    def __init__(self, sizes):
        super().__init__()
        self.size = sum(sizes.values())
        self.names = tuple(sizes)
        self.layer = nn.Linear(self.size, self.size)

    def beside(self, sequences):
        return torch.cat([sequences.streams[name] for name in self.names], dim=-1)


class _AcrossTheBatch(_Broken):
    """The commonest mistake of the field: attention along the wrong axis."""

    def __init__(self, sizes):
        super().__init__(sizes)
        self.attention = nn.MultiheadAttention(self.size, 1)  # wants (step, batch, feature)

    def forward(self, sequences):
        stream = self.beside(sequences)
        return Fused(self.attention(stream, stream, stream)[0])


class _NormalisedByTheBatch(_Broken):
    """Harmless in evaluation, not in training."""

    def __init__(self, sizes):
        super().__init__(sizes)
        self.norm = nn.BatchNorm1d(self.size)

    def forward(self, sequences):
        return Fused(self.norm(self.beside(sequences).transpose(1, 2)).transpose(1, 2))


class _ReadsWhatIsNotKnown(_Broken):
    def forward(self, sequences):
        return Fused(self.layer(self.beside(sequences)))


class _LearnsFromWhatIsNotKnown(_Broken):
    """Masked after a layer: the outcome is right, the gradient of a number that is none is not."""

    def forward(self, sequences):
        known = torch.stack([sequences.known[name] for name in self.names]).all(dim=0)
        return Fused(torch.where(known.unsqueeze(-1), self.layer(self.beside(sequences)), 0.0))


class _MeanOverAllSteps(_Broken):
    def forward(self, sequences):
        features = torch.where(sequences.inside.unsqueeze(-1), self.beside(sequences), 0.0)
        return Fused(self.layer(features + features.mean(dim=1, keepdim=True)))


class _SharesOfWhatIsMissing(_Broken):
    def forward(self, sequences):
        third = torch.full(sequences.inside.shape, 1 / 3, dtype=torch.float64)
        return Fused(self.layer(self.beside(sequences)), dict.fromkeys(SIZES, third))


class _DividesByWhatIsThere(_Broken):
    def forward(self, sequences):
        return Fused(self.layer(self.beside(sequences)) / torch.stack([*sequences.known.values()]).sum())


class _Deaf(_Broken):
    """The release of one paper: attended audio was computed and never used."""

    def forward(self, sequences):
        gone = {"audio": torch.zeros_like(sequences.streams["audio"])}
        return Fused(self.layer(self.beside(sequences.encoded({**sequences.streams, **gone}))))


class _NeverLearns(_Broken):
    def __init__(self, sizes):
        super().__init__(sizes)
        self.spare = nn.Linear(2, 2)

    def forward(self, sequences):
        return Fused(self.layer(self.beside(sequences)))


class _ByPosition(_Broken):
    def forward(self, sequences):
        return Fused(self.layer(torch.cat(list(sequences.streams.values()), dim=-1)))


class _Exchangeable(_Broken):
    def forward(self, sequences):
        return Fused(torch.stack(list(sequences.streams.values())).sum(dim=0))


@pytest.mark.parametrize(
    ("promise", "block"),
    [
        (promises.windows_do_not_see_each_other, _AcrossTheBatch),
        (promises.windows_do_not_see_each_other, _NormalisedByTheBatch),
        (promises.what_is_not_known_weighs_nothing, _ReadsWhatIsNotKnown),
        (promises.what_is_not_known_weighs_nothing, _LearnsFromWhatIsNotKnown),
        (promises.steps_beyond_the_end_change_nothing, _MeanOverAllSteps),
        (promises.shares_are_parts_of_what_is_known, _SharesOfWhatIsMissing),
        (promises.nothing_known_is_finite, _DividesByWhatIsThere),
        (promises.everything_is_learnt_from, _Deaf),
        (promises.everything_is_learnt_from, _NeverLearns),
        (promises.modalities_are_found_by_name, _ByPosition),
        (promises.modalities_are_told_apart, _Exchangeable),
    ],
    ids=lambda thing: thing.__name__,
)
def test_a_broken_promise_is_caught(promise, block):
    torch.manual_seed(0)
    with pytest.raises(AssertionError):
        promise(block(SIZES).double().eval())


@EVERY
def test_gradients_are_right_with_gaps(block, options):
    fusion, windows = made(block, options), some_windows(batch=2)

    def fused(*streams):
        given = Sequences(dict(zip(SIZES, streams, strict=True)), windows.known, windows.inside)
        return fusion(given.kept(windows.known)).features

    streams = [stream.clone().requires_grad_() for stream in windows.streams.values()]
    assert torch.autograd.gradcheck(fused, streams, atol=1e-6, fast_mode=True)


@ANY_LENGTH
@pytest.mark.parametrize("steps", [1, 2, 600])
def test_windows_of_any_length(block, options, steps):
    fusion = made(block, options, dtype=torch.float32)
    windows = some_windows(batch=1, steps=steps, gaps=False, dtype=torch.float32)
    streams = {name: stream.requires_grad_() for name, stream in windows.streams.items()}
    features = fusion(Sequences(streams, windows.known, windows.inside)).features
    features.square().sum().backward()
    assert features.shape == (1, steps, fusion.size)
    assert features.isfinite().all()
    assert all(stream.grad.isfinite().all() for stream in streams.values())


TEN_MINUTES = """
import sys, torch
sys.path[:0] = ["tests"]
from resource import RUSAGE_SELF, getrusage
from facsight import catalog
from fusion_windows import windows_of
sizes = {"face": 512, "audio": 512, "text": 768}
torch.manual_seed(0)
fusion = catalog.load("fusion", sys.argv[1])(sizes).train()
windows = windows_of(sizes, batch=1, steps=2400, generator=torch.Generator(), dtype=torch.float32, gaps=False)
before = getrusage(RUSAGE_SELF).ru_maxrss
features = fusion(windows).features
features.square().mean().backward()
assert features.isfinite().all()
assert all(parameter.grad.isfinite().all() for parameter in fusion.parameters())
print(getrusage(RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
@EVERY_NAME
def test_ten_minutes_fit_into_memory(name):
    """2400 steps, forward and backward in full size: up to three gigabytes more than the windows take."""
    said = subprocess.run(
        [sys.executable, "-c", TEN_MINUTES, name], capture_output=True, text=True, check=True
    )
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(said.stdout) * unit < 3 * 2**30


@EVERY
def test_weights_are_all_there_is(block, options):
    one = made(block, options)
    torch.manual_seed(1)
    other = block(SIZES, **options).double().eval()
    other.load_state_dict(one.state_dict())
    same(one(some_windows()), other(some_windows()))


@EVERY
def test_half_precision_is_finite_and_near(block, options):
    fusion, windows = made(block, options, dtype=torch.float32), some_windows(dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        fused = fusion(windows)
        fused.features.float().square().mean().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in fusion.parameters())
    inside = windows.inside
    whole = fusion(windows).features[inside]
    # eight bits of mantissa, through a handful of layers
    assert (fused.features[inside] - whole).abs().max() < 0.05 * whole.abs().max()


@EVERY
def test_a_modality_that_is_not_there_is_named(block, options):
    windows = some_windows()
    with pytest.raises(UnknownName, match="no modality 'text'"):
        made(block, options)(windows.only(["face", "audio"]))


@EVERY
def test_features_of_another_size_are_refused(block, options):
    windows = some_windows()
    with pytest.raises(BadRecipe, match="expected 3 features in each step of the modality 'audio'"):
        made(block, options)(windows.encoded(windows.streams | {"audio": windows.streams["face"]}))


@EVERY
def test_frames_that_no_encoder_has_read_are_refused(block, options):
    windows = some_windows()
    frames = windows.streams["audio"].unsqueeze(2).expand(-1, -1, 7, -1)
    with pytest.raises(BadRecipe, match="encode the modality"):
        made(block, options)(windows.encoded(windows.streams | {"audio": frames}))


@EVERY_NAME
@pytest.mark.parametrize(
    "sizes", [{}, {"face": 0, "audio": 3}, {"face": 4, "audio": -1}, {"": 4, "audio": 3}, {"a.b": 4, "c": 3}]
)
def test_sizes_that_nothing_has_are_refused(name, sizes):
    block = catalog.load("fusion", name)
    with pytest.raises(BadRecipe):
        block(sizes, **options_of(block))


@pytest.mark.parametrize(("block", "wrong"), list(_wrong_options()))
def test_options_that_make_no_sense_are_refused(block, wrong):
    with pytest.raises(BadRecipe):
        block(SIZES, **wrong)


@EVERY_NAME
def test_a_single_modality(name):
    block = catalog.load("fusion", name)
    if name in NEEDS_TWO:
        with pytest.raises(BadRecipe, match="needs two modalities, found face"):
            block({"face": 4}, **options_of(block))
        return
    windows = some_windows().only(["face"])
    fused = made(block, options_of(block), {"face": 4})(windows)
    assert fused.features.isfinite().all()
    if fused.shares is not None:
        torch.testing.assert_close(fused.shares["face"], windows.known["face"].double())
