"""Low-rank changes of a language model: what is trained, kept, copied and refused."""

import copy
from pathlib import Path

import pytest
import torch

from facsight.core.errors import BadCheckpoint, BadRecipe, MissingData
from facsight.nn.encoders.low_rank_text import LowRankText
from facsight.nn.weights import load_state
from tiny_language import save_llama

TOKENS = torch.tensor([[[1.0, 5, 9, 2, 0, 0]], [[1, 7, 2, 0, 0, 0]], [[0, 0, 0, 0, 0, 0]]])
KNOWN = torch.ones(3, 1, dtype=torch.bool)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("llama")
    save_llama(folder, 20)
    return str(folder)


def changed(encoder):
    """The encoder with changes drawn at random."""
    draw = torch.Generator().manual_seed(1)
    for parameter in encoder.parameters():
        if parameter.requires_grad:
            parameter.data = torch.randn(parameter.shape, generator=draw).to(parameter.dtype)
    return encoder.eval()


def test_it_starts_as_the_published_model(weights):
    """The second matrices start at 0: W x + B A x = W x."""
    from transformers import AutoModel

    encoder = LowRankText((6,), pretrained=weights, rank=2).eval()
    states = AutoModel.from_pretrained(weights)(input_ids=torch.tensor([[0, 4, 8, 1]])).last_hidden_state
    torch.testing.assert_close(encoder(TOKENS, KNOWN)[0, 0], states[0, -1])
    assert not encoder(TOKENS, KNOWN)[2].any()  # a text without words


def test_padding_changes_nothing(weights):
    encoder = changed(LowRankText((6,), pretrained=weights, rank=2))
    alone = encoder(TOKENS[1:2, :, :3], KNOWN[1:2])
    torch.testing.assert_close(encoder(TOKENS, KNOWN)[1:2], alone)


def test_a_layer_is_changed_by_the_formula(weights):
    """y = W x + sqrt(rank) B A x."""
    encoder = changed(LowRankText((6,), pretrained=weights, rank=4, dropout=0.0))
    layer = encoder.network.get_submodule("layers.0.mlp.up_proj")
    first, second = layer.lora_A["default"].weight, layer.lora_B["default"].weight
    x = torch.randn(3, 16, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(layer(x), x @ layer.base_layer.weight.T + x @ first.T @ second.T * 2)


def test_only_the_small_matrices_learn_and_are_kept(weights):
    encoder = LowRankText((6,), pretrained=weights, rank=2)
    encoder(TOKENS, KNOWN).square().sum().backward()
    learning = {name for name, p in encoder.named_parameters() if p.grad is not None}
    assert learning
    assert all("lora_" in name for name in learning)
    assert encoder.state_dict().keys() == {n for n, p in encoder.named_parameters() if p.requires_grad} | {
        "read_on"
    }


def test_a_copy_shares_what_is_published(weights):
    encoder = LowRankText((6,), pretrained=weights, rank=2)
    twin = copy.deepcopy(encoder)
    for one, other in zip(encoder.parameters(), twin.parameters(), strict=True):
        assert (one is other) != one.requires_grad
    changed(twin)
    assert not torch.equal(encoder.eval()(TOKENS, KNOWN), twin(TOKENS, KNOWN))


def test_what_was_learnt_is_put_back_on_the_same_weights_only(weights, tmp_path):
    trained = torch.nn.ModuleDict({"text": changed(LowRankText((6,), pretrained=weights, rank=2))})
    fresh = torch.nn.ModuleDict({"text": LowRankText((6,), pretrained=weights, rank=2)}).eval()
    load_state(fresh, trained.state_dict(), Path("run"))
    assert torch.equal(fresh["text"](TOKENS, KNOWN), trained["text"](TOKENS, KNOWN))
    save_llama(tmp_path, 20, seed=1)
    other = torch.nn.ModuleDict({"text": LowRankText((6,), pretrained=str(tmp_path), rank=2)})
    with pytest.raises(BadCheckpoint, match="other published weights"):
        load_state(other, trained.state_dict(), Path("run"))


def test_random_weights_are_kept_whole():
    config = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "vocab_size": 20}
    encoder = LowRankText((6,), kind="bert", config=config | {"intermediate_size": 8}, rank=2)
    assert encoder.state_dict().keys() > {name for name, _ in encoder.named_parameters()}


def test_what_reads_no_words_is_refused():
    with pytest.raises(BadRecipe, match="does not read words"):
        LowRankText((6,), kind="vit")
    with pytest.raises(BadRecipe, match="steps of"):
        LowRankText((6, 2), kind="bert", config={"hidden_size": 12})


@pytest.fixture(scope="module")
def wide_weights(tmp_path_factory):
    """Layers of a width that four-bit blocks of 64 weights divide."""
    pytest.importorskip("bitsandbytes", reason="four-bit weights need bitsandbytes")
    folder = tmp_path_factory.mktemp("wide")
    save_llama(folder, 20, width=64)
    return str(folder)


def test_four_bits_keep_each_weight_to_the_nearest_level(wide_weights):
    """By hand: the 16 levels of QLoRA, appendix E, times the largest weight of each block of 64."""
    from bitsandbytes.functional import dequantize_4bit
    from transformers import AutoModel

    upper = [0.0796, 0.1609, 0.2461, 0.3379, 0.4407, 0.5626, 0.7230, 1.0]
    lower = [-1.0, -0.6962, -0.5251, -0.3949, -0.2844, -0.1848, -0.0911]
    levels = torch.tensor([*lower, 0.0, *upper])
    encoder = LowRankText((6,), pretrained=wide_weights, rank=2, precision="nf4")
    exact = AutoModel.from_pretrained(wide_weights).layers[0].mlp.up_proj.weight.detach()
    kept = encoder.network.get_submodule("layers.0.mlp.up_proj").base_layer.weight
    blocks = exact.reshape(-1, 64)
    largest = blocks.abs().amax(dim=1, keepdim=True)
    nearest = levels[(blocks[:, :, None] / largest[:, :, None] - levels).abs().argmin(dim=2)] * largest
    found = dequantize_4bit(kept.data, kept.quant_state).float().reshape(-1, 64)
    furthest = ((found - blocks).abs() - (nearest - blocks).abs()) / largest
    assert furthest.abs().max() < 1e-3  # levels are told to four digits
    assert (found - blocks).abs().max() > 0.01 * largest.max()
    assert kept.numel() * kept.element_size() == exact.numel() // 2


def test_low_rank_changes_learn_on_four_bits_and_are_all_that_is_kept(wide_weights):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder = LowRankText((6,), pretrained=wide_weights, rank=2, dropout=0.0, precision="nf4")
    wanted = torch.randn(2, 64, generator=torch.Generator().manual_seed(0))
    learning = [p for p in encoder.parameters() if p.requires_grad]
    optimizer, costs = torch.optim.AdamW(learning, lr=1e-2), []
    for _ in range(30):
        cost = (encoder(TOKENS, KNOWN)[:2, 0] - wanted).square().mean()
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
        costs.append(cost.item())
    assert costs[-1] < 0.5 * costs[0]
    assert encoder.state_dict().keys() == {n for n, p in encoder.named_parameters() if p.requires_grad} | {
        "read_on"
    }


def test_what_was_learnt_on_four_bits_comes_back_on_four_bits_only(wide_weights):
    options = {"pretrained": wide_weights, "rank": 2}
    trained = torch.nn.ModuleDict({"text": changed(LowRankText((6,), precision="nf4", **options))})
    fresh = torch.nn.ModuleDict({"text": LowRankText((6,), precision="nf4", **options)}).eval()
    load_state(fresh, trained.state_dict(), Path("run"))
    assert torch.equal(fresh["text"](TOKENS, KNOWN), trained["text"](TOKENS, KNOWN))
    with pytest.raises(BadCheckpoint, match="another precision"):
        load_state(
            torch.nn.ModuleDict({"text": LowRankText((6,), **options)}), trained.state_dict(), Path("run")
        )


def test_precisions_that_are_not_there_are_refused(weights, monkeypatch):
    with pytest.raises(BadRecipe, match="four bits are for published weights"):
        LowRankText((6,), kind="bert", config={}, precision="nf4")
    monkeypatch.setattr("facsight.nn.release.find_spec", lambda _: None)
    with pytest.raises(MissingData, match="bitsandbytes"):
        LowRankText((6,), pretrained=weights, precision="nf4")
