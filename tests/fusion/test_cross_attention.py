import pytest
import torch
from torch import nn

from facsight.core.errors import BadRecipe
from facsight.fusion.cross_attention import CrossAttention
from fusion_windows import windows_of
from oracles.fusion import cross_attended

SIZES = {"face": 4, "audio": 3, "text": 2}


def rows_of(windows, streams, b):
    """A window's rows, stream by stream; None where a modality is not known."""
    return [
        [row if yes else None for row, yes in zip(streams[n][b].tolist(), windows.known[n][b], strict=True)]
        for n in windows.names
    ]


@pytest.mark.parametrize("names", [("face", "audio"), ("face", "audio", "text")])
def test_against_the_formula_with_gaps(names, generator):
    sizes = {name: SIZES[name] for name in names}
    block, windows = (
        CrossAttention(sizes, width=3).double(),
        windows_of(SIZES, generator=generator).only(names),
    )
    features, streams = block(windows).features, block.aligned(windows)
    pairs = {
        (i, j): block.correlate[f"{names[i]} and {names[j]}"].weight.tolist()
        for i in range(len(names))
        for j in range(i + 1, len(names))
    }
    for b in range(2):  # the third window lacks a modality: below
        expected = cross_attended(rows_of(windows, streams, b), pairs, 3**0.5)
        expected = torch.tensor(expected, dtype=torch.float64).permute(1, 0, 2).flatten(1)
        torch.testing.assert_close(features[b], expected)


def test_a_single_step_is_read_once_more(generator):
    """Attention over one step is that step: tanh(X + X), or tanh(X) where the other has nothing to say."""
    sizes = {"face": 3, "audio": 3}
    windows = windows_of(sizes, steps=1, generator=generator, gaps=False)
    block = CrossAttention(sizes, width=3).double()
    both = torch.cat(list(windows.streams.values()), dim=-1)
    torch.testing.assert_close(block(windows).features, (2 * both).tanh())
    face = block(windows.missing(["audio"])).features
    torch.testing.assert_close(face[..., :3], windows.streams["face"].tanh())
    assert face[..., 3:].eq(0).all()


def test_without_correlation_the_mean_is_read(generator):
    sizes = {"face": 3, "audio": 3}
    windows = windows_of(sizes, generator=generator, gaps=False)
    block = CrossAttention(sizes, width=3).double()
    nn.init.zeros_(block.correlate["face and audio"].weight)
    face = windows.streams["face"]
    torch.testing.assert_close(
        block(windows).features[..., :3], (face + face.mean(dim=1, keepdim=True)).tanh()
    )


def test_a_third_modality_that_is_missing_is_as_if_it_were_not_asked(generator):
    windows = windows_of(SIZES, generator=generator, gaps=False)
    three, two = (
        CrossAttention(SIZES, width=3).double(),
        CrossAttention({"face": 4, "audio": 3}, width=3).double(),
    )
    two.load_state_dict({name: three.state_dict()[name] for name in two.state_dict()})
    torch.testing.assert_close(
        three(windows.missing(["text"])).features[..., :6], two(windows.only(["face", "audio"])).features
    )


def test_a_voice_that_comes_late_changes_what_is_read(generator):
    """The same rows of the voice, a step later: a block that saw only sets of steps would not notice."""
    windows = windows_of(SIZES, generator=generator, gaps=False)
    late = windows.encoded(windows.streams | {"audio": windows.streams["audio"].roll(1, dims=1)})
    block = CrossAttention(SIZES, width=3).double()
    assert (block(late).features[..., :3] - block(windows).features[..., :3]).abs().max() > 1e-3


@pytest.mark.parametrize("sizes", [{}, {"face": 4}])
def test_one_modality_is_not_enough(sizes):
    with pytest.raises(BadRecipe, match="needs two modalities"):
        CrossAttention(sizes)
