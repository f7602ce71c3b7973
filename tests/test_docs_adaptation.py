"""The page that says which way to adapt: its numbers are the recorded ones, and it has every way there is."""

import json
from pathlib import Path

from facsight import catalog

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "adaptation.md").read_text(encoding="utf-8")
FOUND = json.loads((ROOT / "benchmarks" / "results" / "planted_people.json").read_text())["results"]


def rows(title):
    """The lines of a table of the page by the name in their first cell."""
    part = PAGE.split(title, 1)[1].split("\n\n", 1)[0]
    lines = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| `")]
    return {cells[0].strip("`"): cells[1:] for cells in lines}


def test_every_way_of_the_catalogue_was_measured_and_is_told():
    told = rows("| method | sees |")
    assert catalog.ADAPTATION.keys() <= told.keys()
    assert told.keys() == FOUND["styled"]["methods"].keys() == FOUND["alike"]["methods"].keys()


def test_accuracies_and_shares_are_the_recorded_ones():
    for name, cells in rows("| method | sees |").items():
        recorded = FOUND["styled"]["methods"][name]
        assert cells[0] == recorded["sees"]
        assert float(cells[1]) == round(recorded["accuracy"], 3)
        assert float(cells[4]) == round(recorded["made_worse"], 2)


def test_what_is_told_of_identity_is_recorded():
    told = rows("| source stage | people told apart")
    assert told.keys() == FOUND["styled"]["leaks"].keys()
    for name, cells in told.items():
        assert float(cells[0].split()[0]) == round(FOUND["styled"]["leaks"][name]["told_apart"], 3)


def test_claims_of_the_page_hold_in_the_record():
    styled = FOUND["styled"]["methods"]
    # at least half of what labels gain
    assert (
        min(styled[name]["recovered"] for name in ("subject_based", "personalized_feature_translation"))
        >= 0.5
    )
    # below no adaptation, and said so
    below = {name for name, row in styled.items() if row["gain"][0] < 0}
    assert below == {"identity_adversarial", "cluster_pseudo_labels", "entropy"}
    # making the missing expressions helps for certain, and less than taking the neutral off
    assert styled["disentangled"]["gain"][1] > 0
    assert styled["disentangled"]["gain"][0] < styled["neutral_shift"]["gain"][0]
    leaks = FOUND["styled"]["leaks"]
    assert leaks["disentangled_sources, expression"]["told_apart"] < leaks["supervised_people"]["told_apart"]
    assert leaks["identity_sources"]["told_apart"] < 0.2 * leaks["supervised_people"]["told_apart"]


def test_what_is_told_of_people_who_show_one_thing_is_recorded():
    file = ROOT / "benchmarks" / "results" / "planted_people_unbalanced.json"
    found = json.loads(file.read_text())["results"]
    told = rows("| method | sees | ten of sixteen")
    assert told.keys() == found["mostly"]["methods"].keys() == found["nearly"]["methods"].keys()
    for name, cells in told.items():
        for setting, place in (("mostly", 1), ("nearly", 4)):
            recorded = found[setting]["methods"][name]
            assert cells[place] == f"{recorded['balanced_accuracy']:.3f}"
            assert float(cells[place + 1].split()[0]) == float(f"{recorded['gain'][0]:.3f}")
            assert cells[place + 2] == f"{recorded['made_worse']:.2f}"
