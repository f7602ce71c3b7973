"""What single encoders do beyond what all of them keep."""

import pytest
import torch

from facsight.core.errors import BadCheckpoint, BadRecipe, BadTable, UnknownName
from facsight.nn.encoders.factored_transformer import FactoredTransformer
from facsight.nn.encoders.from_rest import FromRest
from facsight.nn.encoders.linear import LinearEncoder
from facsight.nn.encoders.log_mel_cnn import LogMelCNN
from facsight.nn.encoders.r2plus1d import R2Plus1D, _conv
from facsight.nn.encoders.transformers_audio import TransformersAudio
from facsight.nn.encoders.transformers_text import TransformersText
from facsight.nn.encoders.vggish import VGGish
from facsight.nn.release import Released, last_layers

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
}
BERT = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "vocab_size": 50,
}
ALL = torch.ones(1, 4, dtype=torch.bool)


def test_a_linear_layer_is_normalised():
    """Features 2 and 0 of the layer: mean 1, deviation 1."""
    encoder = LinearEncoder((2,), size=2)
    torch.nn.init.eye_(encoder.layer[1].weight)
    torch.nn.init.zeros_(encoder.layer[1].bias)
    said = encoder(torch.tensor([[[2.0, 0.0]]]), torch.ones(1, 1, dtype=torch.bool))
    torch.testing.assert_close(said, torch.tensor([[[1.0, -1.0]]]), atol=1e-4, rtol=0)


def test_rest_is_where_a_window_mostly_is_and_gaps_have_no_part_in_it():
    """Known are 5, 5, 9, 5: the median is 5; the 0 of a gap would have moved nothing, two of them would."""
    encoder = FromRest((1,), size=1)
    torch.nn.init.ones_(encoder.layer.weight)
    torch.nn.init.zeros_(encoder.layer.bias)
    stream = torch.tensor([[[5.0], [0.0], [5.0], [9.0], [0.0], [0.0], [0.0], [5.0]]])
    known = torch.tensor([[True, False, True, True, False, False, False, True]])
    assert encoder(stream, known)[known].flatten().tolist() == [0.0, 0.0, 4.0, 0.0]


def test_who_it_is_says_nothing_from_rest():
    torch.manual_seed(0)
    encoder, stream = FromRest((6,)), torch.randn(2, 9, 6)
    known = torch.ones(2, 9, dtype=torch.bool)
    torch.testing.assert_close(encoder(stream + torch.randn(2, 1, 6), known), encoder(stream, known))


def test_voices_are_read_across_the_borders_of_steps():
    torch.manual_seed(0)
    encoder = LogMelCNN((4, 16), size=6, widths=[4, 8], blocks=[1, 1], dropout=0.0).eval()
    for stage in encoder.stages:
        torch.nn.init.ones_(stage.norms[1].weight)
    stream = torch.randn(1, 8, 4, 16, requires_grad=True)
    said = encoder(stream, torch.ones(1, 8, dtype=torch.bool))
    (said[0, 2] * torch.randn(6)).sum().backward()
    seen = (stream.grad[0].abs().sum(dim=(1, 2)) > 0).tolist()
    assert seen == [True, True, True, True, True, False, False, False]  # 9 frames before frame 8 and after


@pytest.mark.parametrize(("frames", "left"), [(25, 25), (2, 1), (10, 5), (8, 2), (16, 4)])
def test_time_is_halved_as_often_as_a_step_can_be(frames, left):
    encoder = LogMelCNN((frames, 16), widths=[4, 8, 8], blocks=[1, 1, 1])
    assert encoder.frames == left
    assert encoder(torch.zeros(1, 4, frames, 16), ALL).shape == (1, 4, 128)


def test_a_patch_of_the_published_size_has_the_published_layers():
    """96 frames of 64 bands end in 6 x 4 maps of 512 channels (Hershey et al.; the released VGGish)."""
    encoder = VGGish((96, 64), width=64)
    assert encoder.read[0].weight.shape == (4096, 6 * 4 * 512)
    assert encoder.size == 128


def test_convolutions_in_two_parts_have_the_weights_of_one():
    """64 to 64 channels, section 3.5: 3 9 64 64 / (9 64 + 3 64) = 144 in the middle; 64 to 128: 230.4."""
    two = _conv(64, 64, stride=(1, 1))
    assert two[0].out_channels == 144
    assert two[0].weight.numel() + two[3].weight.numel() == 27 * 64 * 64
    two = _conv(64, 128, stride=(2, 2))
    assert two[0].out_channels == 230
    assert 0 <= 27 * 64 * 128 - two[0].weight.numel() - two[3].weight.numel() < 9 * 64 + 3 * 128


@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (1, 2)])
def test_two_parts_without_what_is_between_are_one_convolution(stride):
    """K[o, i, t, y, x] is the sum over the middle of what either part has: padding and strides agree, too."""
    torch.manual_seed(0)
    two = _conv(3, 4, stride=stride).double()
    spatial, temporal = two[0].weight, two[3].weight
    whole = torch.einsum("omt,miyx->oityx", temporal[..., 0, 0], spatial[:, :, 0])
    clip = torch.randn(2, 3, 5, 6, 6, dtype=torch.float64)
    strides = (stride[0], stride[1], stride[1])
    expected = torch.nn.functional.conv3d(clip, whole, stride=strides, padding=1)
    torch.testing.assert_close(two[3](two[0](clip)), expected)


def test_the_network_has_the_weights_that_the_sections_count():
    """18 layers: widths 64 to 512 with 2 blocks each, by 4 convolutions a stage of M (9 N + 3 N') weights."""
    options = {"size": 10, "widths": (64, 128, 256, 512), "blocks": (2, 2, 2, 2)}
    encoder = R2Plus1D((8, 3, 16, 16), **options)

    def weights(n, m, kernel=3):
        middle = 3 * kernel**2 * n * m // (kernel**2 * n + 3 * m)
        return middle * (kernel**2 * n + 3 * m) + 2 * middle + 2 * m  # and two normalisations

    expected = weights(3, 64, kernel=5) + 4 * weights(64, 64) + 512 * 10 + 10
    for n, m in ((64, 128), (128, 256), (256, 512)):
        expected += weights(n, m) + 3 * weights(m, m) + n * m  # and the shortcut
    assert sum(parameter.numel() for parameter in encoder.parameters()) == expected


def test_frames_with_their_colours_last_are_read_like_those_with_colours_first():
    torch.manual_seed(0)
    last = R2Plus1D((4, 8, 8, 3), widths=[8], blocks=[1]).eval()
    first = R2Plus1D((4, 3, 8, 8), widths=[8], blocks=[1]).eval()
    first.load_state_dict(last.state_dict())
    stream = torch.rand(1, 4, 4, 8, 8, 3)
    torch.testing.assert_close(last(stream, ALL), first(stream.movedim(-1, 3), ALL))


def test_faces_along_steps_keep_their_steps_and_see_their_neighbours():
    """The stem and both convolutions of the one block see a step more on either side each: three in all."""
    torch.manual_seed(0)
    encoder = R2Plus1D((8, 8), size=6, widths=[8], blocks=[1]).double().eval()
    for part in encoder.modules():
        if isinstance(part, torch.nn.GroupNorm):  # its statistics see the whole clip
            part.forward = lambda maps: maps
    stream = torch.randn(1, 9, 8, 8, dtype=torch.float64, requires_grad=True)
    said = encoder(stream, torch.ones(1, 9, dtype=torch.bool))
    (said[0, 4] * torch.randn(6, dtype=torch.float64)).sum().backward()
    seen = stream.grad[0].flatten(1).abs().sum(dim=1) > 0
    assert seen.nonzero().flatten().tolist() == list(range(1, 8))


def transformer(**options):
    torch.manual_seed(0)
    return FactoredTransformer((8, 8), **{"size": 6, "patch": 4, "heads": 2, "dropout": 0.0} | options).eval()


def test_attention_is_over_the_picture_and_then_over_time():
    """One layer: a patch hears of another place at another time by way of its own place at that time."""
    layer = transformer(layers=1).layers[0]
    tokens = torch.randn(1, 3, 4, 6)
    space, time = layer.space, layer.time
    normed = layer.norms[0](tokens)
    first = torch.stack([space(one, one, one)[0] for one in normed[0]])[None]
    after = tokens + first
    across = layer.norms[1](after)
    second = torch.stack([time(across[0, :, k], across[0, :, k], across[0, :, k])[0] for k in range(4)], 1)
    after = after + second[None]
    torch.testing.assert_close(layer(tokens), after + layer.mix(layer.norms[2](after)))


def test_without_attention_over_time_and_its_positions_every_face_is_read_alone():
    encoder = transformer(layers=2)
    for layer in encoder.layers:
        torch.nn.init.zeros_(layer.time.out_proj.weight)
        torch.nn.init.zeros_(layer.time.out_proj.bias)
    faces = torch.rand(1, 4, 8, 8) * 255
    together = encoder(faces, ALL)[0]
    changed = faces.clone()
    changed[:, 1:] = 255 - changed[:, 1:]
    torch.testing.assert_close(encoder(changed, ALL)[0, 0], together[0])
    other = transformer(layers=2)(changed, ALL)[0, 0]
    assert (other - transformer(layers=2)(faces, ALL)[0, 0]).abs().max() > 1e-3


def test_the_transformer_has_the_weights_of_its_parts():
    """Patches 16 s + s, places 4 s; a layer: two attentions of 4 s^2 + 4 s, a mixer, three norms; a norm."""
    s, layers = 6, 3
    layer = 2 * (4 * s * s + 4 * s) + 8 * s * s + 5 * s + 3 * 2 * s
    expected = 16 * s + s + 4 * s + layers * layer + 2 * s
    assert sum(parameter.numel() for parameter in transformer(layers=layers).parameters()) == expected


def sound(**options):
    torch.manual_seed(0)
    return TransformersAudio((40,), kind="wav2vec2", config=WAV2VEC2, **options).eval()


def test_states_go_to_the_step_in_which_their_middle_lies():
    """A hop of 10 and a reach of 10 + 3 * 5 = 25 samples: middles at 12, 22, 32, 42, ..."""
    encoder = sound()
    assert (encoder.hop, encoder.reach) == (10, 25)
    states = torch.arange(8.0).unsqueeze(1)
    assert encoder._of_steps(states[:6], 2, 40).flatten().tolist() == [1.0, 4.0]  # 12, 22, 32 | 42, 52, 62
    # steps of 5 samples: where no middle lies in one, the nearest
    assert encoder._of_steps(states[:4], 8, 5).flatten().tolist() == [0, 0, 0, 1, 1, 2, 2, 3]


def test_a_window_is_what_the_network_says_of_its_samples():
    encoder = sound(normalise=False)
    samples = torch.randn(1, 4, 40, generator=torch.Generator().manual_seed(1))
    states = encoder.network.network(samples.reshape(1, 160)).last_hidden_state[0]
    middles = torch.arange(len(states)) * 10 + 12
    wanted = torch.stack(
        [states[(middles >= 40 * k) & (middles < 40 * k + 40)].mean(dim=0) for k in range(4)]
    )
    torch.testing.assert_close(encoder(samples, ALL)[0], wanted)


def test_how_loud_a_window_is_says_nothing_once_normalised():
    samples = torch.randn(1, 4, 40, generator=torch.Generator().manual_seed(1))
    encoder = sound()
    torch.testing.assert_close(encoder(samples * 3, ALL), encoder(samples, ALL), atol=1e-4, rtol=1e-4)


def test_silence_is_finite():
    assert sound()(torch.zeros(1, 4, 40), ALL).isfinite().all()


def trained(encoder):
    return {name for name, parameter in encoder.named_parameters() if parameter.requires_grad}


@pytest.mark.parametrize("made", ["audio", "text"])
def test_what_is_released_is_what_learns(made):
    def make(train, **options):
        if made == "audio":
            return TransformersAudio((40,), size=6, kind="wav2vec2", config=WAV2VEC2, train=train, **options)
        return TransformersText((3,), size=6, kind="bert", config=BERT, train=train, **options)

    assert trained(make("none")) == {"project.weight", "project.bias"}
    last = trained(make("last"))
    inner = {name for name in last if name.startswith("network")}
    assert inner
    assert all(".1." in name and "encoder" in name for name in inner)
    assert len(trained(make("last", layers=2))) > len(last)
    assert len(trained(make("all"))) == len(list(make("all").parameters()))


def test_a_frozen_network_has_no_dropout_in_training():
    encoder = TransformersText((3,), kind="bert", config=BERT | {"hidden_dropout_prob": 0.5}).train()
    words = torch.tensor([[[3.0, 4.0, 0.0]]])
    known = torch.ones(1, 1, dtype=torch.bool)
    assert torch.equal(encoder(words, known), encoder(words, known))
    assert not encoder(words, known).requires_grad


def test_tokens_that_are_none_say_nothing():
    """Three tokens and padding give what the network says of the three."""
    torch.manual_seed(0)
    encoder = TransformersText((5,), kind="bert", config=BERT).eval()
    said = encoder(torch.tensor([[[4.0, 9.0, 2.0, 0.0, 0.0]]]), torch.ones(1, 1, dtype=torch.bool))
    states = encoder.network.network(input_ids=torch.tensor([[3, 8, 1]])).last_hidden_state
    torch.testing.assert_close(said[0, 0], states[0].mean(dim=0))


def test_tokens_of_another_tokeniser_are_told():
    encoder = TransformersText((1,), kind="bert", config=BERT)
    with pytest.raises(BadTable, match="from 1 to 50, found 51"):
        encoder(torch.tensor([[[51.0]]]), torch.ones(1, 1, dtype=torch.bool))


def test_weights_of_a_folder_are_loaded_and_their_absence_is_told(tmp_path):
    from transformers import AutoConfig, AutoModel

    torch.manual_seed(0)
    own = AutoModel.from_config(AutoConfig.for_model("bert", **BERT))
    own.save_pretrained(tmp_path)
    encoder = TransformersText((3,), pretrained=str(tmp_path))
    torch.testing.assert_close(
        encoder.network.network.embeddings.word_embeddings.weight, own.embeddings.word_embeddings.weight
    )
    with pytest.raises(UnknownName, match="nowhere"):
        TransformersText((3,), pretrained=str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: TransformersAudio((40,)), "either"),
        (lambda: TransformersAudio((40,), kind="bert", config=BERT), "does not read samples"),
        (lambda: TransformersText((3,), kind="wav2vec2", config=WAV2VEC2), "does not read words"),
        (lambda: LogMelCNN((4, 4)), "at least 8 bands"),
        (lambda: R2Plus1D((8, 8, 1)), "or of one face"),
        (lambda: R2Plus1D((8, 3, 8, 8), widths=[8], blocks=[1, 1]), "as many depths"),
        (lambda: FactoredTransformer((20, 20)), "patches of 8 pixels"),
        (lambda: FactoredTransformer((16, 16), size=10), "4 heads"),
        (lambda: VGGish((15, 64)), "at least 16 frames"),
    ],
)
def test_bad_recipes(make, told):
    with pytest.raises(BadRecipe, match=told):
        make()


def test_an_amount_that_is_none(unchecked):
    with pytest.raises(BadRecipe, match="found 'some'"):
        Released(torch.nn.Linear(1, 1), "some")


def test_a_network_without_layers_has_no_last_one():
    with pytest.raises(BadCheckpoint, match="no list of layers"):
        last_layers(torch.nn.Linear(1, 1), 1)
