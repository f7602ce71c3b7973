"""Recipes for people: what is trained on whom, what a method is shown, and who gains by it."""

import json
from typing import ClassVar

import pytest
import torch

from facsight import catalog
from facsight.adaptation_experiment import (
    adaptation_table,
    holds_people,
    person_table,
    ranking,
    read_clips,
    read_results,
    running,
    train_people,
)
from facsight.cli.app import run as command
from facsight.core.errors import BadFolds, BadPeople, BadRecipe, BadTraining, UnknownName
from facsight.core.people import People
from facsight.data.people_file import write_people
from facsight.data.people_set import PeopleSet
from facsight.data.simulated.people import NEUTRAL
from facsight.data.simulated.people_loading import load_simulated_people
from facsight.methods.adaptation.neutral_subtraction import NeutralSubtraction
from facsight.recipe import check_recipe

#: People who differ by offsets only, which their neutral clips tell.
CONTENT = {
    "data": {
        "name": "simulated_people",
        "people": 8,
        "offset": 2.5,
        "gain": 0.0,
        "rotation": 0.0,
        "target": ["person 5", "person 6", "person 7"],
    },
    "network": {"name": "split_perceptron", "size": 16, "layers": 1},
    "method": {"name": "neutral_subtraction"},
    "training": {"epochs": 8, "batch_size": 32, "rate": 0.01},
    "adapting": {"epochs": 3},
    "comparison": {"methods": ["entropy"]},
}
METHODS = ("supervised_people", "fine_tuning", "entropy", "neutral_subtraction")


def recipe(section="data", **options):
    return check_recipe(CONTENT | {section: CONTENT.get(section, {}) | options})


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("people") / "run"
    return out, train_people(recipe(), out)


def test_every_target_has_every_method_once(finished):
    out, results = finished
    assert [(one.target, one.method) for one in results] == [
        (f"person {k}", name) for k in (5, 6, 7) for name in METHODS
    ]
    assert read_results(out) == results
    assert holds_people(out)
    roles = {one.method: (one.role, one.sees) for one in results}
    assert roles == {
        "supervised_people": ("bound", "nothing"),
        "fine_tuning": ("bound", "labels"),
        "entropy": ("baseline", "target"),
        "neutral_subtraction": ("method", "neutral"),
    }


def test_a_clip_is_adapted_to_or_scored_on(finished):
    """Eight clips of eight rows, two of each class: one of each is scored on."""
    _, results = finished
    assert {(one.clips, one.rows) for one in results} == {(4, 32)}


def test_which_clips_were_adapted_to_is_written_down(finished):
    """Of each target eight clips, two of each class: one of each on either side, none on both."""
    out, results = finished
    clips = read_clips(out)
    people = load_simulated_people(**_planted()).people
    assert set(clips["target"]) == {one.target for one in results}
    for (target,), own in clips.group_by("target"):
        rows = people.of(people.names.index(target))
        assert sorted(own["clip"]) == rows.clip.unique().tolist()
        assert own["rows"].to_list() == [8] * 8
        for part in ("adapted", "scored"):
            side = own.filter(part=part)
            classes = [int(rows.label[rows.clip == clip][0]) for clip in side["clip"]]
            assert sorted(classes) == [0, 1, 2, 3]
            assert side.filter("neutral")["clip"].to_list() == [side["clip"][classes.index(NEUTRAL)]]


def test_a_run_from_before_clips_were_written_down_has_none(tmp_path):
    assert read_clips(tmp_path) is None


def test_neutral_clips_undo_planted_offsets(finished):
    _, results = finished
    table = adaptation_table(results)
    found = table["neutral_subtraction"]
    assert found.gain.low > 0
    assert found.recovered > 0.5
    assert table["supervised_people"].gain.estimate == 0.0
    assert set(table) == set(METHODS)


def test_a_row_a_person_and_a_column_a_method(finished):
    _, results = finished
    table = person_table(results)
    assert table.columns == ["target", *METHODS]
    first = next(one for one in results if one.target == "person 6" and one.method == "entropy")
    assert table.row(1, named=True)["entropy"] == first.accuracy


def test_what_sees_labels_stands_in_no_ranking_without_being_named(finished):
    _, results = finished
    with pytest.raises(BadPeople, match="'fine_tuning' sees labels"):
        ranking(results)
    assert set(ranking(results, bounds=["fine_tuning"])) == set(METHODS)
    honest = [one for one in results if one.role != "bound"]
    assert ranking(honest)[0] == "neutral_subtraction"


class Killed(Exception):
    pass


def test_a_killed_run_goes_on_to_the_same_results(finished, tmp_path):
    _, whole = finished
    count = 0

    def kill(step, total, terms):
        nonlocal count
        count += 1
        if count == 82:
            raise Killed

    with pytest.raises(Killed):
        train_people(recipe(), tmp_path / "cut", on_step=kill)
    assert not (tmp_path / "cut" / "results.csv").exists()
    with pytest.raises(BadTraining, match="not finished"):
        read_results(tmp_path / "cut")
    again = train_people(recipe(), tmp_path / "cut")
    assert [one.accuracy for one in again] == [one.accuracy for one in whole]


def test_a_run_killed_between_targets_goes_on_with_the_next(finished, tmp_path):
    _, whole = finished

    def kill(done, total):
        if done == len(METHODS):  # all of the first target
            raise Killed

    with pytest.raises(Killed):
        train_people(recipe(), tmp_path / "cut", on_result=kill)
    first = [path.parent.name for path in sorted((tmp_path / "cut" / "targets").rglob("result.json"))]
    assert sorted(first) == sorted(METHODS)
    again = train_people(recipe(), tmp_path / "cut")
    assert [one.accuracy for one in again] == [one.accuracy for one in whole]


def test_what_is_finished_is_not_done_again(finished, monkeypatch):
    out, results = finished
    monkeypatch.setattr(running, "_adapted", lambda *_: pytest.fail("trained again"))
    assert train_people(recipe(), out) == results
    with pytest.raises(BadTraining, match="another recipe"):
        train_people(recipe("training", epochs=9), out)


class Spy(NeutralSubtraction):
    """Writes down what it is shown."""

    shown: ClassVar[list] = []

    def begin(self, target, sources):
        self.shown.append((target, sources))
        super().begin(target, sources)


def test_a_method_for_neutral_clips_is_shown_those_of_the_target_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setitem(catalog.ADAPTATION, "neutral_subtraction", f"{__name__}:Spy")
    monkeypatch.setattr(Spy, "shown", [])
    train_people(check_recipe(_with(target="person 2", methods=[])), tmp_path / "run")
    ((target, sources),) = Spy.shown
    assert sources is None
    people = load_simulated_people(**_planted()).people.of(2)
    neutral = people.inputs[people.label == NEUTRAL]
    rows = {tuple(row) for row in neutral.tolist()}
    assert len(target) == 8
    assert all(tuple(row) in rows for row in target.inputs.tolist())


def test_methods_that_see_source_people_are_shown_the_relevant_ones(tmp_path, monkeypatch):
    seen = []
    train = running.adapt
    monkeypatch.setattr(
        running,
        "adapt",
        lambda method, target, sources, *a, **k: (
            seen.append((method.sees, len(sources.person.unique()))),
            train(method, target, sources, *a, **k),
        )[1],
    )
    plan = _with(target="person 2", methods=["mmd"])
    plan["comparison"]["relevant"] = 3
    train_people(check_recipe(plan), tmp_path / "run")
    assert seen == [("sources", 3), ("neutral", 7)]  # the latter is shown none of them by `adapt`


def _planted():
    return {key: value for key, value in CONTENT["data"].items() if key not in ("name", "target")}


def _with(*, target, methods, seeds=1):
    comparison = {"methods": methods, "seeds": seeds}
    return CONTENT | {"data": CONTENT["data"] | {"target": target}, "comparison": comparison}


def test_targets_of_a_list_share_one_source_training_a_seed(tmp_path):
    plan = check_recipe(_with(target=["person 1", "person 4"], methods=[], seeds=2))
    results = train_people(plan, tmp_path / "run")
    trained = sorted((tmp_path / "run" / "sources").glob("*/*/*"))
    assert [str(one.relative_to(tmp_path / "run" / "sources")) for one in trained] == [
        "0-listed/seed-0/supervised_people",
        "0-listed/seed-1/supervised_people",
    ]
    assert {(one.target, one.seed) for one in results} == {
        (name, seed) for name in ("person 1", "person 4") for seed in (0, 1)
    }


def test_a_further_bound_sees_the_labels_of_a_few_clips(tmp_path, monkeypatch):
    """`fine_tuning` under another name stands for any; it is shown two clips, where the oracle has four."""
    monkeypatch.setitem(catalog.BOUNDS, "another", catalog.BOUNDS["fine_tuning"])
    seen = []
    train = running.train_sources
    monkeypatch.setattr(
        running,
        "train_sources",
        lambda method, people, *a, **k: (seen.append(people), train(method, people, *a, **k))[1],
    )
    plan = _with(target="person 2", methods=[]) | {
        "comparison": {"methods": [], "bounds": ["another"], "few": 2}
    }
    results = train_people(check_recipe(plan), tmp_path / "run")
    assert [len(people.clip.unique()) for people in seen] == [4, 2]
    assert [one.role for one in results] == ["bound", "bound", "bound", "method"]


# --- the report


def said(words, capsys):
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        command(words)
    told = capsys.readouterr()
    return left.value.code, told.out, told.err


def test_the_report_tells_who_gained_and_writes_its_numbers(finished, capsys):
    out, results = finished
    code, told, warned = said(["personalize", "report", str(out)], capsys)
    assert not code
    assert "accuracy of 3 people, 1 seed" in told
    assert "neutral_subtraction:\n  gained (" in told
    written = json.loads((out / "personal.json").read_text())
    gain = adaptation_table(results)["neutral_subtraction"]
    assert written["methods"]["neutral_subtraction"]["gain"]["estimate"] == gain.gain.estimate
    assert written["methods"]["supervised_people"]["role"] == "bound"
    assert len(written["people"]) == 3
    assert ("worse than no adaptation" in warned) == any(
        one.gain.estimate < 0 for name, one in adaptation_table(results).items() if name in METHODS[2:]
    )


def test_what_harms_is_warned_of(finished, tmp_path, capsys):
    """The report of made-up results, in which the method loses a tenth for everybody."""
    _, results = finished
    worse = [
        type(one)(**one.as_data() | {"accuracy": 0.4 if one.method == "neutral_subtraction" else 0.5})
        for one in results
    ]
    running.write_results(tmp_path, worse)
    _, told, warned = said(["personalize", "report", str(tmp_path)], capsys)
    assert "neutral_subtraction is worse than no adaptation, by 0.100 on average" in warned
    assert "lost (3): person 5 -0.100" in told


def test_reports_that_cannot_be_made(tmp_path, finished, capsys):
    code, _, told = said(["personalize", "report", str(tmp_path)], capsys)
    assert code == 1
    assert "holds no results.csv" in told
    code, _, told = said(["personalize", "report", str(finished[0]), "--score", "acuracy"], capsys)
    assert code == 2
    assert "did you mean 'accuracy'" in told


def test_training_from_the_command_line(tmp_path, capsys):
    words = ["train", "recipes/adaptation/neutral_only.toml", "data.people=3", "data.target=person 1"]
    small = ["training.epochs=1", "comparison.methods=[]", "network.size=4"]
    code, told, _ = said([*words, *small, "--out", str(tmp_path / "run")], capsys)
    assert not code
    assert "accuracy of 1 person, 1 seed" in told
    assert (tmp_path / "run" / "results.csv").is_file()


# --- bad input


@pytest.mark.parametrize(
    ("section", "options", "message"),
    [
        ("method", {"name": "fine_tuning"}, "sees labels of the target"),
        ("method", {"neutral": 3}, "no option 'neutral'"),
        ("comparison", {"methods": ["fine_tuning"]}, "sees labels of the target"),
        ("comparison", {"methods": ["supervised"]}, "adapt to a person, 'supervised' does not"),
        ("comparison", {"bounds": 3}, "comparison.bounds expects"),
        ("comparison", {"seed": 3}, "did you mean 'seeds'"),
        ("source_stage", {"name": "supervised_people", "smoothin": 0.1}, "did you mean 'smoothing'"),
        ("source_stage", {"smoothing": 0.1}, "needs a `name`"),
        ("data", {"target": 3}, "data.target expects"),
    ],
)
def test_recipes_that_make_no_sense(section, options, message):
    with pytest.raises(BadRecipe, match=message):
        recipe(section, **options)


def test_a_source_stage_of_another_method_is_refused(monkeypatch):
    monkeypatch.setattr(NeutralSubtraction, "stage", "other_people")
    with pytest.raises(BadRecipe, match="expected the source stage 'other_people'"):
        recipe("source_stage", name="supervised_people")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seeds": 0}, "comparison.seeds is 1 or more"),
        ({"relevant": 0}, "comparison.relevant is 1 or more"),
        ({"share": 1.0}, "comparison.share is between 0 and 1"),
    ],
)
def test_plans_that_make_no_sense(options, message, tmp_path):
    with pytest.raises(BadRecipe, match=message):
        train_people(recipe("comparison", **options), tmp_path / "run")


def test_unknown_targets_and_methods(tmp_path):
    with pytest.raises(BadFolds, match="did you mean 'person 5'"):
        train_people(recipe(target="persn 5"), tmp_path / "run")
    with pytest.raises(UnknownName, match="did you mean 'fine_tuning'"):
        recipe("comparison", bounds=["fine_tunning"])
    with pytest.raises(UnknownName, match="methods has no 'neutrl'"):
        recipe("comparison", methods=["neutrl"])


def people_of(monkeypatch, people, neutral="neutral"):
    """A recipe whose data are these people, of two classes."""
    made = PeopleSet("made", ("neutral", "smile"), people, neutral)
    monkeypatch.setattr(running, "open_people", lambda _: made)


def few(persons, labels=(0, 0, 1, 1)):
    """Some people with four clips of two rows each, whose labels are given."""
    label = torch.tensor(labels).repeat_interleave(2).repeat(persons)
    clip = torch.arange(4 * persons).repeat_interleave(2)
    inputs = torch.randn(len(label), 3, generator=torch.Generator().manual_seed(0)) + label.unsqueeze(1)
    return People(inputs, label, clip // 4, clip, tuple(f"person {k}" for k in range(persons)))


SMALL = {
    "data": {"name": "simulated_people"},
    "training": {"epochs": 1, "batch_size": 8},
    "comparison": {"methods": []},
}


def test_faces_are_adapted_to_as_rows_are(tmp_path):
    people = few(3)
    pixels = people.label.view(-1, 1, 1, 1) + torch.randn(len(people), 1, 24, 24)
    made = People(pixels, people.label, *_rest(people))
    write_people(tmp_path / "faces.people", PeopleSet("faces", ("neutral", "smile"), made, "neutral"))
    content = SMALL | {
        "data": {"name": "people_file", "file": str(tmp_path / "faces.people"), "target": "person 2"},
        "network": {"name": "split_resnet", "widths": [4, 4, 4], "stem": 4},
        "comparison": {"methods": ["batch_statistics", "nearest_neutral"]},
    }
    results = train_people(check_recipe(CONTENT | content), tmp_path / "run")
    assert [one.method for one in results][2:] == [
        "batch_statistics",
        "nearest_neutral",
        "neutral_subtraction",
    ]
    assert all(0 <= one.accuracy <= 1 for one in results)


def test_a_single_source_person_is_enough_where_people_are_not_compared(tmp_path, monkeypatch):
    people_of(monkeypatch, few(2))
    results = train_people(check_recipe(CONTENT | SMALL), tmp_path / "run")
    assert {one.target for one in results} == {"person 0", "person 1"}


def test_people_of_one_class_only_can_be_targets(tmp_path, monkeypatch):
    people = few(3)
    people_of(monkeypatch, People(people.inputs, people.label * (people.person > 0), *_rest(people)))
    results = train_people(check_recipe(CONTENT | SMALL), tmp_path / "run")
    first = next(one for one in results if one.target == "person 0")
    assert first.accuracy == first.balanced_accuracy


def test_a_target_without_a_neutral_clip_is_told(tmp_path, monkeypatch):
    people = few(3)
    label = torch.where(people.person == 0, 1, people.label)
    people_of(monkeypatch, People(people.inputs, label, *_rest(people)))
    with pytest.raises(BadFolds, match="expected a neutral clip of person 0"):
        train_people(check_recipe(CONTENT | SMALL), tmp_path / "run")


def test_data_without_a_neutral_class_is_told(tmp_path, monkeypatch):
    people_of(monkeypatch, few(3), neutral=None)
    with pytest.raises(BadPeople, match="made has no neutral class among neutral, smile"):
        train_people(check_recipe(CONTENT | SMALL), tmp_path / "run")


def _rest(people):
    return people.person, people.clip, people.names
