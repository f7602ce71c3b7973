import json
import shutil

import pytest


@pytest.fixture(scope="module")
def copied(runs, tmp_path_factory):
    home = tmp_path_factory.mktemp("verbs")
    for name in ("plain", "guided"):
        shutil.copytree(runs / name, home / name)
    return home


def test_audit_says_what_holds_and_where_the_page_is(facsight, copied):
    code, told, _ = facsight("audit", copied / "guided", "--sample", 8)
    assert code == 0
    assert "points at the action units" in told
    assert (copied / "guided" / "audit-val.html").is_file()


def test_compare_sets_runs_side_by_side(facsight, audits, runs, tmp_path):
    code, told, _ = facsight("compare", runs / "plain", runs / "guided", "--out", tmp_path / "c.json")
    assert code == 0
    assert "attention: centred_cosine" in told
    rows = {row["score"]: row for row in json.loads((tmp_path / "c.json").read_text())}
    assert rows["attention: centred_cosine"]["differences"]["guided"][0] > 0


def test_a_comparison_as_a_page(facsight, audits, runs, tmp_path):
    page = tmp_path / "c.html"
    code, told, _ = facsight("compare", runs / "plain", runs / "guided", "--page", page)
    assert code == 0
    assert "c.html" in told
    text = page.read_text(encoding="utf-8")
    for name in ("plain: attention", "guided: class map", "action units"):
        assert text.count(f">{name}</text>") == 1
    assert "<script" not in text
    assert "http://" not in text.replace("http://www.w3.org", "")


def test_one_run_cannot_be_compared(facsight, runs):
    code, _, complaint = facsight("compare", runs / "plain")
    assert code == 2
    assert "two runs" in complaint


def test_a_folder_that_is_no_run_is_refused(facsight, tmp_path):
    code, _, complaint = facsight("audit", tmp_path)
    assert code == 2
    assert "recipe" in complaint


def test_an_unknown_explainer_is_answered_with_the_nearest(facsight, runs):
    code, _, complaint = facsight("audit", runs / "plain", "--method", "gradcm")
    assert code == 2
    assert "gradcam" in complaint
