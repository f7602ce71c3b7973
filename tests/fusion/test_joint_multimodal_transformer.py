import itertools
import math

import pytest
import torch
import torch.nn.functional as F

from facsight.core.errors import BadRecipe
from facsight.core.sequences import Sequences
from facsight.fusion.joint_multimodal_transformer import JointMultimodalTransformer, attend, positions_of
from fusion_windows import taken, windows_of
from oracles.joint_attention import affine_map
from oracles.joint_transformer import attention, attention_weights, encoded

SIZES = {"face": 4, "audio": 3}
WIDTH = 4
EPS = 1e-5  # of torch's LayerNorm
EVERY = [
    {"share": share, "output": output, "pool": pool}
    for share, output, pool in itertools.product(
        ("query", "none"), ("self_attention", "concatenation"), ("last", "mean")
    )
]


def made(sizes=SIZES, **options):
    torch.manual_seed(0)
    block = JointMultimodalTransformer(sizes, width=WIDTH, **options).double()
    for name, weight in block.named_parameters():
        if "first" in name or "second" in name:  # gains and shifts that are not 1 and 0
            torch.nn.init.uniform_(weight, 0.5, 1.5)
    return block


def layer(linear, part=None):
    """Weights as rows of what comes in, and the bias; one of several parts that are computed at once."""
    weight, bias = linear.weight, linear.bias
    if part is not None:
        which, of = part
        weight, bias = weight.chunk(of)[which], bias.chunk(of)[which]
    return weight.T.tolist(), bias.tolist()


def parts(encoder):
    named = {name: layer(encoder.inward, (k, 3)) for k, name in enumerate(("query", "key", "value"))}
    named |= {name: layer(getattr(encoder, name)) for name in ("outward", "widen", "narrow")}
    return named | {
        name: (getattr(encoder, name).weight.tolist(), getattr(encoder, name).bias.tolist())
        for name in ("first", "second")
    }


def side_by_side(rows):
    return list(itertools.chain.from_iterable(rows))


def written_out(block, windows, b, heads):
    """Features and shares of one window, from the formulas, step by step and pair by pair."""
    names, known = list(SIZES), [windows.known[name][b].tolist() for name in SIZES]
    streams = []
    for name, there in zip(names, known, strict=True):
        rows = windows.streams[name][b].tolist()
        if name in block.aligned.layers:
            rows = [affine_map(row, *layer(block.aligned.layers[name])) for row in rows]
        streams.append([row if k else [0.0] * WIDTH for row, k in zip(rows, there, strict=True)])
    streams.append(
        [affine_map(side_by_side(rows), *layer(block.joint)) for rows in zip(*streams, strict=True)]
    )
    known.append([any(k) for k in zip(*known, strict=True)])
    for i, encoder in enumerate(block.encoders):
        if any(known[i]):
            streams[i] = encoded(streams[i], known[i], parts(encoder[0]), heads, EPS)
    tokens = {}
    for which, (i, j) in zip(block.crossing.sets, block.pairs, strict=True):
        if any(known[j]):
            crossing = block.crossing
            q = [affine_map(row, *layer(crossing.query[which])) for row in streams[i]]
            k, v = (
                [affine_map(row, *layer(crossing.keyed[which], (part, 2))) for row in streams[j]]
                for part in (0, 1)
            )
            attended = attention(q, k, v, known[j], heads)
            tokens[i, j] = [affine_map(row, *layer(crossing.outward[which])) for row in attended]
    return [step_of(block, tokens, known, t, heads) for t in range(len(known[0]))]


def step_of(block, tokens, known, t, heads):
    """What a step's tokens come to, and the weight of each modality."""
    counts = [known[i][t] and known[j][t] for i, j in block.pairs]
    rows = [
        tokens[pair][t] if there else [0.0] * WIDTH for pair, there in zip(block.pairs, counts, strict=True)
    ]
    if not any(counts):
        return [0.0] * WIDTH, [0.0, 0.0]
    if block.tokens is None:
        return affine_map(side_by_side(rows), *layer(block.read)), None
    rows = encoded(rows, counts, parts(block.tokens), heads, EPS)
    queries = [affine_map(row, *layer(block.read.query)) for row in rows]
    keys, values = ([affine_map(row, *layer(block.read.keyed, (part, 2))) for row in rows] for part in (0, 1))
    counted = [p for p, there in enumerate(counts) if there]
    asking = counted[-1:] if block.read.last else counted
    answers = attention([queries[p] for p in asking], keys, values, counts, heads)
    answers = [affine_map(row, *layer(block.read.outward)) for row in answers]
    size = WIDTH // heads
    weights = [
        sum(
            attention_weights(queries[p], keys, counts, range(h * size, (h + 1) * size))[token]
            for p in asking
            for h in range(heads)
        )
        / (heads * len(asking))
        for token in range(len(rows))
    ]
    shares = [0.0, 0.0]
    present = [m for m in (0, 1) if known[m][t]]
    for weight, (i, _) in zip(weights, block.pairs, strict=True):
        for m in [i] if i < 2 else present:
            shares[m] += weight if i < 2 else weight / len(present)
    return [sum(column) / len(answers) for column in zip(*answers, strict=True)], shares


def test_attention_by_hand():
    """Scores of 0 and ln 3 weigh values as 1 to 3; an unknown step weighs nothing."""
    key = torch.tensor([[[0.0], [math.log(3)], [5.0]]]).double()
    value = torch.tensor([[[1.0], [5.0], [99.0]]]).double()
    known = torch.tensor([[True, True, False]])
    torch.testing.assert_close(
        attend(torch.ones(1, 1, 1).double(), key, value, known, 1), torch.tensor([[[4.0]]]).double()
    )


def test_pairs_are_counted():
    assert len(JointMultimodalTransformer({"face": 2}, width=2).pairs) == 2
    assert len(JointMultimodalTransformer({"face": 2, "audio": 2}, width=2).pairs) == 6
    assert len(JointMultimodalTransformer({"a": 2, "b": 2, "c": 2}, width=2).pairs) == 12


def test_matrices_are_shared_by_the_receiving_stream():
    assert made(share="query").crossing.sets == [0, 0, 1, 1, 2, 2]
    assert made(share="none").crossing.sets == [0, 1, 2, 3, 4, 5]
    assert len(made(share="query").crossing.outward) == 3


@pytest.mark.parametrize("options", EVERY, ids=lambda o: "-".join(o.values()))
@pytest.mark.parametrize("heads", [1, 2])
def test_it_is_what_the_formulas_say(options, heads, generator):
    windows = windows_of(SIZES, steps=4, generator=generator)
    block = made(heads=heads, **options)
    said = block(windows)
    for b in range(len(windows)):
        expected = written_out(block, windows, b, heads)
        features = torch.tensor([row for row, _ in expected], dtype=torch.float64)
        torch.testing.assert_close(said.features[b], features, rtol=0, atol=1e-10)
        if said.shares is not None:
            shares = torch.tensor([row for _, row in expected], dtype=torch.float64)
            torch.testing.assert_close(
                torch.stack([said.shares[name][b] for name in SIZES], dim=-1), shares, rtol=0, atol=1e-10
            )


def test_an_encoder_is_torchs_own_layer(generator):
    """One head, normalised after each sum, as many hidden units as features, no dropout."""
    ours = made().encoders[0][0]
    theirs = torch.nn.TransformerEncoderLayer(WIDTH, 1, WIDTH, dropout=0.0, batch_first=True).double()
    theirs.self_attn.in_proj_weight, theirs.self_attn.in_proj_bias = ours.inward.weight, ours.inward.bias
    theirs.self_attn.out_proj.load_state_dict(ours.outward.state_dict())
    for here, there in (("widen", "linear1"), ("narrow", "linear2"), ("first", "norm1"), ("second", "norm2")):
        getattr(theirs, there).load_state_dict(getattr(ours, here).state_dict())
    stream = torch.randn(3, 5, WIDTH, dtype=torch.float64, generator=generator)
    known = torch.tensor([[True] * 5, [True, False, True, True, False], [True, True, True, False, False]])
    expected = theirs(stream, src_key_padding_mask=~known)
    torch.testing.assert_close(ours(stream, known)[known], expected[known])


@pytest.mark.parametrize("options", EVERY, ids=lambda o: "-".join(o.values()))
def test_a_window_does_not_depend_on_the_others(options, generator):
    """The releases attend across the batch."""
    windows = windows_of(SIZES, generator=generator)
    block = made(**options)
    said = block(windows).features
    torch.testing.assert_close(block(taken(windows, [2, 0, 1])).features, said[[2, 0, 1]], rtol=0, atol=1e-12)
    for b in range(3):
        torch.testing.assert_close(block(taken(windows, [b])).features, said[[b]], rtol=0, atol=1e-12)


@pytest.mark.parametrize("options", EVERY, ids=lambda o: "-".join(o.values()))
def test_steps_come_out_where_they_went_in(options, generator):
    """Without positions, steps in another order come out in that order."""
    windows = windows_of(SIZES, generator=generator, gaps=False)
    order = [3, 0, 4, 1, 2]
    moved = windows.encoded({name: stream[:, order] for name, stream in windows.streams.items()})
    block = made(**options)
    torch.testing.assert_close(block(moved).features, block(windows).features[:, order])
    other = made(positions=True, **options)
    assert (other(moved).features - other(windows).features[:, order]).abs().max() > 1e-3


@pytest.mark.parametrize("options", EVERY, ids=lambda o: "-".join(o.values()))
def test_what_is_not_known_weighs_nothing(options, generator):
    windows = windows_of(SIZES, generator=generator)
    other = Sequences(
        {
            name: s.masked_fill(~windows.known[name].unsqueeze(-1), 99.0)
            for name, s in windows.streams.items()
        },
        windows.known,
        windows.inside,
    )
    block = made(**options)
    torch.testing.assert_close(block(other).features, block(windows).features)


def test_padding_changes_nothing(generator):
    windows = windows_of(SIZES, steps=4, generator=generator, gaps=False)
    longer = Sequences(
        {name: F.pad(stream, (0, 0, 0, 3)) for name, stream in windows.streams.items()},
        {name: F.pad(known, (0, 3)) for name, known in windows.known.items()},
        F.pad(windows.inside, (0, 3)),
    )
    block = made(positions=True)
    torch.testing.assert_close(block(longer).features[:, :4], block(windows).features)


@pytest.mark.parametrize("pool", ["last", "mean"])
def test_shares_are_of_what_is_known(pool, generator):
    windows = windows_of(SIZES, generator=generator)
    shares = made(pool=pool)(windows).shares
    total = sum(shares.values())
    anything = windows.known["face"] | windows.known["audio"]
    torch.testing.assert_close(total, anything.double())
    for name in SIZES:
        assert (shares[name][~windows.known[name]] == 0).all()
        assert (shares[name][windows.known[name]] > 0).all()


@pytest.mark.parametrize("options", EVERY, ids=lambda o: "-".join(o.values()))
def test_both_modalities_and_every_weight_are_learnt_from(options, generator):
    windows = windows_of(SIZES, generator=generator, gaps=False)
    leaves = {name: stream.clone().requires_grad_() for name, stream in windows.streams.items()}
    block = made(**options)
    features = block(windows.encoded(leaves)).features
    (features * torch.randn(features.shape, dtype=features.dtype, generator=generator)).sum().backward()
    assert all(leaf.grad.abs().max() > 0 for leaf in leaves.values())
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in block.parameters())


@pytest.mark.parametrize("pool", ["last", "mean"])
def test_gradients(pool, generator):
    sizes = {"face": 2, "audio": 2}
    windows = windows_of(sizes, batch=2, steps=3, generator=generator)
    torch.manual_seed(0)
    block = JointMultimodalTransformer(sizes, width=2, pool=pool).double()

    def features(face, audio):
        return block(windows.encoded({"face": face, "audio": audio})).features

    leaves = tuple(stream.clone().requires_grad_() for stream in windows.streams.values())
    assert torch.autograd.gradcheck(features, leaves)


def test_nothing_known_at_all_is_finite_and_so_are_its_gradients(generator):
    windows = windows_of(SIZES, generator=generator).missing(SIZES)
    block = made()
    said = block(windows)
    assert torch.equal(said.features, torch.zeros_like(said.features))
    assert all((share == 0).all() for share in said.shares.values())
    said.features.sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in block.parameters())


def test_positions_turn_at_their_rates():
    table = positions_of(7, 6)
    assert table[3, 0].item() == pytest.approx(math.sin(3))
    assert table[3, 3].item() == pytest.approx(math.cos(3))
    assert table[6, 2].item() == pytest.approx(math.sin(6 * 10000 ** (-2 / 3)), rel=1e-5)


def test_bad_options():
    with pytest.raises(BadRecipe, match="3 heads for a width of 4"):
        JointMultimodalTransformer(SIZES, width=4, heads=3)
    with pytest.raises(BadRecipe, match="layers"):
        JointMultimodalTransformer(SIZES, width=4, layers=0)
