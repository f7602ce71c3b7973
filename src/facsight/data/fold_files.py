"""Folds as a plain file that can be published: CSV under two lines of `#`, checked when it is read.

    # facsight folds 1
    # about: {"dataset": "my-faces", "samples": 320, "sample_list": "sha256:...", "seed": 0, ...}
    "sample","subject","place"
    "0001.jpg","ann","3"

A row a sample, sorted: its id, whose it is (what was kept apart), and its place (none: in no fold). Whoever
has the file can see that nobody has two places, without the dataset. `sample_list` is the version of the list
of samples that the folds were made of; `checksum` is that of everything else in the file.
"""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import polars as pl

from facsight.core.errors import BadFolds, MissingData
from facsight.core.saving import whole_file
from facsight.data.folds import Folds
from facsight.data.groups import keys, listed

_MAGIC = "# facsight folds 1"
_ABOUT = "# about: "
_FIELDS = {"dataset", "samples", "sample_list", "scheme", "apart", "folds", "made", "checksum"}


def write_folds(folds: Folds, path: str | Path) -> Path:
    """Write the folds, whole or not at all; the same folds give the same bytes. `BadOutput`: it failed."""
    path = Path(path)
    held = keys(folds.table, folds.apart)
    rows = held.join(folds.places, on="sample").sort("sample")
    about = {
        "dataset": folds.dataset,
        "samples": len(rows),
        "sample_list": digest(held),
        "scheme": folds.scheme,
        "apart": list(folds.apart),
        "folds": list(folds.names),
        "made": dict(folds.made),
    }
    about["checksum"] = _checksum(about, rows)
    text = f"{_MAGIC}\n{_ABOUT}{json.dumps(about)}\n{rows.write_csv(quote_style='non_numeric')}"
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")
    return path


def read_folds(path: str | Path, table: pl.DataFrame, *, dataset: str) -> Folds:
    """The folds of a file, for this very dataset.

    `BadFolds` says where the file is damaged or edited, is of another dataset, or where the dataset is not
    what the folds were made of: samples that the file does not know, that are missing, or that now are of
    somebody else. `MissingData`: no such file.
    """
    path = Path(path)
    about, rows = _read(path)
    if about["dataset"] != dataset:
        raise BadFolds(f"{path} has folds of {about['dataset']!r}, expected those of {dataset!r}")
    held = keys(table, about["apart"])
    if digest(held) != about["sample_list"]:
        raise BadFolds(f"{path} does not fit the dataset: {'; '.join(_differences(rows, held))}")
    return Folds(
        dataset=dataset,
        table=table,
        places=rows.select("sample", "place"),
        names=tuple(about["folds"]),
        scheme=about["scheme"],
        apart=tuple(about["apart"]),
        made=about["made"],
    )


def digest(rows: pl.DataFrame) -> str:
    """ "sha256:..." of a table of text that has the column `sample`; the order of its rows does not matter.

    It is that of JSON lists, one a line, in the order of the samples: anybody can compute it anywhere.
    """
    sum_ = hashlib.sha256()
    for row in rows.sort("sample").iter_rows():
        sum_.update(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    return f"sha256:{sum_.hexdigest()}"


def _checksum(about: dict[str, Any], rows: pl.DataFrame) -> str:
    """Of what the file says about itself, but this, and of its rows."""
    rest = {key: value for key, value in about.items() if key != "checksum"}
    return f"sha256:{hashlib.sha256((json.dumps(rest) + digest(rows)).encode()).hexdigest()}"


def _read(path: Path) -> tuple[dict[str, Any], pl.DataFrame]:
    """What the file says about itself, and its rows, as they were written."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MissingData(f"{path} cannot be read as a file of folds: {error}") from error
    first, about, body = [*text.split("\n", 2), "", ""][:3]
    if first.rstrip() != _MAGIC or not about.startswith(_ABOUT):
        raise BadFolds(f"{path} is no file of folds: expected {_MAGIC!r} in line 1, found {first[:60]!r}")
    try:
        head = json.loads(about.removeprefix(_ABOUT))
        rows = pl.read_csv(io.StringIO(body), infer_schema=False)
    except (ValueError, pl.exceptions.PolarsError) as error:
        raise BadFolds(f"{path} is damaged: {error}; fetch it again") from error
    if not isinstance(head, dict) or head.keys() != _FIELDS:
        raise BadFolds(f"{path}, line 2: expected {', '.join(sorted(_FIELDS))}, found {str(head)[:200]}")
    if not {"sample", "place"} <= set(rows.columns) or _checksum(head, rows) != head["checksum"]:
        raise BadFolds(
            f"{path} was changed after it was written, or cut short: its checksum in line 2 is of "
            f"{head['samples']} rows, found {len(rows)}; fetch it again, or make the folds anew"
        )
    return head, rows


def _differences(rows: pl.DataFrame, held: pl.DataFrame) -> list[str]:
    """What the file and the dataset do not agree on, in words."""
    changed = [name for name in held.columns if name != "sample"]
    both = rows.join(held, on="sample", suffix=" now")
    moved = pl.any_horizontal(pl.lit(False), *(pl.col(c).ne_missing(pl.col(f"{c} now")) for c in changed))
    parts = {
        "samples are missing from the dataset": rows.join(held, on="sample", how="anti"),
        "samples are unknown to the file": held.join(rows, on="sample", how="anti"),
        f"samples have another {' or '.join(changed)} now": both.filter(moved),
    }
    return [
        f"{len(part)} {what}: {listed(part['sample'].sort())}" for what, part in parts.items() if len(part)
    ]
