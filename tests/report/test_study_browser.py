"""The page as a person uses it, in a headless Chromium."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from facsight.report.study import write_study_report
from facsight.report.timeline import HUES
from planted_study import CLASSES, made_rows, saved_study, told, with_everything

#: 500 frames at 25 a second, 6 s lost after the 300th; person 1 is seen from frame 50 on, 2 in between.
TIMES = [n / 25 + 6 * (n >= 300) for n in range(500)]
LEFT = 216  # of the lanes, in the chart


@pytest.fixture(scope="module")
def rows():
    return with_everything(made_rows("a.mp4", TIMES, [range(50, 500), range(100, 200)], cuts=[8.0]))


@pytest.fixture(scope="module")
def folder(rows, tmp_path_factory):
    home = tmp_path_factory.mktemp("browser")
    damage = ["after 11.960 s: decoded with errors"]
    return saved_study(home, rows, [told(rows, damage=damage)])


@pytest.fixture(scope="module")
def address(folder):
    return write_study_report(folder, pictures=False).as_uri()


@pytest.fixture
def page(browser, address):
    """The page, freshly opened; afterwards, nothing may have gone wrong in it."""
    browser.problems.clear()
    browser.open(address)
    browser.wait("document.querySelector('.chart.live .card')")
    browser.ask("document.querySelector('.plot').scrollIntoView()")
    yield browser
    assert browser.problems == []


def plot(page):
    """Left and top edge, and width of the lanes, in the window."""
    box = page.ask("document.querySelector('.plot').getBoundingClientRect().toJSON()")
    return box["x"] + LEFT, box["y"], box["width"] - LEFT - 1


def point_at(page, seconds, *, view=(0.0, TIMES[-1] + 0.04)):
    """Move the mouse to the middle of a time of the chart; gives the place."""
    left, top, width = plot(page)
    place = left + (seconds - view[0]) / (view[1] - view[0]) * width, top + 60
    page.mouse("moved", *place)
    return place


def percent(share):
    return "under 1 %" if share < 0.005 else "over 99 %" if share >= 0.995 else f"{round(share * 100)} %"


def expected(rows, frame, kind="expression"):
    """What the panel must say of person 1 in a frame: label, probabilities from the largest, evidence."""
    row = rows.filter(frame=frame, track=1).row(0, named=True)
    order = sorted(CLASSES, key=lambda name: -row[f"{kind}_{name}"])
    return row, [(name, row[f"{kind}_{name}"]) for name in order]


def bars(page):
    """Names and numbers beside the bars of the first card, in order."""
    cells = page.ask(
        "[...document.querySelector('.card').querySelectorAll('.mini span')].map((s) => s.textContent)"
    )
    return list(zip(cells[::2], (cell.replace("\xa0", " ") for cell in cells[1::2]), strict=True))


def told_right(shown, shares):
    """Whether bars show these shares; whole per cents may differ by one where 1/254 rounds across."""
    assert {name for name, _ in shown} == {name for name, _ in shares}
    for name, words in shown:
        share = dict(shares)[name]
        assert words in {percent(share), percent(share - 1 / 400), percent(share + 1 / 400)}
    values = [dict(shares)[name] for name, _ in shown]
    assert all(a >= b - 1 / 200 for a, b in pairwise(values))


def test_pointing_reads_the_very_frame(page, rows):
    frame = 143
    point_at(page, TIMES[frame] + 0.02)
    row, shares = expected(rows, frame)
    assert page.text(".readout .when") == f"0:05.720, frame {frame}, shot {row['shot']}"
    card = page.text(".card").replace("\xa0", " ")
    assert card.startswith(f"person 1 {row['label']} followed, not detected")  # every tenth from 3 on
    told_right(bars(page), shares)
    assert f"uncertainty {row['uncertainty']:.2f}" in card
    assert f"elsewhere {percent(row['evidence_elsewhere'])}" in card
    assert ("take care: uncertain, attention elsewhere" in card) == (row["cautions"] != "")
    assert page.ask("document.querySelectorAll('.card').length") == 2  # both people are in it


def test_where_nobody_is_nothing_is_shown(page):
    point_at(page, 1.0)
    assert "no face" in page.text(".cards")
    point_at(page, TIMES[250])
    assert page.ask("document.querySelectorAll('.card').length") == 1


def colour(page, seconds, y, view=(0.0, TIMES[-1] + 0.04)):
    """The colour of the chart at a time and height, as it is on the screen."""
    _, _, width = plot(page)
    x = LEFT + (seconds - view[0]) / (view[1] - view[0]) * width
    data = page.ask(
        f"""[...document.querySelector('canvas').getContext('2d').getImageData(
          Math.round({x} * devicePixelRatio), Math.round({y} * devicePixelRatio), 1, 1).data]"""
    )
    return "#" + bytes(data[:3]).hex()


def test_the_band_has_the_colour_of_the_expression_and_is_empty_where_nobody_is(page, rows):
    foot, top = 4 + 8 + 16 + 110, 4 + 8 + 16  # of person 1's band: after the lane of faces and a gap
    track = page.ask("getComputedStyle(document.documentElement).getPropertyValue('--track')").strip()
    near = rows.filter(pl.col("time").is_between(10.5, 10.6), track=1).select(
        f"expression_{n}" for n in CLASSES
    )
    shares = near.mean().row(0)
    below = np.concatenate([[0], np.cumsum(shares)])
    largest = int(np.argmax(shares))
    middle = (below[largest] + below[largest + 1]) / 2
    assert colour(page, 10.55, foot - middle * 110) == HUES[largest]
    assert colour(page, 1.0, foot - 55) == track
    assert colour(page, 4.5, top + 180 + 55) != colour(page, 9.0, top + 180 + 55)  # person 2 comes and goes


def drag(page, start, stop):
    """Press, move and release between two times of the whole video."""
    x, y = point_at(page, start)
    page.mouse("pressed", x, y, clickCount=1)
    end, _ = point_at(page, stop)
    page.mouse("moved", end, y, buttons=1)
    assert page.ask("!document.querySelector('.selection').hidden")
    page.mouse("released", end, y, clickCount=1)


def test_dragging_zooms_and_double_click_shows_all(page):
    whole = page.text(".zoom .small")
    assert page.text(".zoom button:disabled") == "Whole video"
    for _ in range(5):  # a browser that is starved of time can lose the end of a drag
        drag(page, 4.0, 6.0)
        if page.text(".zoom .small") != whole:
            break
    begin, stop = (float(part.split(":")[1]) for part in page.text(".zoom .small").split(" to "))
    assert (begin, stop) == (pytest.approx(4.0, abs=0.05), pytest.approx(6.0, abs=0.05))
    point_at(page, TIMES[120] + 0.02, view=(begin, stop))
    assert ", frame 120," in page.text(".readout .when")
    # sent as one event: on a busy machine two clicks may lie too far apart to be a double click
    page.ask("document.querySelector('.plot').dispatchEvent(new MouseEvent('dblclick', {bubbles: true}))")
    assert page.text(".zoom .small") == whole


def test_keys_do_all_that_the_mouse_does(page):
    page.ask("document.querySelector('.plot').focus()")
    when = lambda: int(page.text(".readout .when").split("frame ")[1].split(",")[0])  # noqa: E731
    assert when() == 50  # the first frame with a person
    page.key("ArrowRight")
    assert when() == 51
    page.key("ArrowLeft", modifiers=8)
    assert when() == 41
    page.key("End")
    assert when() == 499
    page.key("Home")
    assert when() == 0
    whole = page.text(".zoom .small")
    page.key("+", "+")
    assert page.text(".zoom .small") != whole
    for _ in range(400):
        page.ask(
            "document.querySelector('.plot').dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight'}))"
        )
    assert when() == 400  # the view has followed
    said = ("role", "aria-valuenow", "aria-valuetext")
    slider = [page.ask(f"document.querySelector('.plot').getAttribute('{name}')") for name in said]
    assert slider[:2] == ["slider", str(TIMES[400]).removesuffix(".0")]
    assert slider[2].startswith("0:22.000, frame 400, shot 2; person 1: ")
    page.key("Escape")
    assert page.text(".zoom .small") == whole


def test_people_and_lanes_can_be_put_away(page):
    height = lambda: page.ask("document.querySelector('canvas').clientHeight")  # noqa: E731
    point_at(page, TIMES[143] + 0.02)
    both = height()
    page.ask("document.querySelectorAll('.controls input')[1].click()")
    one = height()
    assert one < both - 110
    assert page.text(".cards").count("person") == 1
    page.ask("document.querySelectorAll('.controls input')[2].click()")
    assert height() == one - 4 - 14 * 5  # five lanes of a person
    for place in (1, 2):
        page.ask(f"document.querySelectorAll('.controls input')[{place}].click()")
    assert height() == both


def test_smoothed_values_are_shown_when_asked_for(page, rows):
    point_at(page, TIMES[180] + 0.02)
    told_right(bars(page), expected(rows, 180)[1])
    page.ask("document.querySelectorAll('.controls input[type=radio]')[1].click()")
    told_right(bars(page), expected(rows, 180, "smooth")[1])


def test_damage_is_told_beside_the_frame_before_it(page):
    point_at(page, 15.0)
    assert "damaged after this: decoded with errors" in page.text(".readout .when")
    assert "frame 299" in page.text(".readout .when")
    assert colour(page, 13.0, 300) != colour(page, 8.0 - 0.5, 300)  # hatched


def test_a_moment_leads_to_its_frame(page, rows):
    button = page.ask("document.querySelector('.moments button').textContent")
    page.ask("document.querySelector('.moments button').click()")
    when = page.text(".readout .when")
    assert when.startswith(button)
    label = page.ask("document.querySelector('.moments figcaption').textContent").split()[1]
    frame = int(when.split("frame ")[1].split(",")[0])
    assert rows.filter(frame=frame, track=1)["label"].to_list() == [label]


def test_without_scripts_the_picture_and_the_table_stand(browser, address):
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(address)
    browser.call("Emulation.setScriptExecutionDisabled", value=False)
    assert browser.ask("document.querySelector('.controls')") is None
    assert browser.ask("document.querySelector('svg.timeline').getBoundingClientRect().height") > 200
    assert "person 1" in browser.text("table")


def test_a_policy_of_another_script_stops_it(browser, address, folder):
    changed = (
        (folder / "report.html")
        .read_text(encoding="utf-8")
        .replace("const MISSING = 255", "const MISSING = 254")
    )
    (folder / "changed.html").write_text(changed, encoding="utf-8")
    browser.open((folder / "changed.html").as_uri())
    assert browser.ask("document.querySelector('.controls')") is None
    assert any("Content Security Policy" in told_ for told_ in browser.problems)
