import pytest
import torch
import torch.nn.functional as F
from torch import nn

from facsight.core.errors import UnknownName
from facsight.probe.attention import record_attention
from facsight.probe.probe import Probe
from small_networks import CurvedCNN, faces, seeded, transformer

KINDS = ["vit", "deit", "dinov2", "dinov2_with_registers"]


class Blocks(nn.Module):
    """Patches of 4 pixels through one block of attention, `attend(q, k, v)`, read at the mean over tokens."""

    def __init__(self, attend, heads: int = 2):
        super().__init__()
        self.attend, self.heads = attend, heads
        self.cut = nn.Conv2d(3, 8, 4, stride=4)
        self.keys = nn.Linear(8, 24)
        self.head = nn.Linear(8, 4)

    def forward(self, pixels):
        tokens = self.cut(pixels).flatten(2).transpose(1, 2)
        batch, count, _ = tokens.shape
        q, k, v = self.keys(tokens).view(batch, count, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = self.attend(q, k, v).transpose(1, 2).flatten(2)
        return self.head((tokens + mixed).square().mean(dim=1))


class Encoder(nn.Module):
    """`nn.TransformerEncoder` over a class token and patches of 4 pixels."""

    def __init__(self, **options):
        super().__init__()
        self.cut = nn.Conv2d(3, 8, 4, stride=4)
        self.token = nn.Parameter(torch.ones(1, 1, 8))
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, **options)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(8, 4)

    def forward(self, pixels):
        patches = self.cut(pixels).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(pixels), -1, -1), patches], dim=1)
        return self.head(self.encoder(tokens)[:, 0])


def fused(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


def spelt_out(q, k, v):
    return (q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5).softmax(dim=-1) @ v


def told_by_itself(network, pixels, about):
    """Scores, weights and gradients, as a transformers model returns them when it spells attention out."""
    network.set_attn_implementation("eager")
    said = network(pixels, output_attentions=True)
    slopes = torch.autograd.grad(said.logits.gather(1, about[:, None]).sum(), said.attentions)
    return said.logits, said.attentions, slopes


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("written", ["sdpa", "eager"])
def test_equals_what_the_network_tells_itself(kind, written):
    network, pixels, about = transformer(kind), faces(2, 32, 32), torch.tensor([1, 3])
    network.set_attn_implementation(written)
    seen = record_attention(Probe(network), pixels, gradients=True)
    slopes = seen.gradients(about)
    scores, weights, expected = told_by_itself(network, pixels, about)
    torch.testing.assert_close(seen.scores, scores, rtol=1e-4, atol=1e-4)
    assert len(seen.weights) == len(slopes) == 3
    for one, other in zip((*seen.weights, *slopes), (*weights, *expected), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("kind", "extra"), [("vit", 1), ("deit", 2), ("dinov2_with_registers", 5)])
def test_patches_come_last(kind, extra):
    seen = record_attention(Probe(transformer(kind)), faces(2, 32, 32))
    assert seen.grid == (4, 4)
    assert seen.weights[0].shape == (2, 2, 16 + extra, 16 + extra)
    numbered = torch.arange(float(16 + extra)).expand(2, 16 + extra, -1).clone()
    numbered[:, 1:] = -1  # only the class token's row counts
    assert torch.equal(seen.over_patches(numbered)[1], torch.arange(16.0).view(4, 4) + extra)


def test_without_class_token_the_mean_over_tokens_is_read():
    seen = record_attention(Probe(seeded(lambda: Blocks(fused))), faces(2, 8, 12))
    assert seen.grid == (2, 3)
    mixed = torch.rand(2, 6, 6)
    torch.testing.assert_close(seen.over_patches(mixed), mixed.mean(dim=1).view(2, 2, 3))


@pytest.mark.parametrize("options", [{}, {"norm_first": True}])
@pytest.mark.parametrize("gradients", [True, False])
def test_hears_torchs_own_encoder(options, gradients):
    network, pixels = seeded(lambda: Encoder(**options)), faces(3, 8, 8)
    seen = record_attention(Probe(network), pixels, gradients=gradients)
    with torch.no_grad():
        torch.testing.assert_close(seen.scores.detach(), network(pixels))
    assert [tuple(w.shape) for w in seen.weights] == [(3, 2, 5, 5)] * 2
    layer = network.encoder.layers[0]
    with torch.no_grad():
        patches = network.cut(pixels).flatten(2).transpose(1, 2)
        tokens = torch.cat([network.token.expand(3, -1, -1), patches], dim=1)
        tokens = layer.norm1(tokens) if options else tokens
        _, expected = layer.self_attn(tokens, tokens, tokens, average_attn_weights=False)
    torch.testing.assert_close(seen.weights[0], expected)


def test_hears_multi_head_attention_that_returns_its_weights():
    class Returning(Encoder):
        def forward(self, pixels):
            tokens = self.cut(pixels).flatten(2).transpose(1, 2)
            mixed, self.returned = self.encoder.layers[0].self_attn(
                tokens, tokens, tokens, average_attn_weights=False
            )
            return self.head(mixed.square().mean(dim=1))

    network = seeded(Returning)
    seen = record_attention(Probe(network), faces(2, 8, 8), gradients=True)
    torch.testing.assert_close(seen.weights[0], network.returned.detach())
    assert all(slope.any() for slope in seen.gradients(torch.tensor([0, 1])))


def test_all_ways_to_write_attention_give_the_same():
    pixels, about = faces(2, 8, 8), torch.tensor([0, 2])
    one, other = (
        record_attention(Probe(seeded(lambda w=written: Blocks(w))), pixels, gradients=True)
        for written in (fused, spelt_out)
    )
    torch.testing.assert_close(one.scores, other.scores)
    torch.testing.assert_close(one.weights, other.weights)
    torch.testing.assert_close(one.gradients(about), other.gradients(about))


OPTIONS = {
    "scaled": {"scale": 0.3},
    "causal": {"is_causal": True},
    "allowed": {"attn_mask": torch.ones(4, 4, dtype=torch.bool).triu()},
    "nothing allowed": {"attn_mask": torch.ones(4, 4, dtype=torch.bool).tril(-1)},
    "added": {"attn_mask": torch.arange(16.0).view(4, 4) / 5},
    "shared keys": {"enable_gqa": True},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_options_of_the_fused_call_are_heeded(options):
    def attend(q, k, v):
        if "enable_gqa" in options:
            k, v = k[:, :2], v[:, 2:]
        return F.scaled_dot_product_attention(q, k, v, **options)

    network, pixels = seeded(lambda: Blocks(attend, heads=4)), faces(2, 8, 8)
    seen = record_attention(Probe(network), pixels)
    with torch.no_grad():
        torch.testing.assert_close(seen.scores, network(pixels))
    rows = seen.weights[0].sum(dim=-1)
    blind = torch.zeros(4, dtype=torch.bool)
    blind[0] = "attn_mask" in options and not options["attn_mask"][0].any()
    torch.testing.assert_close(rows, (~blind).float().expand_as(rows))


def test_frozen_weights_have_gradients_too():
    network = seeded(lambda: Blocks(fused)).requires_grad_(False)
    free = seeded(lambda: Blocks(fused))
    about = torch.tensor([1, 2])
    found, expected = (
        record_attention(Probe(n), faces(2, 8, 8), gradients=True).gradients(about) for n in (network, free)
    )
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("written", [fused, spelt_out])
def test_gradients_equal_differences(written):
    """One weight moved by a little, by hand, in double precision."""
    moved = {"by": 0.0}

    def attend(q, k, v):
        weights = (q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5).softmax(dim=-1)
        nudge = torch.zeros_like(weights)
        nudge[0, 1, 2, 3] = moved["by"]
        return (weights + nudge) @ v

    pixels, about = faces(1, 8, 8).double(), torch.tensor([2])
    network = seeded(lambda: Blocks(attend)).double()
    heard = seeded(lambda: Blocks(written)).double()
    slope = record_attention(Probe(heard), pixels, gradients=True).gradients(about)[0][0, 1, 2, 3]
    scores = []
    for by in (1e-5, -1e-5):
        moved["by"] = by
        scores.append(network(pixels)[0, 2].detach())
    torch.testing.assert_close(slope, (scores[0] - scores[1]).to(slope) / 2e-5, rtol=1e-4, atol=1e-7)


def test_leaves_no_trace():
    network, pixels = transformer("vit"), faces(2, 32, 32)
    with torch.no_grad():
        before = network(pixels).logits
    seen = record_attention(Probe(network), pixels, gradients=True)
    seen.gradients(torch.tensor([0, 1]))
    with torch.no_grad():
        assert torch.equal(network(pixels).logits, before)
    assert all(p.grad is None and p.requires_grad for p in network.parameters())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())
    assert torch.backends.mha.get_fastpath_enabled()


def test_an_error_in_the_middle_leaves_no_trace():
    class Failing(Blocks):
        def forward(self, pixels):
            super().forward(pixels)
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        record_attention(Probe(seeded(lambda: Failing(fused))), faces(2, 8, 8))
    assert not torch.overrides._get_current_function_mode_stack()
    assert torch.is_grad_enabled()


def test_softmaxes_that_are_no_attention_are_passed_by():
    class Gated(Blocks):
        def forward(self, pixels):
            # over channels of a square map, and over class scores
            gate = F.softmax(pixels, dim=1)
            return super().forward(pixels * gate).softmax(dim=-1)

    assert len(record_attention(Probe(seeded(lambda: Gated(fused))), faces(4, 8, 8)).weights) == 1


def test_a_network_without_attention_is_sent_elsewhere():
    with pytest.raises(UnknownName, match=r"none in CurvedCNN.*gradcam.*occlusion"):
        record_attention(Probe(seeded(CurvedCNN)), faces(2))


@pytest.mark.parametrize("count", [1, 2])
def test_attention_in_windows_is_refused(count):
    with pytest.raises(UnknownName, match=r"windows.*Swin|Swin.*windows"):
        record_attention(Probe(transformer("swin")), faces(count, 32, 32))


def test_tokens_that_are_no_grid_are_refused():
    class Half(Blocks):
        def forward(self, pixels):
            return super().forward(pixels[:, :, :4])

    with pytest.raises(UnknownName, match=r"12 x 12 picture.*\[3\] tokens"):
        record_attention(Probe(seeded(lambda: Half(fused))), faces(2, 12, 12))
