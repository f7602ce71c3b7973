"""What single encoders do beyond what all of them keep."""

import pytest
import torch

from facsight.core.errors import BadCheckpoint, BadRecipe, BadTable, UnknownName
from facsight.nn.encoders.from_rest import FromRest
from facsight.nn.encoders.linear import LinearEncoder
from facsight.nn.encoders.log_mel_cnn import LogMelCNN
from facsight.nn.encoders.r2plus1d import _conv
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
    """64 to 64 channels, section 3.5: 3 9 64 64 / (9 64 + 3 64) = 144 in the middle."""
    two = _conv(64, 64, stride=1)
    assert two[0].out_channels == 144
    assert two[0].weight.numel() + two[3].weight.numel() == 27 * 64 * 64


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
