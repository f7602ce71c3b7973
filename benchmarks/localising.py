"""The paper's table in its shape: localising methods by rows, without and with AU guidance, beside floors.

    FACSIGHT_DATA=path/to/data python benchmarks/localising.py        (or: make table)
    python benchmarks/localising.py --show                            prints the recorded tables

Every run is `facsight train recipes/localising/NAME.toml` with seed and method.guidance changed, and then
`facsight audit`. Runs that are done are not repeated, an interrupted one goes on. CAM, Grad-CAM, Grad-CAM++
and LayerCAM are four ways of looking at one network. The rows below them are options beyond the paper, on the
same network: see `facsight show action_units`.
"""

import argparse
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facsight.audit.run import audit
from facsight.experiment import train
from facsight.recipe import read_recipe
from facsight.training.run_folder import read_json
from record import RESULTS, record

RECIPES = Path(__file__).parent.parent / "recipes" / "localising"
GUIDANCE = {"without": 0.0, "with": 2.0}
#: Faces on which places are removed, in each audit.
SAMPLE = 60


@dataclass(frozen=True)
class Training:
    """A recipe with changes; `explainers` are judged on what comes out."""

    recipe: str
    changes: tuple[str, ...] = ()
    explainers: tuple[str, ...] = ()
    guidance: tuple[str, ...] = ("without", "with")


TRAININGS = {
    "gap": Training("gap", explainers=("gradcam", "gradcam++", "layercam")),
    "wildcat": Training("wildcat"),
    "acol": Training("acol"),
    "peak_response": Training("peak_response"),
    "adl": Training("adl"),
    "cutmix": Training("cutmix"),
    "ts_cam": Training("ts_cam"),
    "centred": Training("gap", ("guidance.centred=true",), guidance=("with",)),
    "on class map": Training("gap", ('guidance.on="class_map"',), guidance=("with",)),
    "contrast": Training("gap", ("guidance.contrast=0.25",), guidance=("with",)),
    "per unit": Training("per_unit", guidance=("with",)),
}

#: Rows of the table: the training, and the map that explains a class.
ROWS = {
    "CAM": ("gap", "class map"),
    "WILDCAT": ("wildcat", "class map"),
    "Grad-CAM": ("gap", "gradcam"),
    "Grad-CAM++": ("gap", "gradcam++"),
    "ACoL": ("acol", "class map"),
    "PRM": ("peak_response", "class map"),
    "ADL": ("adl", "class map"),
    "CutMix": ("cutmix", "class map"),
    "LayerCAM": ("gap", "layercam"),
    "TS-CAM": ("ts_cam", "class map"),
    "beyond: centred cosine": ("centred", "class map"),
    "beyond: class map aligned": ("on class map", "class map"),
    "beyond: contrast with other classes": ("contrast", "class map"),
    "beyond: one map per unit": ("per unit", "class map"),
}
SCORES = ("paper_cosine", "cosine", "centred_cosine", "discriminated", "auc")


def run_one(home: Path, name: str, training: Training, guided: str, seed: int) -> dict[str, Any]:
    """Train and audit one combination, or read what is there."""
    folder = home / f"{name.replace(' ', '_')}-{guided}-{seed}"
    if not (folder / "audit-val.json").is_file():
        changes = [f"seed={seed}", f"method.guidance={GUIDANCE[guided]}", *training.changes]
        train(read_recipe(RECIPES / f"{training.recipe}.toml", changes), folder)
        audit(folder, sample=SAMPLE, methods=training.explainers)
    return read_json(folder / "audit-val.json")


def cells(found: dict[str, Any], explainer: str) -> dict[str, float]:
    """The numbers of a row, over classes as in the paper, by flat names."""
    flat = {"accuracy": found["classification"]["accuracy"]["value"]}
    flat["macro_f1"] = found["classification"]["macro_f1"]["value"]
    for source, name in (("attention", "attention"), ("class_map", explainer)):
        for about, scores in found["maps"][name].items():
            for score in SCORES:
                flat[f"{source}.{score}.{about}"] = scores["scores"][score]["over_classes"]["value"]
        for score, value in found["faithfulness"]["maps"][name].items():
            flat[f"{source}.{score}"] = value["value"]
    flat["units_removed_beyond_control"] = found["causes"]["difference"]["value"]
    flat["attention_and_removal_agree"] = found["causes"]["agreement"]["value"]
    return {key: value for key, value in flat.items() if value is not None}


def floors(found: dict[str, Any]) -> dict[str, dict[str, float | None]]:
    """The floors of the true class, over classes."""
    return {
        name: {score: floor[score]["over_classes"]["value"] for score in SCORES}
        for name, floor in found["maps"]["attention"]["true"]["floors"].items()
    }


def spread(runs: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Mean and standard deviation over seeds, of what every seed has."""
    shared = set.intersection(*(set(run) for run in runs))
    return {
        name: {
            "mean": round(statistics.mean(run[name] for run in runs), 4),
            "sd": round(statistics.stdev(run[name] for run in runs), 4) if len(runs) > 1 else 0.0,
        }
        for name in runs[0]
        if name in shared
    }


@dataclass
class Table:
    """What is there so far, by row and by guidance."""

    rows: dict[str, dict[str, dict[str, dict[str, float]]]] = field(default_factory=dict)

    def add(self, name: str, guided: str, runs: list[dict[str, Any]]) -> None:
        for row, (training, explainer) in ROWS.items():
            if training == name:
                self.rows.setdefault(row, {})[guided] = spread([cells(run, explainer) for run in runs])

    def in_order(self) -> dict[str, Any]:
        return {row: self.rows[row] for row in ROWS if row in self.rows}


#: Columns of the printed tables: what they are called, and the score without its source.
PAPER = {
    "accuracy": "accuracy",
    "attention": "attention.paper_cosine.true",
    "class map": "class_map.paper_cosine.true",
}
BEYOND = {
    "macro F1": "macro_f1",
    "attention, centred": "attention.centred_cosine.true",
    "class map, centred": "class_map.centred_cosine.true",
    "discriminates": "attention.discriminated.true",
    "ROAD of the class map": "class_map.road",
    "units removed, beyond control": "units_removed_beyond_control",
}


def as_markdown(content: dict[str, Any], columns: dict[str, str]) -> str:
    """Rows by method, each cell without -> with guidance, means over seeds."""
    lines = [f"| | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    for row, found in content["rows"].items():
        lines.append(f"| {row} | {' | '.join(_cell(found, key) for key in columns.values())} |")
    for name, floor in content["floors"].items():
        known = {f"attention.{score}.true": value for score, value in floor.items()}
        cells = [_number(known.get(key)) for key in columns.values()]
        if any(cells):
            lines.append(f"| floor: {name.replace('_', ' ')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(found: dict[str, dict[str, dict[str, float]]], key: str) -> str:
    told = [_number(found.get(guided, {}).get(key, {}).get("mean")) for guided in GUIDANCE]
    return " -> ".join(told) if told[0] else told[1]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}".replace("0.", ".", 1)


def _recorded() -> dict[str, Any]:
    """The rows of an earlier run, each with the commit and processor that it was made on."""
    told = read_json(RESULTS / "localising.json")
    made = {"commit": told["commit"], "processor": told["machine"]["processor"]}
    return {row: {"made": made} | found for row, found in told["results"]["rows"].items()}


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--runs", type=Path, default=Path("runs/localising"))
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--only", nargs="*", help="names of trainings: other rows stay as recorded")
    options.add_argument("--train-only", action="store_true", help="no table: another process makes it")
    options.add_argument("--show", action="store_true", help="print what is recorded, and train nothing")
    chosen = options.parse_args()
    if chosen.show:
        content = read_json(RESULTS / "localising.json")["results"]
        print(as_markdown(content, PAPER), as_markdown(content, BEYOND), sep="\n\n")
        return
    table = Table(_recorded() if chosen.only else {})
    for name, training in TRAININGS.items():
        if chosen.only and name not in chosen.only:
            continue
        for guided in training.guidance:
            runs = [run_one(chosen.runs, name, training, guided, seed) for seed in range(chosen.seeds)]
            table.add(name, guided, runs)
            print(
                name,
                guided,
                [round(run["classification"]["accuracy"]["value"], 4) for run in runs],
                flush=True,
            )
            if not chosen.train_only:
                content = {"seeds": chosen.seeds, "floors": floors(runs[0]), "rows": table.in_order()}
                record("localising", content)


if __name__ == "__main__":
    main()
