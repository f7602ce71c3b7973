"""Recordings to streams: on one clock, the main face only, each made once, whatever a file does."""

import re

import numpy as np
import polars as pl
import pytest
import torch
from safetensors import SafetensorError

from facsight.analysis.looking import cut_out
from facsight.analysis.reader import Reader
from facsight.core.errors import BadOutput, MissingData
from facsight.data import recordings
from facsight.data.opening import dataset_module
from facsight.data.recordings import read_cards, read_stream, stream_file
from facsight.data.sets.biovid import RATE
from facsight.functional.voice import NUMBERS
from facsight.media.photo import Photo
from facsight.media.video import open_video
from facsight.preparation.run import prepare
from planted import PlantedFinder, photo_with
from planted_video import saved_video
from written_sound import beep, saved_av, tone
from written_video import packets

SIZE = (200, 320)


def stream(folder, recording, modality):
    return read_stream(stream_file(folder, recording, modality))[0]


def report(folder):
    return {
        (row["sample"], row["modality"]): row for row in pl.read_csv(folder / "report.csv").rows(named=True)
    }


def test_the_main_face_in_every_frame_and_nothing_where_it_is_not(tmp_path, weights):
    """Features are those of the crops that readings are made from; the second face is told, and left out."""
    faces = [1] * 6 + [0] * 2 + [2] * 4
    video = saved_video(tmp_path / "clip.mkv", faces, times=[0.5 + k / 25 for k in range(12)])
    done = prepare(
        video, tmp_path / "out", features=["face:facsight", "face:crop"], crop=64, finder=PlantedFinder()
    )
    assert (done.samples, done.failed, done.without) == (1, (), ())
    assert done.told == (
        ("clip.mkv", "the main face is track 1, in 10 of 12 frames; left out: track 2 in 4 frames"),
    )
    found = stream(tmp_path / "out", "clip.mkv", "face:facsight")
    np.testing.assert_allclose(found.time, [0.5 + k / 25 for k in range(12)], atol=6e-4)
    known = np.isfinite(found.values).all(axis=1)
    assert known.tolist() == [count > 0 for count in faces]
    assert np.isnan(found.values[~known]).all()
    reader = Reader(weights, finder=PlantedFinder())
    for row, frame in zip(found.values, open_video(video).frames(), strict=True):
        if np.isfinite(row).all():
            expected = reader.read(frame.pixels)[0].expression
            np.testing.assert_allclose(row[-8:], list(expected.values()), atol=1e-5)
    crops = stream(tmp_path / "out", "clip.mkv", "face:crop")
    assert (crops.values.dtype, crops.values.shape) == (np.uint8, (10, 64, 64, 3))
    np.testing.assert_array_equal(crops.time, found.time[known])
    photo = Photo(photo_with(1, size=SIZE), "")
    expected = cut_out(photo, PlantedFinder().find(photo.pixels), 64).crops[0]
    np.testing.assert_array_equal(crops.values[0], expected)


def test_pooled_features_are_the_mean_of_the_last_maps(tmp_path, weights):
    """By a way of our own: the network's features of one crop and of its mirror image."""
    video = saved_video(tmp_path / "clip.mkv", [1])
    prepare(video, tmp_path / "out", features=["face:facsight", "face:crop"], crop=48, finder=PlantedFinder())
    crop = stream(tmp_path / "out", "clip.mkv", "face:crop").values[0].astype(np.float64)
    luma = crop @ np.array([0.299, 0.587, 0.114])
    pixels = torch.from_numpy((luma - luma.mean()) / (luma.std() + 12)).float()[None, None]
    network = Reader(weights).network
    with torch.inference_mode():
        means = [network.features(one)[-1].mean(dim=(2, 3))[0] for one in (pixels, pixels.flip(3))]
    found = stream(tmp_path / "out", "clip.mkv", "face:facsight").values[0]
    np.testing.assert_allclose(found[:-8], ((means[0] + means[1]) / 2).numpy(), atol=1e-4)


def loud(found):
    """The time of the first row of log-mel that is far louder than the quietest."""
    level = found.values.reshape(len(found.time), -1).max(axis=1)
    return found.time[np.flatnonzero(level > (level.min() + level.max()) / 2)[0]]


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_a_beep_and_a_flash_at_one_time_are_at_one_time(tmp_path, shift):
    """The face appears with the beep; a sound that begins later in the file is later here by as much."""
    flash, fps = 1.2, 25
    pictures = [photo_with(int(k / fps >= flash - 1e-9), size=SIZE) for k in range(50)]
    path = saved_av(tmp_path / "clip.mkv", beep(2.0, flash), start=shift, pictures=pictures)
    prepare(path, tmp_path / "out", features=["face:crop", "audio:logmel"], crop=32, finder=PlantedFinder())
    face = stream(tmp_path / "out", "clip.mkv", "face:crop").time[0]
    sound = loud(stream(tmp_path / "out", "clip.mkv", "audio:logmel"))
    assert face == pytest.approx(flash, abs=1e-3)
    assert sound == pytest.approx(flash + shift, abs=0.015)
    told = report(tmp_path / "out")["clip.mkv", "face:crop"]["told"]
    assert ("the sound begins" in told) == (shift > 0)


def test_sound_that_is_longer_or_shorter_than_the_pictures_is_told(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name, seconds in (("long", 3.0), ("short", 0.4)):
        saved_av(folder / f"{name}.mkv", tone(seconds), pictures=[photo_with(1, size=SIZE)] * 38)
    features = ["face:crop", "audio:logmel"]
    done = prepare(folder, tmp_path / "out", features=features, crop=32, finder=PlantedFinder())
    assert done.samples == 2
    told = {file: words for file, words in done.told if "ends" in words}
    assert re.fullmatch(r"the sound ends 1\.5\d s after the pictures", told["in/long.mkv"])
    assert re.fullmatch(r"the sound ends 1\.\d\d s before the pictures", told["in/short.mkv"])


def test_what_there_is_to_know_of_a_sound_is_told(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    saved_av(folder / "low.wav", tone(1.0, rate=8000), rate=8000, kind="wav", codec="pcm_s16le")
    stereo = np.concatenate([tone(1.0), tone(1.0, frequency=600)])
    saved_av(folder / "stereo.wav", stereo, kind="wav", codec="pcm_s16le")
    saved_av(folder / "silent.wav", np.zeros((1, 16000), np.float32), kind="wav", codec="pcm_s16le")
    clipped = np.clip(tone(1.0, amplitude=3.0), -1, 1)
    saved_av(folder / "clipped.wav", clipped, kind="wav", codec="pcm_s16le")
    half = saved_av(folder / "half.flac", tone(4.0), kind="flac", codec="flac")
    half.write_bytes(half.read_bytes()[: half.stat().st_size // 2])
    done = prepare(folder, tmp_path / "out", features=["audio:logmel", "audio:prosody"])
    assert (done.samples, done.failed, done.without) == (5, (), ())
    told = {file.removeprefix("in/"): words for file, words in done.told}
    assert "8000 Hz" in told["low.wav"]
    assert "2 channels were averaged" in told["stereo.wav"]
    assert "silent" in told["silent.wav"]
    assert "clipped" in told["clipped.wav"]
    for name in ("low.wav", "stereo.wav", "silent.wav", "clipped.wav", "half.flac"):
        found = stream(tmp_path / "out", f"in/{name}", "audio:logmel")
        assert np.isfinite(found.values).all()
        assert found.time[-1] < 3.0 if name == "half.flac" else found.time[-1] == pytest.approx(1.0, abs=0.03)
    assert "ends early: announced 4.00 s" in told["half.flac"]


def test_a_voice_is_one_row_in_the_middle_whatever_else_is_there(tmp_path):
    """Half a second of sound that begins late, and one that is too short for a frame."""
    folder = tmp_path / "in"
    folder.mkdir()
    saved_av(folder / "late.mkv", tone(0.5), start=1.0, pictures=[photo_with(1, size=SIZE)] * 50)
    saved_av(folder / "short.wav", tone(0.02), kind="wav", codec="pcm_s16le")
    prepare(folder, tmp_path / "out", features=["audio:voice"], finder=PlantedFinder())
    found = stream(tmp_path / "out", "in/late.mkv", "audio:voice")
    np.testing.assert_allclose(found.time, [1.25], atol=0.02)
    assert found.values.shape == (1, NUMBERS)
    assert np.isfinite(found.values).all()
    assert ("in/short.wav", "audio:voice") in report(tmp_path / "out")
    with pytest.raises(MissingData):
        stream(tmp_path / "out", "in/short.wav", "audio:voice")


def test_what_a_file_lacks_is_absent_and_what_cannot_be_read_is_named(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    saved_video(folder / "mute.mkv", [1] * 5)
    saved_av(folder / "voice.wav", tone(1.0), kind="wav", codec="pcm_s16le")
    saved_video(folder / "empty room.mkv", [0] * 5)
    (folder / "text.mp4").write_text("no video")
    cut = saved_video(folder / "half.mkv", [1] * 40)
    cut.write_bytes(cut.read_bytes()[: packets(cut)[20][0]])
    done = prepare(folder, tmp_path / "out", features=["face:crop", "audio:logmel"], finder=PlantedFinder())
    reasons = dict(done.without)
    assert reasons["in/mute.mkv, audio:logmel"] == "has no track of sound"
    assert "sound only" in reasons["in/voice.wav, face:crop"]
    assert reasons["in/empty room.mkv, face:crop"] == "no face was seen in it"
    assert {file for file, _ in done.failed} == {"in/text.mp4, face:crop", "in/text.mp4, audio:logmel"}
    rows = pl.read_parquet(tmp_path / "out" / "manifest.parquet")
    assert rows["sample"].to_list() == ["in/half.mkv", "in/mute.mkv", "in/voice.wav"]
    assert len(stream(tmp_path / "out", "in/half.mkv", "face:crop").time) == 20
    assert any("damaged" in words or "ends early" in words for file, words in done.told if "half" in file)


def test_each_stream_is_made_once_and_again_where_something_changed(tmp_path):
    video = saved_video(tmp_path / "clip.mkv", [1] * 5)
    finder, out = PlantedFinder(), tmp_path / "out"
    prepare(video, out, features=["face:crop"], finder=finder, crop=32)
    file = stream_file(out, "clip.mkv", "face:crop")
    made, first = file.stat().st_mtime_ns, finder.asked
    prepare(video, out, features=["face:crop"], finder=finder, crop=32)
    assert (finder.asked, file.stat().st_mtime_ns) == (first, made)
    prepare(video, out, features=["face:crop", "face:facsight"], finder=finder, crop=32)
    assert file.stat().st_mtime_ns == made
    assert finder.asked == 2 * first
    assert read_cards(out).keys() == {"face:crop", "face:facsight"}
    prepare(video, out, features=["face:crop"], finder=finder, crop=48)  # another extractor
    assert read_cards(out)["face:crop"].size == (48, 48, 3)
    assert read_cards(out).keys() == {"face:crop", "face:facsight"}
    prepare(video, out, features=["face:crop"], finder=finder, crop=48, every=2)
    assert len(stream(out, "clip.mkv", "face:crop").time) == 3
    asked = finder.asked
    saved_video(tmp_path / "clip.mkv", [1] * 4)  # another source
    prepare(video, out, features=["face:crop"], finder=finder, crop=48, every=2)
    assert finder.asked == asked + 2
    assert len(stream(out, "clip.mkv", "face:crop").time) == 2


def test_a_disk_that_fills_up_leaves_nothing_half(tmp_path, monkeypatch):
    video, problem = saved_video(tmp_path / "clip.mkv", [1] * 4), "I/O error: No space left on device"

    def full(tensors, path, metadata):
        path.write_bytes(b"half")
        raise SafetensorError(problem)

    with monkeypatch.context() as patch:
        patch.setattr(recordings, "save_file", full)
        with pytest.raises(BadOutput, match="No space left on device; make room"):
            prepare(video, tmp_path / "out", features=["face:crop"], finder=PlantedFinder())
    assert [
        path for path in (tmp_path / "out").rglob("*") if path.name.endswith((".part", "safetensors"))
    ] == []
    assert prepare(video, tmp_path / "out", features=["face:crop"], finder=PlantedFinder()).samples == 1


def test_an_interrupted_call_goes_on_with_the_next_recording(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "abc":
        saved_video(folder / f"{name}.mkv", [1] * 4)
    with pytest.raises(KeyboardInterrupt):
        prepare(folder, tmp_path / "out", features=["face:crop"], finder=PlantedFinder(interrupted_after=6))
    assert stream_file(tmp_path / "out", "in/a.mkv", "face:crop").is_file()
    assert not (tmp_path / "out" / "manifest.parquet").exists()
    rest = PlantedFinder()
    assert prepare(folder, tmp_path / "out", features=["face:crop"], finder=rest).samples == 3
    assert rest.asked == 8
    assert not (tmp_path / "out" / "parts").exists()


def test_physiology_beside_a_video_is_on_its_clock(tmp_path):
    dataset_module("biovid").mock(tmp_path / "raw")
    prepare("biovid", tmp_path / "out", root=tmp_path / "raw", features=["physiology:raw"])
    rows = pl.read_parquet(tmp_path / "out" / "manifest.parquet")
    assert len(rows) == 10
    found = stream(tmp_path / "out", rows["sample"][0], "physiology:raw")
    np.testing.assert_allclose(found.time, np.arange(16) / RATE, atol=1e-6)
    assert found.values.shape == (16, 3)
    assert read_cards(tmp_path / "out")["physiology:raw"].about == "gsr, ecg, emg_trapezius, as recorded"


def test_signals_that_are_none_or_are_others_than_before_are_named(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    header = "time\tgsr\tecg\temg_trapezius"
    texts = {
        "a": f"{header}\n0\t1\t2\t3\n1953\t1\tNaN\t3\n9765\t1\t2\t3\n",
        "b": f"{header}\temg_corrugator\n0\t1\t2\t3\t4\n",
        "c": f"{header}\n1953\t1\t2\t3\n0\t1\t2\t3\n",
        "d": f"{header}\n0\tone\t2\t3\n",
    }
    for name, text in texts.items():
        saved_video(folder / f"{name}.mkv", [1])
        (folder / f"{name}_bio.csv").write_text(text)
    done = prepare(folder, tmp_path / "out", features=["physiology:raw"])
    found = stream(tmp_path / "out", "in/a.mkv", "physiology:raw")
    np.testing.assert_allclose(found.time, [0, 0.001953, 0.009765])
    assert np.isnan(found.values).sum() == 1
    reasons = dict(done.failed)
    assert "emg_corrugator, as recorded, others have" in reasons["in/b.mkv, physiology:raw"]
    assert "times that increase" in reasons["in/c.mkv, physiology:raw"]
    assert "no number" in reasons["in/d.mkv, physiology:raw"]


def test_stretches_of_a_file_are_recordings_on_clocks_of_their_own(tmp_path):
    saved_video(tmp_path / "long.mkv", [1] * 50)
    lines = ["sample,file,start,end,expression", "one,long.mkv,0.4,0.8,anger", "two,long.mkv,1.0,1.2,fear"]
    (tmp_path / "manifest.csv").write_text("\n".join([*lines, "three,long.mkv,5,6,fear"]))
    finder = PlantedFinder()
    done = prepare("manifest", tmp_path / "out", root=tmp_path, features=["face:crop"], finder=finder)
    assert finder.asked == 50  # one go through the file
    np.testing.assert_allclose(
        stream(tmp_path / "out", "one", "face:crop").time, np.arange(10) / 25, atol=1e-3
    )
    np.testing.assert_allclose(
        stream(tmp_path / "out", "two", "face:crop").time, np.arange(5) / 25, atol=1e-3
    )
    assert done.without == (("long.mkv, face:crop", "it holds nothing from 5 to 6 s"),)
    rows = pl.read_parquet(tmp_path / "out" / "manifest.parquet").select(
        "sample", "start", "end", "expression"
    )
    assert rows.rows() == [
        ("one", 0.0, pytest.approx(0.4), "anger"),
        ("two", 0.0, pytest.approx(0.2), "fear"),
    ]


def test_frames_of_a_video_have_their_times(tmp_path):
    saved_video(tmp_path / "film.mkv", [1] * 10, times=[2 + k / 25 for k in range(10)])
    lines = [f"film/{k},film.mkv,film,{k},{('anger', 'fear')[k % 2]}" for k in (1, 2, 7)]
    (tmp_path / "manifest.csv").write_text("\n".join(["sample,file,video,frame,expression", *lines]))
    for options in ({"features": ["face:crop"]}, {}):  # streams, and crops of the labelled frames alone
        prepare("manifest", tmp_path / "out", root=tmp_path, finder=PlantedFinder(), **options)
        rows = pl.read_parquet(tmp_path / "out" / "manifest.parquet")
        assert rows.select("sample", "frame", "video").rows() == [(f"film/{k}", k, "film") for k in (1, 2, 7)]
        np.testing.assert_allclose(rows["start"], [2.0, 2.04, 2.24], atol=2e-3)  # counted from 1
    assert sorted(path.name for path in (tmp_path / "out" / "crops" / "film.mkv").glob("*.png")) == [
        f"{k:07d}.png" for k in (0, 1, 6)
    ]
