"""What a file is by its first bytes."""

import pytest

from facsight.media.signature import looks_like


@pytest.mark.parametrize(
    ("content", "meaning"),
    [
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "a WAV sound file"),
        (b"\x1aE\xdf\xa3....", "Matroska"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS pointer"),
        (b"<?xml version='1.0'?><svg width='3'>", "SVG"),
        (b"  <html><body>", "web page"),
        (b"x" + "é".encode() * 300, "text"),  # byte 512 cuts a letter in half
        (b"a,b\n1,2\n", "text"),
        (b"abc\x07def", "unknown kind"),
    ],
)
def test_meaning(tmp_path, content, meaning):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert meaning in looks_like(path)
