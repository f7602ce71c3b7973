"""The page of a run that adapts to people: what it says of whom, on results that were made up."""

import html
import json
import re

import polars as pl
import pytest

from facsight.adaptation_experiment.tables import CLIPS, Result, write_results
from facsight.cli.app import run as command
from facsight.core.errors import BadTraining
from facsight.recipe import check_recipe
from facsight.report.gains import write_gains_page
from facsight.report.person_charts import change_lines, gain_strips
from parsed_page import Page

HOSTILE = "</script><img src=x onerror=alert(1)>"
PEOPLE = ("anna", HOSTILE, "cem")
#: Accuracy of each person in turn; the oracle gains .2 on average, subtraction .1, entropy loses .1 for all.
SCORES = {
    "supervised_people": ("bound", "nothing", (0.5, 0.6, 0.4)),
    "fine_tuning": ("bound", "labels", (0.7, 0.8, 0.6)),
    "entropy": ("baseline", "target", (0.4, 0.5, 0.3)),
    "neutral_subtraction": ("method", "neutral", (0.8, 0.5, 0.5)),
}


def made(scores=SCORES, people=PEOPLE, seeds=(0, 1)):
    return [
        Result(person, name, role, sees, seed, 32, 4, own[number], own[number], own[number], 1.0)
        for number, person in enumerate(people)
        for seed in seeds
        for name, (role, sees, own) in scores.items()
    ]


def saved_run(folder, results, data="simulated_people"):
    folder.mkdir(exist_ok=True)
    options = {"name": data} | ({"file": "people.csv"} if data == "people_table" else {})
    content = {
        "data": options | {"target": list(PEOPLE)},
        "network": {"name": "split_perceptron"},
        "method": {"name": "neutral_subtraction"},
        "comparison": {"methods": ["entropy"], "seeds": 2},
    }
    (folder / "recipe.toml").write_text(check_recipe(content).to_toml(), encoding="utf-8")
    write_results(folder, results)
    return folder


@pytest.fixture
def run(tmp_path):
    return saved_run(tmp_path / "run", made())


def words(page):
    return " ".join(page.text.split())


def rows_of(path):
    """What each row of the page's tables says, cells parted by a bar."""
    text = html.unescape(path.read_text(encoding="utf-8").replace("</td>", "|").replace("</th>", "|"))
    found = re.findall(r"<tr[^>]*>(.*?)</tr>", text, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", "", row).split()) for row in found]


def test_the_page_tells_each_method_beside_the_bounds(run):
    path = write_gains_page(run)
    rows, page = rows_of(path), words(Page(path))
    for start, end in (
        ("neutral_subtraction|method|the person's neutral clips, no labels|0.600|", "|33 %|50 %|"),
        ("supervised_people|lower bound|nothing of the person|0.500|", "|||||"),
        ("fine_tuning|upper bound|the person's clips and their labels|0.700|", "|0 %|100 %|"),
        ("entropy|baseline|the person's clips, no labels|0.400|", "|100 %|-50 %|"),
    ):
        assert len([row for row in rows if row.startswith(start) and row.endswith(end)]) == 1
    assert "Accuracy of 3 people on clips that they were not adapted to, 2 seeds." in page
    assert "There are 3 here." in page


def test_what_harms_is_warned_of_and_bounds_and_gains_are_not(run):
    page = words(Page(write_gains_page(run)))
    assert "entropy is worse than no adaptation, by 0.100 on average" in page
    assert "100 % of the people were made worse" in page
    assert page.count("is worse than no adaptation") == 1


def test_a_bound_that_gains_nothing_is_told(tmp_path):
    scores = SCORES | {"fine_tuning": ("bound", "labels", (0.4, 0.6, 0.4))}
    page = words(Page(write_gains_page(saved_run(tmp_path / "run", made(scores)))))
    assert "fine_tuning, which sees labels, is no better than no adaptation" in page


def test_who_gained_and_who_lost_is_named(run):
    page = words(Page(write_gains_page(run)))
    assert f"neutral_subtraction helped 2 and harmed 1 of 3. Lost: {HOSTILE} -0.100." in page


def test_a_loss_within_the_tolerance_is_none(run):
    page = words(Page(write_gains_page(run, tolerance=0.15)))
    assert "neutral_subtraction helped 1 and harmed 0 of 3." in page
    assert "A change of no more than 0.15 counts as none." in page


def test_hostile_names_are_shown_not_obeyed(run):
    path = write_gains_page(run)
    page, text = Page(path), path.read_text(encoding="utf-8")
    assert [a for _, a in page.tags if "onerror" in a] == []
    assert page.all("img") == page.all("script") == []
    assert HOSTILE in page.text
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text


def test_charts_have_a_name_and_a_mark_a_person(run):
    page = Page(write_gains_page(run))
    charts = page.all("svg", role="img")
    assert len(charts) == 1 + 3  # all ways but the lower bound, and one each
    assert all(chart["aria-label"] for chart in charts)
    assert len(page.all("title")) == 1 + 3 * 3  # the page's own, and a person and way each
    assert all(region["tabindex"] == "0" for region in page.all("div", role="region"))


def test_simulated_people_are_called_that_and_others_are_not(run, tmp_path):
    said = "These people are simulated."
    assert said in words(Page(write_gains_page(run)))
    real = saved_run(tmp_path / "real", made(), data="people_table")
    assert said not in words(Page(write_gains_page(real)))


def test_clips_are_listed_where_they_were_written_down(run):
    assert "was not written down by the version" in words(Page(write_gains_page(run)))
    rows = [
        ("anna", 0, clip, part, clip == 3, 8)
        for clip, part in ((3, "adapted"), (5, "adapted"), (4, "scored"))
    ]
    pl.DataFrame(rows, schema=("target", "seed", "clip", "part", "neutral", "rows"), orient="row").write_csv(
        run / CLIPS
    )
    assert "anna|0|3, 5 (16 rows)|3 (8 rows)|4 (8 rows)|" in rows_of(write_gains_page(run))


def test_one_person_has_no_interval(tmp_path):
    scores = {name: (role, sees, own[:1]) for name, (role, sees, own) in SCORES.items()}
    page = words(Page(write_gains_page(saved_run(tmp_path / "run", made(scores, ("anna",))))))
    assert "Accuracy of 1 person" in page
    assert "nan" not in page


def test_the_command_writes_it_where_it_is_told(run, tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        command(["personalize", "report", str(run), "--page", str(tmp_path / "gains.html")])
    assert not left.value.code
    assert str(tmp_path / "gains.html") in capsys.readouterr().out.replace("\n", "")
    assert Page(tmp_path / "gains.html").all("svg", role="img")
    assert json.loads((run / "personal.json").read_text())["score"] == "accuracy"
    assert not (run / "personal.html").exists()


def test_a_run_that_is_not_finished_has_no_page(tmp_path):
    with pytest.raises(BadTraining, match=r"holds no results\.csv"):
        write_gains_page(tmp_path)


# --- the charts


def strips(changes, **options):
    from facsight.metrics.classification import Interval
    from facsight.metrics.personal_gain import PersonalGain

    before = dict.fromkeys(changes, 0.5)
    mean = sum(changes.values()) / len(changes)
    gain = PersonalGain(0.5, 0.1, Interval(mean, -0.5, 0.5), (), (), 0.0, 0.0)
    people = {"way": {name: 0.5 + change for name, change in changes.items()}}
    return gain_strips("t", {"way": gain}, people, before, {"way": "method"}, **options)


def test_dots_lie_where_their_change_is():
    """The axis goes from -.5 to .5 by the interval, so that .25 lies three quarters along it."""
    chart = strips({"a": 0.25, "b": -0.25, "c": 0.0})
    span = chart.right - chart.left
    assert chart.zero == chart.left + span / 2
    (row,) = chart.rows
    assert [dot.x for dot in row.dots] == [chart.left + span * share for share in (0.25, 0.5, 0.75)]
    assert [dot.change for dot in row.dots] == ["lost", "same", "gained"]
    assert (row.low, row.high) == (chart.left, chart.right)


def test_people_who_changed_alike_do_not_hide_one_another():
    (row,) = strips(dict.fromkeys("abc", 0.25)).rows
    assert len({(dot.x, dot.y) for dot in row.dots}) == 3
    assert len({dot.x for dot in row.dots}) == 1


def test_lines_are_sorted_by_who_gained_most():
    before, after = {"a": 0.5, "b": 0.2, "c": 0.4}, {"a": 0.4, "b": 0.6, "c": 0.4}
    chart = change_lines("t", after, before)
    assert [row.name for row in chart.rows] == ["b", "c", "a"]
    assert [row.change for row in chart.rows] == ["gained", "same", "lost"]
    assert [row.text for row in chart.rows] == ["+0.400", "+0.000", "-0.100"]
    assert (chart.rows[0].before, chart.rows[0].after) == (chart.left, chart.right)  # .2 and .6 are the ends


def test_everybody_alike_still_has_an_axis():
    assert change_lines("t", {"a": 1.0}, {"a": 1.0}).rows[0].text == "+0.000"


# --- in a browser


def test_it_stands_in_narrow_windows_and_opens_by_keys(run, browser):
    path = write_gains_page(run)
    browser.problems.clear()
    browser.call(
        "Emulation.setDeviceMetricsOverride", width=360, height=800, deviceScaleFactor=1, mobile=False
    )
    browser.open(path.as_uri())
    assert browser.ask("document.documentElement.scrollWidth") == 360
    region = "document.querySelector('[role=region]')"
    assert browser.ask(f"{region}.scrollWidth > {region}.clientWidth")  # the chart is moved, not shrunk
    browser.call("Emulation.clearDeviceMetricsOverride")
    closed = "document.querySelectorAll('details.changes:not([open])').length"
    assert browser.ask(closed) == 2
    browser.ask("document.querySelector('details.changes:not([open]) summary').focus()")
    browser.key("Enter", "\r", windowsVirtualKeyCode=13)
    assert browser.ask(closed) == 1
    assert browser.problems == []
