"""An audio encoder of transformers as an extractor: its own rows, at the middle of what each is made from."""

import json

import numpy as np
import pytest
import torch

from facsight.core.errors import BadCheckpoint, BadRecipe, MissingData
from facsight.functional.sound import log_mel, prosody
from facsight.media.samples import Sound
from facsight.preparation import sound_features
from facsight.preparation.crop_type import crop_type
from facsight.preparation.sound_features import AudioEncoder, LogMel, Prosody
from written_sound import tone

CROP = crop_type(112)
#: Products of strides, and samples that a row is made from, of the encoder below.
HOP, REACH = 320, 400


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny wav2vec 2.0 with random weights, and the strides of the large ones."""
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    path = tmp_path_factory.mktemp("encoder")
    config = Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        conv_dim=(8,) * 7,
        feat_extract_norm="layer",
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        Wav2Vec2Model(config).save_pretrained(path, safe_serialization=True)
    (path / "preprocessor_config.json").write_text(json.dumps({"do_normalize": True, "sampling_rate": 16000}))
    return path


def sound(seconds, start=0.0):
    return Sound(tone(seconds)[0], 16_000, start)


def own_rows(folder, samples):
    """The model itself on standardised samples."""
    from transformers import Wav2Vec2Model

    model = Wav2Vec2Model.from_pretrained(folder).eval()
    with torch.inference_mode():
        return model(torch.from_numpy(samples)[None]).last_hidden_state[0].numpy()


def test_rows_are_the_models_own(folder):
    heard = sound(1.5, start=0.25)
    stream, card = AudioEncoder(folder, crop=CROP).stream(heard)
    samples = (heard.samples - heard.samples.mean()) / heard.samples.std()
    np.testing.assert_allclose(stream.values, own_rows(folder, samples), atol=1e-4)
    assert (card.size, card.rate) == ((16,), 50.0)


def test_times_are_the_middles_of_what_rows_are_made_from(folder):
    """A sample that is changed changes no row whose stretch, with the reach of the positions, is far away."""
    stream, _ = AudioEncoder(folder, crop=CROP).stream(sound(1.0, start=0.5))
    expected = 0.5 + (np.arange(len(stream.time)) * HOP + REACH / 2) / 16_000
    np.testing.assert_allclose(stream.time, expected)
    assert len(stream.time) == (16_000 - REACH) // HOP + 1


def test_long_sounds_are_read_in_parts_with_context(folder, monkeypatch):
    monkeypatch.setattr(sound_features, "CORE", 0.4)
    monkeypatch.setattr(sound_features, "CONTEXT", 0.1)
    heard = sound(1.3)
    stream, _ = AudioEncoder(folder, crop=CROP).stream(heard)
    samples = (heard.samples - heard.samples.mean()) / heard.samples.std()
    assert len(stream.values) == (len(samples) - REACH) // HOP + 1
    first, last = 20 - 5, 40 + 5  # the rows of the second part, with its context
    piece = samples[first * HOP : (last - 1) * HOP + REACH]
    np.testing.assert_allclose(stream.values[20:40], own_rows(folder, piece)[5:25], atol=1e-4)


def test_a_sound_too_short_for_a_row_gives_none(folder):
    stream, _ = AudioEncoder(folder, crop=CROP).stream(Sound(np.zeros(399, np.float32), 16_000, 0.0))
    assert stream.values.shape == (0, 16)


@pytest.mark.parametrize(("extractor", "measure"), [(LogMel, log_mel), (Prosody, prosody)])
@pytest.mark.parametrize("seconds", [0.7, 0.9, 1.0, 1.01])
def test_measuring_in_parts_is_measuring_at_once(monkeypatch, extractor, measure, seconds):
    monkeypatch.setattr(sound_features, "BLOCK", 30)
    noise = np.random.default_rng(0).normal(0, 0.1, round(seconds * 16_000)).astype(np.float32)
    stream, _ = extractor(crop=CROP).stream(Sound(noise, 16_000, 0.5))
    time, values = measure(torch.from_numpy(noise), 16_000)
    np.testing.assert_allclose(stream.time, 0.5 + time.numpy())
    np.testing.assert_allclose(stream.values, values.numpy(), atol=1e-4)


def test_other_weights_are_another_version(folder, tmp_path):
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    config = Wav2Vec2Config.from_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        Wav2Vec2Model(config).save_pretrained(tmp_path / "other", safe_serialization=True)
    one, again = (AudioEncoder(folder, crop=CROP).version for _ in range(2))
    assert one == again
    assert AudioEncoder(tmp_path / "other", crop=CROP).version != one


def test_what_is_no_encoder_of_samples(folder, tmp_path):
    from transformers import ViTConfig, ViTModel

    with pytest.raises(BadRecipe, match="audio:wav2vec2=PATH"):
        AudioEncoder(crop=CROP)
    with pytest.raises(MissingData, match=r"config\.json"):
        AudioEncoder(tmp_path, crop=CROP)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(BadCheckpoint, match="no audio encoder"):
        AudioEncoder(tmp_path, crop=CROP)
    tiny = ViTConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, image_size=32
    )
    ViTModel(tiny).save_pretrained(tmp_path / "vit")
    with pytest.raises(BadCheckpoint, match="holds a vit, expected an encoder that reads samples"):
        AudioEncoder(tmp_path / "vit", crop=CROP)
