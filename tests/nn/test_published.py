"""Published weights of vision transformers: both ways of naming, other sizes, leftovers, refusals."""

import pytest
import torch
from safetensors.torch import save_file
from transformers import ViTConfig, ViTModel

from facsight.core.errors import BadCheckpoint, BadFaces, BadRecipe, MissingData
from facsight.nn.plain_vit import PlainViT
from facsight.nn.published import resized_positions, start_from_published
from facsight.nn.weights import build_network, start_from

SIZES = {"patch": 4, "width": 16, "depth": 2, "heads": 4}


def of_transformers(side=16):
    """The independent network: transformers' own, with random weights everywhere."""
    torch.manual_seed(1)
    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        image_size=side,
        patch_size=4,
        layer_norm_eps=1e-6,
    )
    network = ViTModel(config, add_pooling_layer=False).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return network


def published_by(network, path, mark="", **more):
    """Its tensors under the names of published files of transformers, whatever this version calls them."""
    block = {
        "attention.q_proj": "attention.attention.query",
        "attention.k_proj": "attention.attention.key",
        "attention.v_proj": "attention.attention.value",
        "attention.o_proj": "attention.output.dense",
        "mlp.fc1": "intermediate.dense",
        "mlp.fc2": "output.dense",
    }
    found = {}
    for name, tensor in network.state_dict().items():
        name = name.replace("layers.", "encoder.layer.") if name.startswith("layers.") else name
        for own, published in block.items():
            name = name.replace(own, published)
        found[mark + name] = tensor.clone()
    save_file(found | more, path)
    return found


def as_timm(found):
    """The same tensors as timm and the masked autoencoder's release name them, written down by hand."""
    told = {
        "cls_token": found["embeddings.cls_token"],
        "pos_embed": found["embeddings.position_embeddings"],
        "norm.weight": found["layernorm.weight"],
        "norm.bias": found["layernorm.bias"],
    }
    for kind in ("weight", "bias"):
        told[f"patch_embed.proj.{kind}"] = found[f"embeddings.patch_embeddings.projection.{kind}"]
        for k in range(2):
            old, new = f"encoder.layer.{k}.", f"blocks.{k}."
            told[f"{new}norm1.{kind}"] = found[f"{old}layernorm_before.{kind}"]
            told[f"{new}norm2.{kind}"] = found[f"{old}layernorm_after.{kind}"]
            told[f"{new}attn.qkv.{kind}"] = torch.cat(
                [found[f"{old}attention.attention.{one}.{kind}"] for one in ("query", "key", "value")]
            )
            told[f"{new}attn.proj.{kind}"] = found[f"{old}attention.output.dense.{kind}"]
            told[f"{new}mlp.fc1.{kind}"] = found[f"{old}intermediate.dense.{kind}"]
            told[f"{new}mlp.fc2.{kind}"] = found[f"{old}output.dense.{kind}"]
    return {name: tensor.clone() for name, tensor in told.items()}


def tokens_of(network, pixels):
    with torch.no_grad():
        return network(pixels.expand(-1, 3, -1, -1)).last_hidden_state[:, 1:]


@pytest.mark.parametrize("mark", ["", "vit."])
def test_the_same_features_as_in_transformers(mark, tmp_path, generator):
    oracle, network = of_transformers(), PlainViT(side=16, **SIZES)
    published_by(oracle, tmp_path / "vit.safetensors", mark)
    told = start_from_published(network, tmp_path / "vit.safetensors")
    assert (told.left_out, told.kept, told.positions) == ((), (), "")
    pixels = torch.randn(3, 1, 16, 16, generator=generator)
    (maps,) = network(pixels)
    torch.testing.assert_close(
        maps.flatten(2).transpose(1, 2), tokens_of(oracle, pixels), atol=1e-5, rtol=1e-4
    )


def test_names_of_timm_and_of_a_masked_autoencoder_with_its_decoder_left_out(tmp_path, generator):
    oracle, network = of_transformers(), PlainViT(side=16, **SIZES)
    found = published_by(oracle, tmp_path / "hf.safetensors")
    more = {"mask_token": torch.zeros(1, 1, 8), "decoder_embed.weight": torch.zeros(8, 16)}
    save_file(as_timm(found) | more, tmp_path / "mae.safetensors")
    told = start_from_published(network, tmp_path / "mae.safetensors")
    assert told.left_out == ("decoder_embed.weight", "mask_token")
    pixels = torch.randn(2, 1, 16, 16, generator=generator)
    torch.testing.assert_close(
        network(pixels)[0].flatten(2).transpose(1, 2), tokens_of(oracle, pixels), atol=1e-5, rtol=1e-4
    )


def test_positions_of_another_size_are_interpolated_and_told(tmp_path):
    network = PlainViT(side=24, **SIZES)
    found = published_by(of_transformers(), tmp_path / "vit.safetensors")
    told = start_from_published(network, tmp_path / "vit.safetensors")
    assert told.positions == "16 places interpolated to 36"
    assert torch.equal(network.pos_embed[:, 0], found["embeddings.position_embeddings"][:, 0])


def test_positions_by_hand():
    """Rows that rise by 1, twice as many: cubic convolution with a = -3/4, as the release interpolates."""
    rows = torch.arange(8.0)[:, None].expand(8, 8).reshape(1, 64, 1)
    positions = torch.cat([torch.full((1, 1, 1), 9.0), rows], dim=1)
    assert torch.equal(resized_positions(positions, 8), positions)
    wider = resized_positions(positions, 16)[0]
    assert wider[0] == 9
    # the centre of the new row 7 lies at 7.5 / 2 - 0.5 = 3.25 old rows; those at distances d of 1/4 and 3/4
    # count (a + 2) d^3 - (a + 3) d^2 + 1, and those at 5/4 and 7/4 count a (d^3 - 5 d^2 + 8 d - 4)
    near = [1.25 * d**3 - 2.25 * d**2 + 1 for d in (0.25, 0.75)]
    far = [-0.75 * (d**3 - 5 * d**2 + 8 * d - 4) for d in (1.25, 1.75)]
    wanted = 2 * far[0] + 3 * near[0] + 4 * near[1] + 5 * far[1]
    assert wider[1:].reshape(16, 16)[7].tolist() == pytest.approx([wanted] * 16)


def test_a_last_normalisation_that_is_not_published_stays_and_is_told(tmp_path):
    found = as_timm(published_by(of_transformers(), tmp_path / "hf.safetensors"))
    less = {name: tensor for name, tensor in found.items() if not name.startswith("norm.")}
    save_file(less | {"fc_norm.weight": torch.ones(16)}, tmp_path / "pooled.safetensors")
    told = start_from_published(PlainViT(side=16, **SIZES), tmp_path / "pooled.safetensors")
    assert told.kept == ("norm.bias", "norm.weight")
    assert told.left_out == ("fc_norm.weight",)


def test_a_network_of_a_recipe_starts_from_it(tmp_path):
    published_by(of_transformers(), tmp_path / "vit.safetensors")
    network = build_network(3, name="plain_vit", side=16, **SIZES)
    head = network.head.state_dict()
    before = {name: tensor.clone() for name, tensor in head.items()}
    told = start_from(network, tmp_path / "vit.safetensors")
    assert told is not None
    assert len(told.loaded) == len(network.backbone.state_dict())
    assert all(torch.equal(head[name], before[name]) for name in head)


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ({"width": 32}, r"is \(1, 1, 16\), the network has \(1, 1, 32\)"),
        ({"depth": 1}, "deeper than the network"),
        ({"depth": 3}, r"lacks 'blocks.2"),
    ],
)
def test_another_size_is_refused(sizes, told, tmp_path):
    published_by(of_transformers(), tmp_path / "vit.safetensors")
    with pytest.raises(BadCheckpoint, match=told):
        start_from_published(PlainViT(side=16, **(SIZES | sizes)), tmp_path / "vit.safetensors")


@pytest.mark.parametrize("name", ["mae_vit_base.pth", "pytorch_model.bin"])
def test_pickles_are_refused_unopened_with_the_way_out(name, tmp_path):
    (tmp_path / name).write_bytes(b"cos\nsystem\n")
    for network in ("plain_vit", "small_deit"):
        sizes = SIZES if network == "plain_vit" else {}
        with pytest.raises(BadCheckpoint, match=r"is a pickle.*save_file"):
            start_from(build_network(3, name=network, side=16, **sizes), tmp_path / name)


def test_what_is_no_vision_transformer(tmp_path):
    network = PlainViT(side=16, **SIZES)
    save_file({"conv1.weight": torch.zeros(3)}, tmp_path / "resnet.safetensors")
    with pytest.raises(BadCheckpoint, match="lacks 'cls_token'"):
        start_from_published(network, tmp_path / "resnet.safetensors")
    (tmp_path / "odd.safetensors").write_bytes(b"nothing")
    with pytest.raises(BadCheckpoint, match="not a whole safetensors"):
        start_from_published(network, tmp_path / "odd.safetensors")
    with pytest.raises(MissingData, match="no weights file"):
        start_from_published(network, tmp_path / "nowhere.safetensors")
    with pytest.raises(BadCheckpoint, match="square grid"):
        resized_positions(torch.zeros(1, 4, 2), 3)


def test_sizes_that_do_not_fit():
    with pytest.raises(BadRecipe, match="patch divides"):
        PlainViT(side=18, **SIZES)
    with pytest.raises(BadFaces, match=r"network\.side"):
        PlainViT(side=16, **SIZES)(torch.zeros(1, 1, 20, 20))
