"""IEMOCAP: five pairs of actors in dialogue, each turn with a category and three dimensions from 1 to 5.

Turns stand in the order of the label files; `video` is the dialogue, `path` the sound of the turn alone. The
speaker is the last letter but the number: Ses01F_impro01_M003 is spoken by the man of session 1, though the
woman wore the markers.
"""

import re
from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell
from facsight.data.label_columns import decode, in_range
from facsight.data.layout import need, paths_below, where_there
from facsight.data.mock_clips import write_sound
from facsight.data.mock_files import write_lines
from facsight.data.text_rows import file_lines, first_of_each

EMOTIONS, VALUES = label_space("iemocap"), label_space("iemocap_vad")
TURN = r"Ses0[1-5][FM]_\w+_[FM](?:XX)?\d+"
SPEAKER = r"_([FM])(?:XX)?\d+$"
ROW = (
    rf"^\[(?<start>[\d.]+) - (?<end>[\d.]+)\]\s+(?<sample>{TURN})\s+(?<code>\w+)\s+"
    r"\[(?<valence>[^,]+),(?<arousal>[^,]+),(?<dominance>[^,\]]+)\]$"
)

CARD = Card(
    name="iemocap",
    title="IEMOCAP (interactive emotional dyadic motion capture)",
    kind="recordings",
    labels=("iemocap", "iemocap_vad"),
    people="10 actors in 5 sessions, a woman and a man each; 10,039 turns",
    licence="research only, by agreement",
    obtain="ask at https://sail.usc.edu/iemocap/",
    layout="""
Session1/dialog/EmoEvaluation/Ses01F_impro01.txt    [6.2901 - 8.2357] Ses01F_impro01_F000 neu [2.5, 2, 3]
Session1/dialog/transcriptions/Ses01F_impro01.txt   Ses01F_impro01_F000 [006.2901-008.2357]: Excuse me.
Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav
""",
    paper="Busso et al., IEMOCAP: interactive emotional dyadic motion capture database, Language "
    "Resources and Evaluation 2008, https://doi.org/10.1007/s10579-008-9076-6",
    certainty="never seen by us. Folders, names, rows of labels and of transcriptions as many public "
    "readers take them.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """Every turn with labels, session by session."""
    need(root, CARD)
    files = [f"{folder}/{name}" for folder in _sessions(root) for name in _dialogues(root / folder)]
    if not files:
        need(root, CARD, "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt")
    table = pl.concat([_dialogue(root, file, found) for file in files])
    sounds = {f for s in range(1, 6) for f in paths_below(root, f"Session{s}/sentences/wav", ".wav")}
    return where_there(table, sounds, found, what="sound")


def _sessions(root: Path) -> list[str]:
    names = (f"Session{number}/dialog/EmoEvaluation" for number in range(1, 6))
    return [name for name in names if (root / name).is_dir()]


def _dialogues(folder: Path) -> list[str]:
    """The label files: not those of single annotators, in folders below, nor what copying left behind."""
    return sorted(path.name for path in folder.glob("Ses*.txt"))


def _dialogue(root: Path, file: str, found: list[Deviation]) -> pl.DataFrame:
    """The rows of turns; lines of single annotators stand between them."""
    lines = pl.Series("raw", file_lines(root / file, root, found), dtype=pl.String).str.strip_chars()
    table = pl.DataFrame({"line": pl.int_range(1, len(lines) + 1, eager=True), "raw": lines})
    table = table.filter(pl.col("raw").str.starts_with("["))
    table = table.with_columns(pl.col("raw").str.extract_groups(ROW).alias("parts")).unnest("parts")
    odd = table.filter(pl.col("sample").is_null())
    for line, raw in odd.select("line", "raw").iter_rows():
        tell(found, file, [line], f"expected [start - end] turn category [v, a, d], found {raw[:60]!r}")
    table = first_of_each(table.drop_nulls("sample"), "sample", file, found)
    table = in_range(decode(table, EMOTIONS, file, found), VALUES, file, found)
    session, name = file.split("/")[0], Path(file).stem
    spoken = _transcript(root, f"{session}/dialog/transcriptions/{name}.txt", found)
    return table.select(
        "sample",
        (pl.col("sample").str.head(5) + pl.col("sample").str.extract(SPEAKER)).alias("subject"),
        pl.lit(name).alias("video"),
        (pl.lit(f"{session}/sentences/wav/{name}/") + pl.col("sample") + ".wav").alias("path"),
        pl.col("sample").replace_strict(spoken, default=None, return_dtype=pl.String).alias("text"),
        EMOTIONS.column,
        *VALUES.columns,
    )


def _transcript(root: Path, file: str, found: list[Deviation]) -> dict[str, str]:
    """What is said in each turn; none, and told, where there is no transcription."""
    if not (root / file).is_file():
        found.append(Deviation(file, "there is no transcription", fatal=False))
        return {}
    rows = (
        re.match(rf"({TURN})\s+\[[^\]]*\]:\s*(.*)", line) for line in file_lines(root / file, root, found)
    )
    return {match[1]: match[2].strip() for match in rows if match}


def mock(root: Path, *, seed: int = 0) -> None:
    """Two sessions: lines of annotators, turns without agreement, a sound missing, one not transcribed."""
    generator = np.random.default_rng(seed)
    codes = [*EMOTIONS.codes, *EMOTIONS.invalid]
    for session, name in ((1, "Ses01F_impro01"), (2, "Ses02M_script01_1")):
        home = root / f"Session{session}"
        rows, said = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]", ""], []
        for k, code in enumerate(codes):
            turn = f"{name}_{'FM'[k % 2]}{k // 2:03d}"
            values = ", ".join(f"{value:.4f}" for value in generator.integers(2, 10, 3) / 2)
            rows += [f"[{k}.2901 - {k + 1}.0]\t{turn}\t{code}\t[{values}]", "C-E1:\tNeutral;\t()", ""]
            said.append(f"{turn} [00{k}.2901-00{k + 1}.0000]: Turn {k}: yes?")
            if k:
                write_sound(home / f"sentences/wav/{name}/{turn}.wav", generator)
        write_lines(home / f"dialog/EmoEvaluation/{name}.txt", rows)
        write_lines(home / f"dialog/EmoEvaluation/Categorical/{name}_e1_cat.txt", ["one annotator"])
        if session == 1:
            write_lines(home / f"dialog/transcriptions/{name}.txt", said, end="\r\n")
