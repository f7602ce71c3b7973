"""What every fusion block keeps, as checks that take any block: an `AssertionError` where it does not.

Blocks take the modalities of `SIZES`, and windows of `STEPS` steps if they are tied to a number.
"""

import torch

from facsight.core.sequences import Sequences
from facsight.nn.fused import Fused, Fusion
from fusion_windows import taken, windows_of

SIZES = {"face": 4, "audio": 3, "text": 2}
STEPS = 5


def some_windows(**options):
    return windows_of(SIZES, generator=torch.Generator().manual_seed(1), **options)


def same(one: Fused, other: Fused):
    """To 1e-6, shares included."""
    torch.testing.assert_close(one.features, other.features, rtol=1e-6, atol=1e-8)
    assert (one.shares is None) == (other.shares is None)
    for name, share in (one.shares or {}).items():
        torch.testing.assert_close(share, other.shares[name], rtol=1e-6, atol=1e-8)


def picked(fused: Fused, where) -> Fused:
    """What is fused of some windows, or steps of all windows."""
    shares = fused.shares and {name: share[where] for name, share in fused.shares.items()}
    return Fused(fused.features[where], shares)


def inside(fused: Fused, windows: Sequences) -> Fused:
    """What is fused, but for steps beyond the end."""
    features = torch.where(windows.inside.unsqueeze(-1), fused.features, 0.0)
    shares = fused.shares and {n: torch.where(windows.inside, s, 0.0) for n, s in fused.shares.items()}
    return Fused(features, shares)


def filled(windows: Sequences, value: float) -> Sequences:
    """The same windows with something else where nothing is known."""
    streams = {
        name: torch.where(windows.known[name].unsqueeze(-1), stream, value)
        for name, stream in windows.streams.items()
    }
    return Sequences(streams, windows.known, windows.inside)


def longer(windows: Sequences, by: int) -> Sequences:
    """The same windows with more steps beyond their ends."""

    def padded(flags):
        return torch.nn.functional.pad(flags, (0, by))

    streams = {n: torch.nn.functional.pad(s, (0, 0, 0, by), value=1e6) for n, s in windows.streams.items()}
    return Sequences(
        streams, {name: padded(known) for name, known in windows.known.items()}, padded(windows.inside)
    )


def gradients(fusion: Fusion, windows: Sequences) -> dict[str, torch.Tensor | None]:
    """Of a weighted sum of the features inside, for every parameter."""
    fusion.zero_grad()
    features = torch.where(windows.inside.unsqueeze(-1), fusion(windows).features, 0.0)
    weights = torch.randn(features.shape, generator=torch.Generator().manual_seed(2), dtype=features.dtype)
    (features * weights).sum().backward()
    return {name: parameter.grad for name, parameter in fusion.named_parameters()}


def windows_do_not_see_each_other(fusion: Fusion):
    """In any order, alone, twice, and without some: also while training, dropout being 0."""
    windows = some_windows(batch=4)
    for training in (False, True):
        whole = fusion.train(training)(windows)
        for which in ([2, 0, 3, 1], [1], [3, 3, 0], [0, 1, 2]):
            same(fusion(taken(windows, which)), picked(whole, which))


def what_is_not_known_weighs_nothing(fusion: Fusion):
    """Whatever stands there, be it large or no number: neither the outcome nor a gradient changes."""
    windows = some_windows()
    fused = inside(fusion(windows), windows)
    learnt = gradients(fusion, windows)
    for value in (1e6, torch.nan):
        other = filled(windows, value)
        same(inside(fusion(other), windows), fused)
        for name, gradient in gradients(fusion, other).items():
            torch.testing.assert_close(gradient, learnt[name], rtol=1e-6, atol=1e-8, msg=name)


def steps_beyond_the_end_change_nothing(fusion: Fusion):
    windows = some_windows(batch=4)
    same(picked(fusion(longer(windows, 3)), (slice(None), slice(STEPS))), fusion(windows))


def shares_are_parts_of_what_is_known(fusion: Fusion):
    """They sum to 1 where something is known; a modality that is missing has none."""
    windows = some_windows(batch=4)
    windows = windows.kept(windows.known | {"audio": torch.tensor([[False], [True], [True], [True]])})
    fused = fusion(windows)
    assert fused.features.isfinite().all()
    if fused.shares is None:
        return
    assert tuple(fused.shares) == tuple(SIZES)
    anything = torch.stack(list(windows.known.values())).any(dim=0)
    total = torch.stack(list(fused.shares.values())).sum(dim=0)
    torch.testing.assert_close(total, anything.to(total), rtol=1e-6, atol=1e-8)
    for name, share in fused.shares.items():
        assert share[~windows.known[name]].eq(0).all()
        assert share.min() >= 0


def nothing_known_is_finite(fusion: Fusion):
    fused = fusion(some_windows().missing(SIZES))
    assert fused.features.isfinite().all()
    for share in (fused.shares or {}).values():
        assert share.eq(0).all()
    given = gradients(fusion, some_windows().missing(SIZES))
    assert all(gradient is None or gradient.isfinite().all() for gradient in given.values())


def everything_is_learnt_from(fusion: Fusion):
    """The gradient reaches every parameter, and every modality in every step."""
    windows = some_windows(batch=8, gaps=False)
    streams = {name: stream.clone().requires_grad_() for name, stream in windows.streams.items()}
    given = gradients(fusion.train(), Sequences(streams, windows.known, windows.inside))
    for name, stream in streams.items():
        assert stream.grad is not None, name
        assert stream.grad.abs().sum(dim=(0, 2)).gt(0).all(), name
    still = [name for name, gradient in given.items() if gradient is None or not gradient.abs().sum() > 0]
    assert not still, f"no gradient reaches {still}"


def modalities_are_found_by_name(fusion: Fusion):
    """Not by the order in which a batch happens to hold them, and whatever else it holds."""
    windows = some_windows()
    same(fusion(windows.only(["text", "face", "audio"])), fusion(windows))
    more = Sequences(
        {"eda": windows.streams["face"], **windows.streams},
        {"eda": windows.known["face"], **windows.known},
        windows.inside,
    )
    same(fusion(more), fusion(windows))


def modalities_are_told_apart(fusion: Fusion):
    """Two that have features of one size are not exchangeable: what is read has a name."""
    windows = windows_of({"face": 4, "audio": 4}, generator=torch.Generator().manual_seed(1), gaps=False)
    streams = {"face": windows.streams["audio"], "audio": windows.streams["face"]}
    exchanged = fusion(Sequences(streams, windows.known, windows.inside)).features
    assert (fusion(windows).features - exchanged).abs().max() > 1e-3
