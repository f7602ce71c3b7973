"""Files and folders to photos."""

import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from facsight.core.errors import BadRecipe, MissingData
from facsight.media.folder import find_footage, find_media, find_photos, natural_key
from written_video import GREYS, saved, saved_sound


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def names(folder, found):
    return [str(path.relative_to(folder)) for path in found]


def test_folder_in_natural_order_files_first(tmp_path):
    touch(tmp_path, "10.jpg", "9.JPG", "b/2.png", "b/1.png", "a/x.tiff", "B.webp", "notes.txt")
    assert names(tmp_path, find_photos([tmp_path])) == [
        "9.JPG",
        "10.jpg",
        "B.webp",
        "a/x.tiff",
        "b/1.png",
        "b/2.png",
    ]


def test_named_files_keep_order_and_need_no_ending(tmp_path):
    touch(tmp_path, "b.jpg", "a.jpg", "photo", "clip.mp4")
    wanted = [tmp_path / name for name in ("b.jpg", "photo", "clip.mp4", "a.jpg")]
    assert find_photos(map(str, wanted)) == wanted


def test_every_path_once(tmp_path):
    touch(tmp_path, "a.jpg", "b.jpg")
    assert find_photos([tmp_path / "b.jpg", tmp_path, tmp_path / "a.jpg"]) == [
        tmp_path / "b.jpg",
        tmp_path / "a.jpg",
    ]


def test_hidden_files_and_folders_are_left_out(tmp_path):
    touch(tmp_path, ".hidden.jpg", ".cache/a.jpg", "a.jpg")
    assert names(tmp_path, find_photos([tmp_path])) == ["a.jpg"]


def test_links(tmp_path):
    touch(tmp_path, "real/a.jpg")
    (tmp_path / "real" / "b.jpg").symlink_to("a.jpg")
    (tmp_path / "real" / "gone.jpg").symlink_to("nowhere.jpg")
    (tmp_path / "real" / "again").symlink_to(tmp_path / "real")
    (tmp_path / "zother").symlink_to(tmp_path / "real")
    found = names(tmp_path, find_photos([tmp_path]))
    # a link to a file is a photo of its own, also a dangling one, which reading will name; folders come once
    assert found == ["real/a.jpg", "real/b.jpg", "real/gone.jpg"]
    assert len(find_photos([tmp_path / "zother"])) == 3


def test_folder_named_like_a_photo(tmp_path):
    touch(tmp_path, "album.jpg/a.png")
    assert names(tmp_path, find_photos([tmp_path])) == ["album.jpg/a.png"]


def test_empty_folder_has_none(tmp_path):
    assert find_photos([tmp_path]) == []


def test_missing_path_is_told(tmp_path):
    with pytest.raises(MissingData, match="gone"):
        find_photos([tmp_path / "gone"])


def test_unreadable_folder_is_told(tmp_path, monkeypatch):
    def refuse(self):
        raise PermissionError

    monkeypatch.setattr("pathlib.Path.iterdir", refuse)
    with pytest.raises(MissingData, match="may not be read"):
        find_photos([tmp_path])


def test_strange_names(tmp_path):
    touch(tmp_path, "a\nb.jpg", "<b>.png")
    assert len(find_photos([tmp_path])) == 2
    (tmp_path / os.fsdecode(b"\xff.jpg")).write_bytes(b"x")
    assert len(find_photos([tmp_path])) == 3


def test_natural_order_is_total():
    mixed = ["a10", "a9", "A9", "a09", "10", "9", "b", "", "a1b10", "a1b9"]
    backwards = mixed[::-1]
    ordered = sorted(mixed, key=natural_key)
    assert ordered == sorted(backwards, key=natural_key)
    assert ordered.index("a1b9") < ordered.index("a1b10") < ordered.index("a9") < ordered.index("a10")


def test_footage_is_folders_of_numbered_pictures_and_videos(tmp_path):
    touch(tmp_path, "a/f1.png", "a/f2.png", "a/clip.mp4", "a/deep/x_9.jpg", "b/cover.png", "b/notes1.txt")
    touch(tmp_path, "c.mkv", "10/1.png", "9/1.png", ".hidden/1.png")
    assert names(tmp_path, find_footage([tmp_path])) == ["c.mkv", "9", "10", "a", "a/clip.mp4", "a/deep"]
    assert find_footage([tmp_path / "a" / "deep", tmp_path / "c.mkv"]) == [
        tmp_path / "a" / "deep",
        tmp_path / "c.mkv",
    ]


def test_a_photo_is_no_footage(tmp_path):
    touch(tmp_path, "f1.png")
    with pytest.raises(BadRecipe, match=r"f1\.png', which is neither"):
        find_footage([tmp_path / "f1.png"])
    with pytest.raises(MissingData, match="gone"):
        find_footage([tmp_path / "gone"])


def test_a_folder_that_is_left_out(tmp_path):
    touch(tmp_path, "a.jpg", "out/b.jpg", "out/deep/c.mp4", "out/frames/1.png", "d.mp4")
    (tmp_path / "link").symlink_to("out")
    out = tmp_path / "out"
    assert names(tmp_path, find_photos([tmp_path], out)) == ["a.jpg"]
    assert find_media([tmp_path], out) == ([tmp_path / "a.jpg"], [tmp_path / "d.mp4"])
    assert find_footage([tmp_path], out) == [tmp_path / "d.mp4"]
    assert names(tmp_path, find_photos([tmp_path, out / "b.jpg"], out)) == ["a.jpg", "out/b.jpg"]


def test_a_folder_that_is_named_is_not_left_out(tmp_path, monkeypatch):
    touch(tmp_path, "out/b.jpg", "out/deep/c.mp4")
    monkeypatch.chdir(tmp_path)
    assert find_media(["out"], tmp_path / "out") == ([Path("out/b.jpg")], [Path("out/deep/c.mp4")])


def test_a_named_file_is_what_is_in_it(tmp_path):
    picture, film = tmp_path / "a.png", saved(tmp_path / "b.mkv", GREYS[:3])
    Image.fromarray(GREYS[0]).save(picture)
    copies = {
        name: (tmp_path / name, shutil.copy(source, tmp_path / name))[0]
        for name, source in [
            *((name, film) for name in ("clip", "clip.bin", "clip.jpg", "clip.mov.part", "clip.MP4")),
            *((name, picture) for name in ("photo", "photo.bin", "photo.mp4", "photo.MKV", "photo.jpg")),
        ]
    }
    photos, videos = find_media(copies.values())
    assert names(tmp_path, videos) == ["clip", "clip.bin", "clip.jpg", "clip.mov.part", "clip.MP4"]
    assert names(tmp_path, photos) == ["photo", "photo.bin", "photo.mp4", "photo.MKV", "photo.jpg"]
    # in a folder, where nobody has named them, the ending decides which are read at all
    photos, videos = find_media([tmp_path])
    assert {path.name for path in videos} == {"b.mkv", "clip.MP4", "photo.mp4", "photo.MKV"}
    assert {path.name for path in photos} == {"a.png", "clip.jpg", "photo.jpg"}
    assert tmp_path / "clip.jpg" in find_media([tmp_path, tmp_path / "clip.jpg"])[1]


def test_what_is_neither_goes_by_its_ending_to_who_tells_why(tmp_path):
    touch(tmp_path, "notes.txt", "notes.mp4", "notes.jpg", "notes", "song.mp3")
    saved_sound(tmp_path / "sound.bin")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "gone.mp4").symlink_to("nowhere")
    (tmp_path / "gone.jpg").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    photos, videos = find_media(sorted(tmp_path.iterdir()))
    assert names(tmp_path, videos) == ["gone.mp4", "notes.mp4"]
    assert len(photos) == 8


def test_pictures_of_every_kind_are_photos_without_their_ending(tmp_path):
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM"):
        Image.fromarray(GREYS[3]).save(tmp_path / kind, format=kind)
    photos, videos = find_media(sorted(tmp_path.iterdir()))
    assert (len(photos), videos) == (7, [])


@pytest.mark.parametrize(
    ("kind", "codec"),
    [
        *(("mp4", "libx264"), ("matroska", "libx264"), ("avi", "mpeg4"), ("mpeg", "mpeg2video")),
        *(("mpegts", "libx264"), ("flv", "libx264"), ("asf", "msmpeg4"), ("ogg", "libvpx")),
        *(("h264", "libx264"), ("mpeg2video", "mpeg2video")),
    ],
)
def test_videos_of_every_kind_are_videos_without_their_ending(tmp_path, kind, codec):
    saved(tmp_path / "clip", GREYS, kind=kind, codec=codec)
    assert find_media([tmp_path / "clip"]) == ([], [tmp_path / "clip"])
