"""Sound as samples: to the sample where nothing is lost, on the clock of the pictures, every oddity told."""

import av
import numpy as np
import pytest
from scipy.signal import resample_poly

from facsight.core.errors import BadMedia, NoSound
from facsight.media.samples import read_sound
from facsight.media.sound import AudioTrack
from facsight.media.video import open_video
from written_sound import BLOCK, beep, blocks_of, saved_av, tone
from written_video import GREYS, renamed_sound, saved, saved_sound

RATE = 16_000


def test_samples_come_back_as_they_were_written(tmp_path):
    written = tone(1.0)
    sound = read_sound(saved_av(tmp_path / "a.mkv", written))
    assert (sound.rate, sound.start, sound.damage, sound.notes) == (RATE, 0.0, (), ())
    np.testing.assert_array_equal(sound.samples, written[0])
    assert sound.end == 1.0


@pytest.mark.parametrize(("codec", "step"), [("pcm_s16le", 2**-15), ("pcm_u8", 2**-7), ("flac", 2**-15)])
def test_integers_are_shares_of_full_scale(tmp_path, codec, step):
    written = tone(0.5)
    sound = read_sound(saved_av(tmp_path / "a.mkv", written, codec=codec))
    np.testing.assert_allclose(sound.samples, written[0], atol=0.51 * step)


def test_channels_are_averaged(tmp_path):
    left, right = tone(0.5, amplitude=0.9), tone(0.5, frequency=700.0, amplitude=0.9)
    sound = read_sound(saved_av(tmp_path / "a.mkv", np.concatenate([left, right])))
    np.testing.assert_allclose(sound.samples, (left[0] + right[0]) / 2, atol=1e-6)
    assert sound.notes == ("2 channels were averaged",)


@pytest.mark.parametrize("start", [0.0, 0.5, 2.43])
def test_a_track_that_begins_late_begins_late_here(tmp_path, start):
    sound = read_sound(saved_av(tmp_path / "a.mkv", tone(1.0), start=start, pictures=GREYS))
    assert sound.start == pytest.approx(start, abs=6e-4)  # Matroska counts milliseconds
    np.testing.assert_array_equal(sound.samples, tone(1.0)[0])


@pytest.mark.parametrize(
    ("rate", "wanted"), [(44_100, 16_000), (48_000, 16_000), (8_000, 16_000), (16_000, 22_050)]
)
def test_another_rate_shifts_nothing(tmp_path, rate, wanted):
    """A sine is the same sine at any rate, its phase included; an oracle says so of speech-like noise."""
    seconds, start = 2.0, 0.25
    written = tone(seconds, rate=rate, start=start, frequency=1000.0)
    sound = read_sound(saved_av(tmp_path / "a.mkv", written, rate=rate, start=start), wanted)
    assert sound.rate == wanted
    assert len(sound.samples) == pytest.approx(seconds * wanted, abs=2)
    expected = tone(seconds, rate=wanted, start=start, frequency=1000.0)[0]
    inside = slice(200, round(seconds * wanted) - 200)
    np.testing.assert_allclose(sound.samples[inside], expected[inside], atol=2e-3)
    noise = np.random.default_rng(0).normal(0, 0.1, round(seconds * rate)).astype(np.float32)
    slow = resample_poly(resample_poly(noise, 1, 8), 8, 1).astype(np.float32)  # below an eighth of the rate
    found = read_sound(saved_av(tmp_path / "b.mkv", slow[None], rate=rate), wanted).samples
    divisor = int(np.gcd(rate, wanted))
    oracle = resample_poly(slow, wanted // divisor, rate // divisor)
    np.testing.assert_allclose(found[inside], oracle[inside], atol=2e-3)


def test_what_lies_above_the_new_rate_is_not_folded_down(tmp_path):
    written = tone(1.0, rate=48_000, frequency=12_000.0)
    sound = read_sound(saved_av(tmp_path / "a.mkv", written, rate=48_000), RATE)
    assert np.abs(sound.samples[200:-200]).max() < 1e-2


def test_lost_packets_leave_silence_and_what_follows_keeps_its_time(tmp_path):
    written = tone(2.0)
    lost = range(20, 28)
    sound = read_sound(saved_av(tmp_path / "a.mkv", written, lost=lost))
    gap = slice(lost[0] * BLOCK, (lost[-1] + 1) * BLOCK)
    expected = written[0].copy()
    expected[gap] = 0
    np.testing.assert_allclose(sound.samples, expected, atol=1e-6)
    assert sound.notes == ("0.20 s of it are missing and were filled with silence",)
    (damage,) = sound.damage
    assert damage.after == pytest.approx(0.5)
    assert "silence is put there" in damage.reason


def test_lost_packets_at_another_rate(tmp_path):
    """The beep after the gap is where it was."""
    sound = read_sound(
        saved_av(tmp_path / "a.mkv", beep(2.0, 1.5, rate=48_000), rate=48_000, lost=range(60, 120)), RATE
    )
    assert np.flatnonzero(np.abs(sound.samples) > 0.1)[0] / RATE == pytest.approx(1.5, abs=2e-3)


def test_damaged_packets_are_told_and_cost_their_sound_only(tmp_path):
    written = tone(4.0)
    path = saved_av(tmp_path / "a.mkv", written, codec="flac")
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(audio=0) if packet.size]
    data, middle = bytearray(path.read_bytes()), len(places) // 2
    for offset, size in places[middle : middle + 2]:
        data[offset + 8 : offset + size] = np.random.default_rng(0).bytes(size - 8)
    path.write_bytes(data)
    sound = read_sound(path)
    assert any("could not be decoded" in told.reason for told in sound.damage)
    assert len(sound.samples) == len(written[0])
    wrong = np.flatnonzero(np.abs(sound.samples - written[0]) > 1e-3)
    assert wrong[0] > 1.5 * RATE
    assert wrong[-1] < 3 * RATE
    assert (sound.samples[wrong] == 0).all()


def test_half_a_file_gives_its_first_half(tmp_path):
    path = saved_av(tmp_path / "a.mkv", tone(4.0), codec="pcm_s16le")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    sound = read_sound(path)
    assert sound.end == pytest.approx(2.0, abs=0.1)
    path = saved_av(tmp_path / "a.flac", tone(4.0), codec="flac", kind="flac")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert [told.reason for told in read_sound(path).damage if "early" in told.reason] == [
        f"ends early: announced 4.00 s, found {read_sound(path).end:.2f} s"
    ]


def test_clipping_is_told_and_a_full_scale_sine_is_not(tmp_path):
    loud = np.clip(tone(1.0, amplitude=2.0), -1, 1)
    (note,) = read_sound(saved_av(tmp_path / "a.mkv", loud, codec="pcm_s16le")).notes
    beyond = (np.abs(loud) >= 0.999).mean()  # all of them stand beside others
    assert note == f"it is clipped: {100 * beyond:.2g} % of its samples are cut off"
    fine = tone(1.0, frequency=1000.0, amplitude=1.0)
    assert read_sound(saved_av(tmp_path / "b.mkv", fine, codec="pcm_s16le")).notes == ()


def test_silence_and_a_low_rate_are_told(tmp_path):
    quiet = saved_av(tmp_path / "a.mkv", np.zeros((1, 8000), np.float32), rate=8000, codec="pcm_s16le")
    assert read_sound(quiet, RATE).notes == (
        "it was recorded at 8000 Hz: it holds nothing above 4 kHz",
        "it is silent",
    )


def test_no_sound_is_told_as_such(tmp_path):
    with pytest.raises(NoSound, match="has no track of sound"):
        read_sound(saved(tmp_path / "video.mkv", GREYS))
    with pytest.raises(NoSound, match="of a kind that cannot be decoded"):
        read_sound(renamed_sound(saved_sound(tmp_path / "sound.mp4")))


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"", "is empty"), (b"not sound", "cannot be read as a sound"), (None, "there is no file")],
)
def test_what_is_no_media_is_told(tmp_path, content, problem):
    path = tmp_path / "sound.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadMedia, match=problem):
        read_sound(path)
    with pytest.raises(BadMedia, match="is a folder"):
        read_sound(tmp_path)


def test_a_rate_that_cannot_be(tmp_path):
    with pytest.raises(BadMedia, match="at least 1 sample a second"):
        read_sound(saved_sound(tmp_path / "sound.mp4"), 0)


def test_the_first_of_several_tracks_is_read(tmp_path):
    one, two = tone(0.5), tone(0.5, frequency=700.0)
    with av.open(str(tmp_path / "a.mkv"), "w", format="matroska") as container:
        tracks = [container.add_stream("pcm_f32le", rate=RATE, layout="mono") for _ in range(2)]
        for track, sound in zip(tracks, (one, two), strict=True):
            for _, stream, frame in blocks_of(track, sound, RATE, 0.0, "mono", ()):
                container.mux(stream.encode(frame))
    sound = read_sound(tmp_path / "a.mkv")
    np.testing.assert_array_equal(sound.samples, one[0])
    assert sound.notes == ("of its 2 tracks of sound the first was read",)


def test_it_begins_when_the_track_is_said_to_begin(shared_data):
    """Two ways to the same number: the packets' times, and those of what is decoded."""
    paths = [*(shared_data / "samples/video_av").iterdir(), *(shared_data / "samples/video").glob("pyfeat*")]
    for path in paths:
        (track,) = open_video(path).audio
        assert isinstance(track, AudioTrack)
        assert read_sound(path, RATE).start == pytest.approx(track.start, abs=1e-3)
