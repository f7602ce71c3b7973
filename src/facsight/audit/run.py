"""The audit of a trained reader: its maps beside floors, what removing places does, verdicts."""

import copy
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.audit.alike import MAPS, UNITS, Alike, alike, save_maps
from facsight.audit.causes import examine_causes
from facsight.audit.compare import TABLE
from facsight.audit.examine import Examined, examine, explained_both_ways
from facsight.audit.faithful import examine_faithfulness
from facsight.audit.findings import Findings, face_table, plain_scores
from facsight.core.saving import whole_file
from facsight.experiment import Trained, open_run
from facsight.explain.run import find_explainer
from facsight.explain.sanity import randomise_weights
from facsight.metrics.interpretability import Interpretability, Kind, interpretability
from facsight.nn.classifier import Classifier, fold_normalisation, read_both_ways
from facsight.nn.precision import has_bfloat16

#: What every network of ours offers without an explainer.
OWN_MAPS: Mapping[str, Kind] = {"attention": "attention", "class map": "class map"}

#: Faces on which places are removed, by default: enough for intervals of a few hundredths.
SAMPLE = 300


@dataclass(frozen=True, eq=False)
class Audit:
    """What was found: `scores` as plain data, `faces` a row a face, and what a page shows pictures of."""

    home: Path
    name: str
    about: str
    scores: dict[str, Any]
    faces: pl.DataFrame
    examined: Examined
    classes: tuple[str, ...]
    alike: Alike | None


def audit(
    run: Path,
    *,
    split: str = "val",
    folder: Path | None = None,
    recipe: Path | None = None,
    methods: Sequence[str] = (),
    sample: int = SAMPLE,
    seed: int = 0,
    on_part: Callable[[str], None] = lambda _: None,
    on_face: Callable[[int, int], None] | None = None,
) -> Audit:
    """Examine the evidence of a run (or of a weights file with its recipe) on a split of its dataset.

    `methods` are explainers to judge beside the attention and the class map. Places are removed on a `sample`
    of the faces, the same for the same `seed`. Writes `audit-SPLIT.json` (scores), `audit-SPLIT.parquet` (one
    row a face) and `audit-SPLIT.safetensors` (its maps) beside the weights. `on_part` hears what is done.
    Faces without some of their places are read in bfloat16 where the processor has it, which is sooner,
    and probabilities differ by some thousandths.
    """
    for method in methods:
        find_explainer(method)
    trained = open_run(run, split=split, folder=folder, recipe=recipe, on_face=on_face)
    clock = _Clock(on_part)
    clock.part("reading faces")
    faces = examine(trained.network, trained.crops, trained.codebook, temperature=trained.temperature)
    maps = _maps(trained.network, faces, methods, clock)
    clock.part("comparing maps with action units")
    scores = {name: _compared(faces, about, name, seed) for name, about in maps.items()}
    chosen = sample_evenly(faces.truth, sample, classes=faces.logits.shape[1], seed=seed)
    few, score = faces.rows(chosen), decision(trained, bfloat16=has_bfloat16())
    clock.part("removing places in the order of each map")
    faithful = examine_faithfulness(score, few, {n: m["predicted"][chosen] for n, m in maps.items()}, seed)
    clock.part("removing action units")
    causes = examine_causes(score, few, seed)
    clock.part("forgetting what was learnt")
    forgotten = _forgotten(trained.network, few, seed)
    clock.part("")
    classes = trained.crops.faces.space.classes
    found = Findings(faces, scores, chosen, few, faithful, causes, forgotten, classes, split, seed)
    about = {"data": trained.crops.faces.name, "split": split, "label_space": trained.crops.faces.space.name}
    book = {"codebook": {"name": trained.codebook.name, "version": trained.codebook.version}}
    shown = {name: one["true"] for name, one in maps.items()} | {UNITS: _units_of_truth(faces)}
    looks = alike(shown)
    plain = about | book | plain_scores(found)
    plain |= {"changed_faces_read_in": "bfloat16" if has_bfloat16() else "float32"}
    plain |= {"alike": looks.plain() if looks else None, "seconds": clock.seconds}
    table = face_table(found, maps, trained.crops.faces.ids)
    with whole_file(trained.home / f"audit-{split}.json") as partial:
        partial.write_text(json.dumps(plain, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    with whole_file(trained.home / TABLE.format(split=split)) as partial:
        table.write_parquet(partial)
    save_maps(trained.home / MAPS.format(split=split), shown)
    name = run.name if run.is_dir() else run.stem
    return Audit(trained.home, name, trained.about, plain, table, faces, classes, looks)


class _Clock:
    """Says what is being done, and remembers how long it took."""

    def __init__(self, on_part: Callable[[str], None]):
        self.on_part, self.seconds = on_part, {}
        self._name, self._start = "", time.perf_counter()

    def part(self, name: str) -> None:
        now = time.perf_counter()
        if self._name:
            self.seconds[self._name] = round(now - self._start, 2)
        self._name, self._start = name, now
        if name:
            self.on_part(name)


def _maps(
    network: Classifier, faces: Examined, methods: Sequence[str], clock: _Clock
) -> dict[str, dict[str, Float[Tensor, "n h w"]]]:
    """Every map that is judged, about the true and about the predicted class."""
    maps = {
        "attention": dict.fromkeys(faces.labels, faces.attention),
        "class map": {about: faces.class_map(label) for about, label in faces.labels.items()},
    }
    for method in methods:
        clock.part(f"explaining by {method}")
        maps[method] = {
            about: explained_both_ways(network, faces, label, method) for about, label in faces.labels.items()
        }
    return maps


def _units_of_truth(faces: Examined) -> Float[Tensor, "n h w"]:
    """The action units' map of the true class, NaN on a face without one."""
    (cues, valid), rows = faces.cues, torch.arange(len(faces))
    own = valid[rows, faces.truth][:, None, None]
    return torch.where(own, cues[rows, faces.truth], torch.nan)


def _compared(
    faces: Examined, maps: Mapping[str, Tensor], name: str, seed: int
) -> dict[str, Interpretability]:
    """Scores beside floors, against the true and the predicted class, of the faces that have a map."""
    (cues, valid), kind = faces.cues, OWN_MAPS.get(name, "class map")
    found = {}
    for about, label in faces.labels.items():
        known = maps[about].isfinite().all(dim=(1, 2))
        found[about] = interpretability(
            maps[about][known],
            cues[known],
            valid[known],
            label[known],
            generator=torch.Generator().manual_seed(seed),
            hull=faces.hull[known],
            picture_map=faces.cues_on_crop(label)[known],
            kind=kind,
        )
    return found


def sample_evenly(label: Int[Tensor, "n"], count: int, *, classes: int, seed: int) -> Int[Tensor, "m"]:
    """Rows drawn as evenly over the classes as they allow, in order: rare classes count as others."""
    order = torch.randperm(len(label), generator=torch.Generator().manual_seed(seed))
    drawn = torch.nn.functional.one_hot(label[order], classes)
    turn = (drawn.cumsum(dim=0) * drawn).sum(dim=1)  # the how-manieth of its class
    return order[turn.argsort(stable=True)[:count]].sort().values


def decision(trained: Trained, *, bfloat16: bool) -> Callable[[Tensor], Tensor]:
    """Calibrated logits of pictures, one way: what is asked many times about changed faces."""
    network = fold_normalisation(copy.deepcopy(trained.network))

    def score(pixels: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            logits = network(pixels.contiguous(memory_format=torch.channels_last)).logits
        return logits.float() / trained.temperature

    return score


def _forgotten(network: Classifier, few: Examined, seed: int) -> dict[str, Float[Tensor, "m"]]:
    """How alike each map is to that of the same network with random weights everywhere."""

    def attention(one: torch.nn.Module) -> Tensor:
        assert isinstance(one, Classifier)
        return read_both_ways(one, few.pixels).attention

    def class_map(one: torch.nn.Module) -> Tensor:
        assert isinstance(one, Classifier)
        return read_both_ways(one, few.pixels).class_maps[torch.arange(len(few)), few.truth]

    found = {}
    for name, maps in {"attention": attention, "class map": class_map}.items():
        with torch.inference_mode():
            generator = torch.Generator().manual_seed(seed)
            alike = randomise_weights(network, maps, generator=generator, parts=("",))
        found[name] = alike[""].centred_cosine
    return found
