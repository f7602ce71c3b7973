"""The page about videos says of people what the code does and what the benchmark found."""

import json
from pathlib import Path

from facsight.analysis.columns import as_markdown
from facsight.analysis.same_person import LEAST_FRAMES
from facsight.analysis.time_columns import FILE, TOLD_COLUMNS
from facsight.analysis.track_faces import FRAMES_A_TRACK
from facsight.faces.recogniser_card import RecogniserCard
from facsight.faces.texture import Texture
from facsight.functional.grouping import KEPT

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "videos.md").read_text(encoding="utf-8")
WORDS = " ".join(PAGE.split())
RESULTS = json.loads((ROOT / "benchmarks" / "results" / "people.json").read_text(encoding="utf-8"))["results"]


def test_the_table_of_people_is_that_of_the_code():
    _, _, rows = as_markdown((FILE, *TOLD_COLUMNS)).split("\n", 2)
    assert rows in PAGE, f"put these rows under 'Telling people apart' in videos.md:\n{rows}"
    assert (FRAMES_A_TRACK, LEAST_FRAMES, KEPT) == (12, 3, 0.75)  # twelve, three and a quarter, in words


def test_the_card_in_the_docs_is_what_is_usual():
    (block,) = (part.split("```")[0] for part in PAGE.split("```toml\n")[1:])
    found = dict(
        line.split("#")[0].replace(" ", "").replace('"', "").split("=") for line in block.split("\n") if line
    )
    assert found == {name: str(value) for name, value in vars(RecogniserCard()).items()}


def test_figures_are_those_of_the_benchmark():
    texture, shape = RESULTS["texture"], RESULTS["shape"]
    assert texture["least"] == Texture.least
    plain = texture["portraits"]["none"]
    lit = texture["portraits"]["lit from a side"]
    for text in (
        f"portraits of {RESULTS['people']} people",
        f"| equal error rate | {plain['equal_error_rate']:.1%} |".replace("%", " %"),
        f"among {RESULTS['people']} | {plain['rank_1']:.0%} |".replace("%", " %"),
        f"at its cosine of {Texture.least} | {plain['one_taken_for_two']:.1%} |".replace("%", " %"),
        f"| two people taken for one | {plain['two_taken_for_one']:.1%} |".replace("%", " %"),
        f"| {lit['one_taken_for_two']:.0%}, {lit['two_taken_for_one']:.0%} |".replace("%", " %"),
        f"(least alike of one person {texture['clips']['least_alike_of_one_person']:.2f}, ",
        f"most alike of two {texture['clips']['most_alike_of_two']:.2f})",
        f"error rate of {shape['portraits']['equal_error_rate']:.0%}".replace("%", " %"),
    ):
        assert text in WORDS, text
    usual = [found for name, found in texture["portraits"].items() if name != "lit from a side"]
    changed = [
        found for name, found in texture["both_changed"].items() if name not in ("none", "lit from a side")
    ]
    assert max(found["two_taken_for_one"] for found in [*usual, *changed]) < 0.003
    assert {found["one_taken_for_two"] for found in [*usual, *changed]} == {plain["one_taken_for_two"]}
    indices = [found["mean_adjusted_rand_index"] for found in texture["interviews"].values()]
    assert min(indices) >= 0.98
    assert list(texture["interviews"]) == ["2", "4", "8", "16"]
    lights = [found["mean_adjusted_rand_index"] for found in texture["interviews_in_two_lights"].values()]
    assert f"of {min(lights):.2f} to {max(lights):.2f} where half" in WORDS
    assert (texture["clips"]["people"], texture["clips"]["adjusted_rand_index"]) == (7, 1.0)
    five = shape["five_people_before_one_camera"]
    assert f"({five['least_alike']:.2f} to {five['most_alike']:.2f})" in WORDS
    assert f"({shape['portraits']['at_cosine']:.2f} is where" in WORDS
