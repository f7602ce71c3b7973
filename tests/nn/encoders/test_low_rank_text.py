"""Low-rank changes of a language model: what is trained, kept, copied and refused."""

import copy
from pathlib import Path

import pytest
import torch

from facsight.core.errors import BadCheckpoint, BadRecipe
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
            parameter.data = torch.randn(parameter.shape, generator=draw)
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
