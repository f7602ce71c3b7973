"""What every encoder of the catalogue keeps, whatever its paper."""

import pytest
import torch

from facsight import catalog
from facsight.core.errors import BadRecipe

WAV2VEC2 = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": [8, 8],
    "conv_kernel": [10, 4],
    "conv_stride": [5, 2],
    "num_feat_extract_layers": 2,
    "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
    "mask_time_prob": 0.0,
    "layerdrop": 0.0,
    "hidden_dropout": 0.0,
    "attention_dropout": 0.0,
    "feat_proj_dropout": 0.0,
    "activation_dropout": 0.0,
}
BERT = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "vocab_size": 50,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}
STEPS = 5
#: The shape of a step and small options.
CASES = {
    "linear": ((3, 2), {"size": 6}),
    "perceptron": ((3, 2), {"size": 6, "dropout": 0.0, "input_dropout": 0.0}),
    "from_rest": ((3, 2), {"size": 6}),
    "log_mel_cnn": ((4, 16), {"size": 6, "widths": [4, 8], "blocks": [1, 2], "dropout": 0.0}),
    "vggish": ((16, 16), {"size": 6, "width": 2}),
    "physiology": ((8, 2), {"size": 6, "widths": [4, 4], "kernel": 3, "dropout": 0.0}),
    "r2plus1d": ((3, 1, 8, 8), {"size": 6, "widths": [8, 16], "blocks": [1, 1]}),
    "r2plus1d of faces": ((8, 8), {"size": 6, "widths": [8, 16], "blocks": [1, 1]}),
    "factored_transformer": ((8, 8, 3), {"size": 6, "patch": 4, "heads": 2, "layers": 1, "dropout": 0.0}),
    "inflated": ((16, 16), {"options": {"widths": [4, 4, 6], "blocks": [1, 1, 1], "stem": 4}}),
    "face_backbone": (
        (2, 16, 16),
        {"size": 6, "options": {"widths": [4, 4, 4], "blocks": [1, 1, 1], "stem": 4}},
    ),
    "transformers_audio": ((40,), {"size": 6, "kind": "wav2vec2", "config": WAV2VEC2, "train": "all"}),
    "transformers_text": ((3,), {"size": 6, "kind": "bert", "config": BERT, "train": "all"}),
    "low_rank_text": ((3,), {"kind": "bert", "config": BERT | {"hidden_size": 6}, "rank": 2, "dropout": 0.0}),
}
ANY_SHAPE = {"linear", "perceptron", "from_rest"}
WORDS = {"transformers_text", "low_rank_text"}
#: What they read is data: no gradient goes further.
LEAVES = WORDS | {"transformers_audio"}
#: Batch normalisation: in training, and only there, windows of a batch share their statistics.
SHARED = {"perceptron", "log_mel_cnn", "physiology", "face_backbone", "inflated"}
EVERY = pytest.mark.parametrize("name", CASES)


def made(name):
    shape, options = CASES[name]
    torch.manual_seed(0)
    encoder = catalog.load("encoders", name.split()[0])(shape, **options).double()
    for parameter in encoder.parameters():  # a last scale of 0 would hide what a block does
        if parameter.requires_grad and not parameter.any():
            torch.nn.init.constant_(parameter, 0.5)
    return encoder.eval()


def some(name, batch=3):
    """Streams with gaps and padding, 0 where they are not known."""
    generator = torch.Generator().manual_seed(1)
    shape = (batch, STEPS, *CASES[name][0])
    if name in WORDS:
        stream = torch.randint(0, 50, shape, generator=generator).double()
    else:
        stream = torch.randn(shape, generator=generator, dtype=torch.float64)
    known = torch.ones(batch, STEPS, dtype=torch.bool)
    known[0, 3:] = False
    known[1, 1] = False
    return blanked(stream, known), known


def blanked(stream, known, value=0.0):
    return torch.where(known.reshape(*known.shape, *[1] * (stream.ndim - 2)), stream, value)


def close(one, other):
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)


def test_every_encoder_has_a_case():
    assert {name.split()[0] for name in CASES} == catalog.ENCODERS.keys()


@EVERY
def test_the_size_is_told(name):
    encoder, (stream, known) = made(name), some(name)
    assert encoder(stream, known).shape == (3, STEPS, encoder.size)
    assert encoder.size == 6


@EVERY
def test_a_window_does_not_depend_on_its_batch(name):
    encoder, (stream, known) = made(name), some(name)
    for mode in (True, False):
        if mode and name in SHARED:
            continue
        encoder.train(mode)
        whole = encoder(stream, known)
        for which in ([2, 0, 1], [1], [2, 2, 0]):
            found = encoder(stream[which], known[which])
            close(found[known[which]], whole[which][known[which]])


@EVERY
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_what_is_not_known_is_not_seen(name, mode):
    """Not even by the statistics of a batch in training."""
    encoder, (stream, known) = made(name).train(mode == "train"), some(name)
    said = encoder(stream, known)
    other = encoder(blanked(stream, known, 7.0), known)
    close(other[known], said[known])


@EVERY
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_padding_changes_nothing(name, mode):
    encoder, (stream, known) = made(name).train(mode == "train"), some(name)
    said = encoder(stream, known)
    longer = torch.cat([stream, torch.zeros_like(stream)], dim=1)
    more = encoder(longer, torch.cat([known, torch.zeros_like(known)], dim=1))
    close(more[:, :STEPS][known], said[known])


@EVERY
def test_padding_does_not_enter_running_averages(name):
    stream, known = some(name)
    one, other = made(name).train(), made(name).train()
    one(stream, known)
    longer = torch.cat([stream, torch.zeros_like(stream)], dim=1)
    other(longer, torch.cat([known, torch.zeros_like(known)], dim=1))
    for (label, buffer), again in zip(one.named_buffers(), other.buffers(), strict=True):
        torch.testing.assert_close(again, buffer, msg=label)


@EVERY
def test_nothing_known_is_finite(name):
    stream, known = some(name)
    for mode in (True, False):
        said = made(name).train(mode)(torch.zeros_like(stream), torch.zeros_like(known))
        assert said.shape == (3, STEPS, 6)
        assert said.isfinite().all()


@EVERY
def test_every_parameter_is_learnt_from(name):
    encoder, (stream, known) = made(name).train(), some(name, batch=6)
    if name not in LEAVES:
        stream.requires_grad_()
    said = encoder(stream, known)
    weights = torch.randn(said.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    (said * weights)[known].sum().backward()
    if stream.requires_grad:
        assert stream.grad[known].flatten(1).abs().sum(dim=1).gt(0).all()
        assert stream.grad[~known].eq(0).all()
    unused = ("masked_spec_embed", "pooler")  # parts of published networks that have no say here
    still = [
        n
        for n, p in encoder.named_parameters()
        if p.requires_grad
        and not any(word in n for word in unused)
        and (p.grad is None or not p.grad.abs().sum() > 0)
    ]
    assert not still


@EVERY
def test_a_single_step_is_enough(name):
    stream, _ = some(name)
    said = made(name)(stream[:1, :1], torch.ones(1, 1, dtype=torch.bool))
    assert said.shape == (1, 1, 6)
    assert said.isfinite().all()


@EVERY
def test_half_precision_is_finite(name):
    encoder, (stream, known) = made(name).float(), some(name)
    with torch.autocast("cpu", torch.bfloat16):
        assert encoder(stream.float(), known).isfinite().all()


@pytest.mark.parametrize("name", [name for name in CASES if name not in ANY_SHAPE | {"r2plus1d of faces"}])
def test_another_shape_is_refused_before_anything_is_made(name):
    shape, options = CASES[name]
    with pytest.raises(BadRecipe, match="expect"):
        catalog.load("encoders", name.split()[0])((*shape, 2, 2), **options)
