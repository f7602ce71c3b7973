import wave

import av
import numpy as np
import pytest

from facsight.data.mock_clips import SIDE, write_clip, write_sound


@pytest.mark.parametrize("ending", ["mp4", "avi", "flv"])
def test_clips_decode(tmp_path, ending):
    path = tmp_path / f"folder/a.{ending}"
    write_clip(path, np.random.default_rng(0), frames=4, rate=20)
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == 20
    assert len(frames) == 4
    assert frames[0].shape == (SIDE, SIDE, 3)
    assert frames[0].std() > 10


def test_sounds_decode(tmp_path):
    write_sound(tmp_path / "folder/a.wav", np.random.default_rng(0), seconds=0.25, rate=8000)
    with wave.open(str(tmp_path / "folder/a.wav")) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getnframes()) == (8000, 1, 2000)
