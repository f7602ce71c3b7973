"""UNBC-McMaster: people with a painful shoulder who move it; every frame coded for pain and action units.

`pspi` is the sum of AU4, the stronger of AU6 and AU7, the stronger of AU9 and AU10, and AU43, from a file of
its own. Ratings of a whole sequence (`vas`, `sensory` and `affective` by the person, `opr` by an observer)
stand in each of its frames. A frame without action units has an empty file: its intensities are 0.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell_files
from facsight.data.layout import PICTURES, need, paths_below, where_there
from facsight.data.mock_clips import noise
from facsight.data.mock_files import write_lines, write_picture

PSPI = label_space("unbc_pspi")
INTENSITY = label_space("unbc_intensity")
PAIN, UNITS, FACES = "Frame_Labels/PSPI", "Frame_Labels/FACS", "Images"
#: The ratings of a sequence: column, folder, highest value.
RATINGS = {"vas": ("VAS", 10), "opr": ("OPR", 5), "sensory": ("SEN", 15), "affective": ("AFF", 15)}
ENDING = "_facs.txt"

CARD = Card(
    name="unbc",
    title="UNBC-McMaster shoulder pain expression archive",
    kind="frames",
    labels=("unbc_pspi", "unbc_intensity", "unbc_vas", "unbc_opr", "unbc_scales"),
    people="25 adults with shoulder pain, 200 sequences, 48,398 frames",
    licence="research only, by agreement",
    obtain="asked for at http://www.jeffcohn.net/Resources/; it may no longer be given out",
    layout="""
Frame_Labels/PSPI/042-ll042/ll042t1aaaff/ll042t1aaaff001_facs.txt    one number
Frame_Labels/FACS/042-ll042/ll042t1aaaff/ll042t1aaaff001_facs.txt    a unit a line: unit, intensity, two more
Sequence_Labels/{VAS,OPR,SEN,AFF}/042-ll042/ll042t1aaaff.txt         one number
Images/042-ll042/ll042t1aaaff/ll042t1aaaff001.png
""",
    paper="Lucey, Cohn, Prkachin, Solomon and Matthews, Painful data: the UNBC-McMaster shoulder pain "
    "expression archive database, FG 2011, https://doi.org/10.1109/FG.2011.5771462",
    certainty="never seen by us. Folders, names and both kinds of frame files as several public readers "
    "take them, the ratings of sequences as one does. Assumed: unit 43 has no intensity and counts 1 where "
    "listed.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """A row a frame, sequence by sequence."""
    need(root, CARD, PAIN)
    files = paths_below(root, PAIN, ENDING)
    if not files:
        need(root, CARD, f"{PAIN}/042-ll042/ll042t1aaaff/ll042t1aaaff001{ENDING}")
    coded = set(paths_below(root, UNITS, ENDING))
    absent = [file for file in files if _beside(file, UNITS) not in coded]
    tell_files(found, absent, "its frame has no file of action units")
    rows = list(_frames(root, files, coded, found))
    schema = {"sample": pl.String, "subject": pl.String, "video": pl.String, "path": pl.String}
    schema |= dict.fromkeys((*PSPI.columns, *INTENSITY.columns), pl.Float32)
    table = pl.DataFrame(rows, schema=schema, orient="row")
    frame = pl.col("sample").str.extract(r"(\d+)$").cast(pl.Int32).alias("frame")
    table = where_there(table.with_columns(frame), set(paths_below(root, FACES, PICTURES)), found)
    return _rated(table, root, found)


def _frames(
    root: Path, files: list[str], coded: set[str], found: list[Deviation]
) -> Iterator[tuple[str | float | None, ...]]:
    """The rows of the frames whose pain can be read."""
    for file in files:
        subject, sequence, name = file.split("/")[-3:]
        pain = _number(root, file, 16, found)
        if pain is None:
            continue
        units_file = _beside(file, UNITS)
        units = _units(root, units_file, found) if units_file in coded else [None] * len(INTENSITY)
        picture = _beside(file, FACES).replace(ENDING, ".png")
        yield (name.removesuffix(ENDING), subject, f"{subject}/{sequence}", picture, pain, *units)


def _beside(file: str, folder: str) -> str:
    """The file of the same frame in another folder."""
    return file.replace(PAIN, folder, 1)


def _number(root: Path, file: str, high: int, found: list[Deviation]) -> float | None:
    """The only number of a file; None, and told, where there is none from 0 to `high`."""
    text = _text(root, file)
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if 0 <= value <= high:
        return value
    found.append(Deviation(file, f"expected one number from 0 to {high}, found {text[:40]!r}"))
    return None


def _units(root: Path, file: str, found: list[Deviation]) -> list[float | None]:
    """The intensities of a frame; all None, and told, where a line cannot be read."""
    intensities: dict[str, float | None] = dict.fromkeys(INTENSITY.classes, 0.0)
    for line, text in enumerate(_text(root, file).splitlines(), start=1):
        coded = _unit_and_intensity(text)
        if coded is None:
            told = f"expected a unit and its intensity from 0 to 5, found {text.strip()[:40]!r}"
            found.append(Deviation(file, told, line))
            return [None] * len(INTENSITY)
        name = f"AU{coded[0]:02d}"
        if name in intensities:
            intensities[name] = 1.0 if name == "AU43" else coded[1]
        else:
            found.append(Deviation(file, f"{name} is not one of {INTENSITY.name}: left out", line, False))
    return list(intensities.values())


def _unit_and_intensity(text: str) -> tuple[int, float] | None:
    """The first two numbers of a line, None where they are not a unit and an intensity.

    >>> _unit_and_intensity(" 4.0000000e+00 2.0000000e+00 0.0 0.0")
    (4, 2.0)
    """
    try:
        unit, intensity = (float(field) for field in text.split()[:2])
    except ValueError:
        return None
    return (int(unit), intensity) if unit.is_integer() and 0 <= intensity <= 5 else None


def _text(root: Path, file: str) -> str:
    try:
        return (root / file).read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        return f"<{error.strerror}>"


def _rated(table: pl.DataFrame, root: Path, found: list[Deviation]) -> pl.DataFrame:
    """The table with the ratings of the sequences that have any."""
    sequences = table["video"].unique(maintain_order=True)
    for column, (folder, high) in RATINGS.items():
        files = {s: f"Sequence_Labels/{folder}/{s}.txt" for s in sequences}
        values = {s: _number(root, f, high, found) for s, f in files.items() if (root / f).is_file()}
        rating = pl.col("video").replace_strict(values, default=None, return_dtype=pl.Float32)
        table = table.with_columns(rating.alias(column))
    return table


def mock(root: Path, *, seed: int = 0) -> None:
    """Two people: numbers as Matlab writes them, frames without units, one without a picture."""
    generator = np.random.default_rng(seed)
    for subject, sequence in (("042-ll042", "ll042t1aaaff"), ("043-jh043", "jh043t1aeaff")):
        for folder, high in RATINGS.values():
            rating = f"   {generator.integers(0, high + 1):.7e}"
            write_lines(root / f"Sequence_Labels/{folder}/{subject}/{sequence}.txt", [rating])
        for frame in range(1, 5):
            name = f"{subject}/{sequence}/{sequence}{frame:03d}"
            brow, lids = generator.integers(1, 6, 2)
            units = [f"{unit:.7e} {value:.7e} 0.0 0.0" for unit, value in ((4, brow), (7, lids), (43, 1))]
            shown = units if frame > 1 else []
            pain = brow + lids + 1 if shown else 0
            write_lines(root / PAIN / f"{name}{ENDING}", [f"   {pain:.7e}"], end="\r\n")
            write_lines(root / UNITS / f"{name}{ENDING}", shown, last="\n" if shown else "")
            if not (frame == 4 and subject == "043-jh043"):
                write_picture(root / FACES / f"{name}.png", noise(generator))
