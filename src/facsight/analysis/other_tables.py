"""Tables of other tools, and our own, in one form: facsight's names, units, signs and origin.

Each reader gives a row a face and frame, with the columns of `tools.ours.CORE` and what else its tool tells:
`expression_*`, `AU12_intensity`, `AU12_presence` or `AU12_probability`, `valence`, `arousal`, the 68 points.
What the tool does not tell is null. `BadTable` where a file is none of the tool's, or damaged.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from facsight.analysis.one_video import READINGS
from facsight.analysis.study import ABOUT, load_study
from facsight.analysis.tools import libreface, openface, ours, pyfeat
from facsight.analysis.tools.cells import Table, open_table
from facsight.core.errors import BadTable, MissingData

#: How many of a table's columns a complaint names.
SHOWN = 8


@dataclass(frozen=True)
class _Tool:
    """A tool: by which column names its tables are known, two of them as examples, and what reads them."""

    telltale: re.Pattern[str]
    examples: str
    read: Callable[[Table], pl.DataFrame]


#: In the order of trying: our tables in another tool's columns are read like that tool's.
_TOOLS = {
    "OpenFace": _Tool(openface.TELLTALE, "success, pose_Rx, AU12_r", openface.read),
    "py-feat": _Tool(pyfeat.TELLTALE, "FaceRectX, FaceScore", pyfeat.read),
    "LibreFace": _Tool(libreface.TELLTALE, "facial_expression, au_12_intensity", libreface.read),
    "facsight": _Tool(re.compile(r"expression_\w+|uncertainty"), "expression_happiness", ours.read_own),
}


def read_table(path: str | Path) -> pl.DataFrame:
    """A table of OpenFace, py-feat, LibreFace or facsight, whichever it is.

    Of a folder, all its rows: one that `facsight analyze` wrote, or one with a CSV file a video or photo.
    """
    path = Path(path)
    if path.is_dir():
        return _read_folder(path)
    table = open_table(path)
    return _TOOLS[_tool_of(table)].read(table)


def read_openface(path: str | Path) -> pl.DataFrame:
    """A CSV file of OpenFace 2; see `tools.openface`."""
    return _read_as("OpenFace", Path(path))


def read_pyfeat(path: str | Path) -> pl.DataFrame:
    """A CSV file of py-feat, of its first or second detector; see `tools.pyfeat`."""
    return _read_as("py-feat", Path(path))


def read_libreface(path: str | Path) -> pl.DataFrame:
    """A CSV file of LibreFace; see `tools.libreface`."""
    return _read_as("LibreFace", Path(path))


def _read_as(tool: str, path: Path) -> pl.DataFrame:
    table = open_table(path)
    if (found := _tool_of(table)) != tool:
        raise BadTable(
            f"expected a table of {tool} (columns such as {_TOOLS[tool].examples}), found one of {found} "
            f"({_TOOLS[found].examples}) in {path}; read_table reads either"
        )
    return _TOOLS[tool].read(table)


def _tool_of(table: Table) -> str:
    for name, tool in _TOOLS.items():
        if any(tool.telltale.fullmatch(column) for column in table.columns):
            return name
    expected = "; ".join(f"{name}: {tool.examples}" for name, tool in _TOOLS.items())
    found = ", ".join(table.columns[:SHOWN]) or "none"
    raise BadTable(
        f"{table.path} is a table of no known tool: expected columns such as {expected}; found {found}"
    )


def _read_folder(folder: Path) -> pl.DataFrame:
    if (folder / ABOUT).is_file() or (folder / READINGS).is_dir():
        rows, _ = load_study(folder)
        return ours.read_own(Table(folder, rows, rows.collect_schema().names()))
    if (folder / "readings.parquet").is_file():
        return read_table(folder / "readings.parquet")
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise MissingData(
            f"expected a folder that `facsight analyze` wrote, or one of CSV files, found {folder}"
        )
    return pl.concat([read_table(file) for file in files], how="diagonal_relaxed")
