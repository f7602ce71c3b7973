"""What every fusion block of the catalogue keeps, whatever its paper."""

import inspect

import pytest
import torch

from facsight import catalog
from facsight.core.errors import FacsightError, UnknownName
from facsight.core.sequences import Sequences
from facsight.nn.fused import Fused, Fusion
from fusion_windows import taken, windows_of

SIZES = {"face": 4, "audio": 3, "text": 2}
STEPS = 5


def options_of(block, *, steps=STEPS):
    """Small sizes, and for blocks that are tied to a number of steps that number."""
    known = inspect.signature(block).parameters
    small = {"width": 8, "channels": 6, "dropout": 0.0, "heads": 2, "steps": steps}
    return {name: value for name, value in small.items() if name in known}


def _variants():
    for name in catalog.FUSION:
        block = catalog.load("fusion", name)
        yield pytest.param(block, options_of(block), id=name)
        if "steps" in options_of(block):
            yield pytest.param(block, options_of(block) | {"steps": None}, id=f"{name}, any length")


VARIANTS = list(_variants())
EVERY = pytest.mark.parametrize(("block", "options"), VARIANTS)
ANY_LENGTH = pytest.mark.parametrize(
    ("block", "options"),
    [pytest.param(*case.values, id=case.id) for case in VARIANTS if case.values[1].get("steps") is None],
)


def made(block, options, sizes=SIZES, dtype=torch.float64):
    torch.manual_seed(0)
    return block(sizes, **options).to(dtype).eval()


def some_windows(**options):
    return windows_of(SIZES, generator=torch.Generator().manual_seed(1), **options)


def same(one: Fused, other: Fused):
    torch.testing.assert_close(one.features, other.features, rtol=1e-6, atol=1e-8)
    if one.shares is not None:
        for name, share in one.shares.items():
            torch.testing.assert_close(share, other.shares[name], rtol=1e-6, atol=1e-8)


def picked(fused, which):
    shares = fused.shares and {name: share[which] for name, share in fused.shares.items()}
    return Fused(fused.features[which], shares)


def windows_do_not_see_each_other(fuse):
    windows = some_windows(batch=4)
    whole = fuse(windows)
    for which in ([2, 0, 3, 1], [1], [3, 3, 0], [0, 1, 2]):
        same(fuse(taken(windows, which)), picked(whole, which))


@EVERY
def test_a_window_does_not_depend_on_its_batch(block, options):
    fusion = made(block, options)
    windows_do_not_see_each_other(fusion)
    windows_do_not_see_each_other(fusion.train())  # dropout is 0


class _AcrossTheBatch(Fusion):
    """The commonest mistake of the field: attention along the wrong axis."""

    def __init__(self, sizes):
        super().__init__()
        self.size = sum(sizes.values())
        self.attention = torch.nn.MultiheadAttention(self.size, 1)  # wants (step, batch, feature)

    def forward(self, sequences):
        stream = torch.cat(list(sequences.streams.values()), dim=-1)
        return Fused(self.attention(stream, stream, stream)[0])


def test_attention_across_the_batch_is_caught():
    fusion = _AcrossTheBatch(SIZES).double().eval()
    with pytest.raises(AssertionError):
        windows_do_not_see_each_other(fusion)


@EVERY
def test_what_is_not_known_weighs_nothing(block, options):
    """A gap in one modality: what its other steps and the other modalities say is as if it were cut away."""
    fusion, windows = made(block, options), some_windows()
    streams = {
        name: torch.where(windows.known[name].unsqueeze(-1), stream, 1e3)
        for name, stream in windows.streams.items()
    }
    encoded = Sequences(streams, windows.known, windows.inside)
    inside = windows.inside
    torch.testing.assert_close(
        fusion(encoded).features[inside], fusion(windows).features[inside], rtol=1e-6, atol=1e-8
    )


@ANY_LENGTH
def test_steps_beyond_the_end_change_nothing(block, options):
    fusion = made(block, options)
    windows = some_windows(gaps=False)
    longer = Sequences(
        {name: torch.nn.functional.pad(s, (0, 0, 0, 3)) for name, s in windows.streams.items()},
        {name: torch.nn.functional.pad(k, (0, 3)) for name, k in windows.known.items()},
        torch.nn.functional.pad(windows.inside, (0, 3)),
    )
    torch.testing.assert_close(
        fusion(longer).features[:, :STEPS], fusion(windows).features, rtol=1e-6, atol=1e-8
    )


@EVERY
def test_shares_sum_to_one_where_something_is_known(block, options):
    windows = some_windows()
    fused = made(block, options)(windows)
    if fused.shares is None:
        pytest.skip("the block has no shares")
    assert tuple(fused.shares) == tuple(SIZES)
    anything = torch.stack(list(windows.known.values())).any(dim=0)
    total = torch.stack(list(fused.shares.values())).sum(dim=0)
    torch.testing.assert_close(total, anything.double(), rtol=1e-6, atol=1e-8)
    for name, share in fused.shares.items():
        assert share[~windows.known[name]].eq(0).all()
        assert share.min() >= 0


@EVERY
def test_nothing_known_at_all_is_finite(block, options):
    nothing = some_windows().missing(SIZES)
    fused = made(block, options)(nothing)
    assert fused.features.isfinite().all()
    for share in (fused.shares or {}).values():
        assert share.eq(0).all()


@EVERY
def test_every_modality_and_every_parameter_is_learnt_from(block, options):
    fusion, windows = made(block, options).train(), some_windows(batch=8, gaps=False)
    streams = {name: stream.clone().requires_grad_() for name, stream in windows.streams.items()}
    weights = torch.randn(8, STEPS, fusion.size, dtype=torch.float64)
    (fusion(Sequences(streams, windows.known, windows.inside)).features * weights).sum().backward()
    for name, stream in streams.items():
        assert stream.grad.abs().sum() > 0, name
    still = [n for n, p in fusion.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert not still


@EVERY
def test_gradients_are_right_with_gaps(block, options):
    fusion, windows = made(block, options), some_windows(batch=2)
    stream = windows.streams["audio"].clone().requires_grad_()

    def fused(audio):
        kept = torch.where(windows.known["audio"].unsqueeze(-1), audio, 0.0)
        return fusion(Sequences(windows.streams | {"audio": kept}, windows.known, windows.inside)).features

    assert torch.autograd.gradcheck(fused, stream, atol=1e-6)


@ANY_LENGTH
@pytest.mark.parametrize("steps", [1, 2, 2400])
def test_windows_of_one_step_and_of_ten_minutes(block, options, steps):
    fusion = made(block, options, dtype=torch.float32)
    windows = some_windows(batch=1, steps=steps, gaps=False, dtype=torch.float32)
    streams = {name: stream.requires_grad_() for name, stream in windows.streams.items()}
    features = fusion(Sequences(streams, windows.known, windows.inside)).features
    features.square().sum().backward()
    assert features.shape == (1, steps, fusion.size)
    assert all(stream.grad.isfinite().all() for stream in streams.values())


@EVERY
def test_weights_are_all_there_is(block, options):
    one = made(block, options)
    torch.manual_seed(1)
    other = block(SIZES, **options).double().eval()
    other.load_state_dict(one.state_dict())
    same(one(some_windows()), other(some_windows()))


@EVERY
def test_half_precision_is_finite(block, options):
    fusion = made(block, options, dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        fused = fusion(some_windows(dtype=torch.float32))
    assert fused.features.isfinite().all()


@EVERY
def test_a_modality_that_is_not_there_is_named(block, options):
    windows = some_windows()
    with pytest.raises(UnknownName, match="no modality 'text'"):
        made(block, options)(windows.only(["face", "audio"]))


@EVERY
def test_modalities_are_found_by_their_names(block, options):
    """Not by the order in which a batch happens to hold them."""
    fusion, windows = made(block, options), some_windows()
    same(fusion(windows), fusion(windows.only(["text", "face", "audio"])))


@pytest.mark.parametrize("name", catalog.FUSION)
def test_nonsense_sizes_are_refused_by_our_own_error(name):
    block = catalog.load("fusion", name)
    known = inspect.signature(block).parameters
    if "heads" not in known:
        pytest.skip("the block has no heads")
    with pytest.raises(FacsightError):
        block(SIZES, width=10, heads=3)
