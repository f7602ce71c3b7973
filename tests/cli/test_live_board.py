"""What the terminal shows of a camera."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from facsight.analysis.live import LiveResult
from facsight.analysis.reader import Reader
from facsight.cli.live import Pace, board, display, line
from planted import PlantedFinder
from planted_video import saved_video


def test_the_pace_is_that_of_the_last_seconds():
    pace = Pace()
    pace.add(0.0, 9.0)
    assert (pace.rate, pace.latency) == (0.0, 9.0)
    for moment, latency in ((10.0, 0.1), (11.0, 0.3), (12.0, 0.2), (13.0, 0.4)):
        pace.add(moment, latency)
    assert pace.rate == pytest.approx(3 / 3)
    assert pace.latency == pytest.approx(0.25)
    assert pace.told(7) == "1.0 frames/s   latency 250 ms   7 dropped"


@pytest.fixture(scope="module")
def results(weights, tmp_path_factory) -> list[LiveResult]:
    """Of a frame with one face, one with none, and one with two."""
    clip = saved_video(tmp_path_factory.mktemp("clips") / "clip.mkv", [1, 0, 2])
    frames = Reader(weights, finder=PlantedFinder()).read_video(clip)
    return [LiveResult(**vars(frame), latency=0.05, dropped=0) for frame in frames]


def shown(result: LiveResult, width: int = 110) -> str:
    pace = Pace()
    pace.add(0.0, 0.05)
    screen = Console(file=io.StringIO(), width=width, record=True)
    screen.print(board(result, pace, "camera"))
    return screen.export_text()


def test_the_board_has_all_that_is_known_of_a_person(results):
    text = shown(results[0])
    (reading,) = results[0].readings
    for name, share in reading.expression.items():
        assert re.search(rf"  {name} .* {share * 100:.0f} %", text)
    for unit, share in list(reading.evidence.action_units.items())[:4]:
        assert f"{share * 100:.0f} %  AU{unit} " in text
    assert f"{reading.evidence.elsewhere * 100:.0f} %  elsewhere" in text
    assert reading.cautions
    assert all(caution in text for caution in reading.cautions)
    assert f"1 {reading.label}" in text
    assert "detected" in text
    assert "followed" not in text
    assert "latency 50 ms   0 dropped" in text
    assert "Expressions are not feelings" in text


def test_a_face_that_was_followed_is_told(results):
    (reading,) = results[0].readings
    followed = replace(results[0], readings=[replace(reading, detected=False)])
    assert "followed" in shown(followed)


def test_persons_keep_their_places(results):
    """By number, not by size; and one line says the same."""
    turned = replace(results[2], tracks=[5, 3])
    large, small = (reading.label for reading in turned.readings)
    text = shown(turned)
    assert text.index(f"3 {small}") < text.index(f"5 {large}")
    pace = Pace()
    pace.add(0.0, 0.05)
    brief = line(turned, pace)
    assert brief.index("3 ") < brief.index("5 ")
    assert "no face" in line(results[1], pace)
    assert "no face in sight" in shown(results[1])


def test_a_class_without_action_units_is_told(results):
    (reading,) = results[0].readings
    neutral = replace(reading, evidence=replace(reading.evidence, action_units={}, elsewhere=float("nan")))
    text = shown(replace(results[0], readings=[neutral]))
    assert "no action units to compare with" in text
    assert "nan" not in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_board_is_never_wider_than_the_terminal(results, width):
    text = shown(results[-1], width)
    assert max(map(len, text.splitlines())) <= width
    assert len(text.splitlines()) < 3 + 2 * (1 + len(results[-1].readings[0].expression)) + 3


def test_a_terminal_shows_a_picture_that_changes(results):
    file = io.StringIO()
    screen = Console(file=file, width=110, height=30, force_terminal=True)
    with display(screen, "camera") as show:
        for result in results[:3]:
            show(result)
    assert "Expressions are not feelings" in file.getvalue()
    assert "\x1b[" in file.getvalue()
