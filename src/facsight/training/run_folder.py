"""One folder per run: recipe, environment, terms per step, metrics per epoch, checkpoint, weights, scores."""

import csv
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from facsight.core.errors import BadTraining
from facsight.nn.weights import load_tensors, save_tensors

RECIPE, ENVIRONMENT, WEIGHTS, METRICS = (
    "recipe.toml",
    "environment.json",
    "weights.safetensors",
    "metrics.json",
)
#: What became of published weights that a run started from.
START = "start.json"
TERMS, EPOCHS, CHECKPOINT = "terms.csv", "epochs.csv", "checkpoint.safetensors"


class RunFolder:
    """Writes and reads a run; opening it again with the same recipe goes on where it stopped."""

    def __init__(self, path: str | Path, recipe: str):
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        existing = self.path / RECIPE
        if existing.is_file() and existing.read_text(encoding="utf-8") != recipe:
            raise BadTraining(
                f"{self.path} holds a run of another recipe (see {RECIPE} in it); choose another folder with "
                "--out, or the same recipe to go on with that run"
            )
        write_whole(existing, recipe)
        self._terms: list[tuple[int, Mapping[str, float]]] = []

    def file(self, name: str) -> Path:
        return self.path / name

    def log_terms(self, step: int, terms: Mapping[str, Tensor]) -> None:
        """Remember a step's terms; they are written with the next checkpoint."""
        self._terms.append((step, {name: term.item() for name, term in terms.items()}))

    def log_epoch(self, epoch: int, numbers: Mapping[str, float]) -> None:
        """Append an epoch's validation numbers."""
        _append(self.file(EPOCHS), [{"epoch": epoch, **numbers}])

    def save_checkpoint(self, tensors: Mapping[str, Tensor], *, step: int, epoch: int) -> None:
        """The whole training state after so many steps and finished epochs, and the terms up to it."""
        _append(self.file(TERMS), [{"step": step, **terms} for step, terms in self._terms])
        self._terms.clear()
        save_tensors(tensors, self.file(CHECKPOINT), {"step": step, "epoch": epoch})

    def load_checkpoint(self) -> tuple[dict[str, Tensor], int] | None:
        """The saved state and its step, or None for a fresh run. Logs after that step are dropped."""
        path = self.file(CHECKPOINT)
        if not path.is_file():
            _keep_rows(self.file(TERMS), "step", 0)
            _keep_rows(self.file(EPOCHS), "epoch", 0)
            return None
        tensors, card = load_tensors(path)
        _keep_rows(self.file(TERMS), "step", card["step"])
        _keep_rows(self.file(EPOCHS), "epoch", card["epoch"])
        return tensors, card["step"]

    def write_json(self, name: str, content: Any) -> None:
        write_whole(self.file(name), json.dumps(content, indent=2) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that it appears whole or not at all."""
    partial = path.with_name(path.name + ".part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def environment(seed: int) -> dict[str, Any]:
    """What a result depends on besides the recipe: commit, versions, machine, seed."""
    packages = ("facsight", "torch", "accelerate", "transformers", "numpy", "mediapipe", "polars")
    return {
        "commit": _commit(),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in packages}},
        "machine": {
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "threads": torch.get_num_threads(),
        },
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "seed": seed,
    }


def _commit() -> str | None:
    here = Path(__file__).parent
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        found = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _append(path: Path, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    fresh = not path.exists() or path.stat().st_size == 0
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        if fresh:
            writer.writeheader()
        writer.writerows(rows)


def _keep_rows(path: Path, counter: str, last: int) -> None:
    """Drop the rows that came after the checkpoint: training will write them again."""
    if not path.exists():
        return
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if int(row[counter]) <= last]
    path.unlink()
    _append(path, rows)
