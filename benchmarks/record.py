"""Where every benchmark leaves its figures: benchmarks/results/NAME.json, with what they were measured on."""

import json
import os
import platform
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

RESULTS = Path(__file__).parent / "results"


def record(name: str, results: dict[str, object]) -> Path:
    """Write `results` with the commit, the machine and the date; return the file."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{name}.json"
    whole = {
        "benchmark": name,
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(),
        "machine": machine(),
        "results": results,
    }
    file.write_text(json.dumps(whole, indent=2) + "\n")
    return file


def kept(file: Path, measure: Callable[[], Any]) -> Any:
    """What was measured before, as JSON has it; or now, in a file that appears whole or not at all."""
    if not file.is_file():
        found = measure()
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".part")
        partial.write_text(json.dumps(found))
        partial.replace(file)
    return json.loads(file.read_text())


def machine() -> dict[str, object]:
    """The processor, its cores, the threads torch uses of them, how busy it was, and versions."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load_average": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def commit() -> str:
    """The commit the working tree stands on; "+changes" marks a tree whose package differs from it."""
    here = Path(__file__).parent
    try:
        commit = _git("rev-parse", "--short=12", "HEAD", folder=here)
        changed = _git("status", "--porcelain", "--", "../src", folder=here)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit + ("+changes" if changed else "")


def _git(*arguments: str, folder: Path) -> str:
    told = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return told.stdout.strip()


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        models = [
            line.split(":", 1)[1].strip() for line in listing.read_text().splitlines() if "model name" in line
        ]
        if models:
            return models[0]
    return platform.processor() or "unknown"
