"""Explanations of real faces: are clauses faithful, falsehoods found, the words readable, and at what cost?

    FACSIGHT_DATA=path/to/data python benchmarks/explanations.py [--faces 500] [--show 0]

FER+ validation faces, drawn with seed 0, enlarged to 224 pixels, and the London portraits. Each face is
explained in every language; the independent checker judges every clause, then every clause made false in one
place (`tests/mutated_explanations.py`). The checker of free text judges whole explanations by their own
reading and by that of another face, and sentences of another wording, true ones and ones made false. Times
are those of the processor, on one thread.
"""

import argparse
import os
import random
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from PIL import Image

from facsight import Reader
from facsight.facs.action_units import ACTION_UNITS
from facsight.words.explanation.checking import check_clauses
from facsight.words.explanation.clause import Explanation
from facsight.words.explanation.felt import says_felt
from facsight.words.explanation.free_text import check_text
from facsight.words.explanation.measured import Measured, measured
from facsight.words.explanation.writing import explain_in_words, to_text
from facsight.words.sentences import languages
from record import record

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from mutated_explanations import mutations

TECHNICAL = re.compile(r"AU \d+|calibrated|agreement|kalibrierte|Übereinstimmung")
ADJECTIVES = {
    "neutral": "neutral",
    "happiness": "happy",
    "surprise": "surprised",
    "sadness": "sad",
    "anger": "angry",
    "disgust": "disgusted",
    "fear": "fearful",
    "contempt": "contemptuous",
}


def ferplus(folder: Path, count: int) -> Iterator[np.ndarray]:
    """Usable validation faces in an order drawn with seed 0, as photos."""
    faces = np.load(folder / "faces.npz", allow_pickle=False)["faces"]
    table = pl.read_csv(folder / "labels.csv", infer_schema_length=None)
    rows = table.filter(pl.col("split") == "val", pl.col("ferplus_usable") == 1)["row"].to_list()
    random.Random(0).shuffle(rows)
    for row in rows[: 2 * count]:
        large = Image.fromarray(faces[row]).resize((224, 224), Image.Resampling.BICUBIC)
        yield np.asarray(large.convert("RGB"))


def london(folder: Path) -> Iterator[np.ndarray]:
    for path in sorted((folder / "images").glob("*.jpg")):
        yield np.asarray(Image.open(path).convert("RGB"))


def read(photos: Iterator[np.ndarray], count: int, reader: Reader) -> tuple[list[Measured], dict[str, Any]]:
    """The largest face of each photo, up to so many, and the milliseconds that each step took."""
    found, spent, without = [], {"read": [], "hide_places": [], "measure": []}, 0
    for photo in photos:
        start = time.process_time()
        readings = reader.read(photo)
        if not readings:
            without += 1
            continue
        marks = [start, time.process_time()]
        causes = readings[0].evidence.causes()
        marks.append(time.process_time())
        found.append(measured(readings[0], causes=causes))
        marks.append(time.process_time())
        for step, (begin, end) in zip(spent, pairwise(marks), strict=True):
            spent[step].append(1000 * (end - begin))
        if len(found) == count:
            break
    return found, {
        "without_a_face": without,
        "milliseconds": {name: middle(ms) for name, ms in spent.items()},
    }


def middle(values: list[float]) -> float:
    return round(statistics.median(values), 2)


def of_language(known: list[Measured], language: str) -> dict[str, Any]:
    """Faithfulness, falsehoods found, readability and time in one language."""
    written, written_ms, checked_ms, faulty, felt = [], [], [], 0, 0
    for one in known:
        start = time.process_time()
        explanation = explain_in_words(one, "chain", language)
        told = time.process_time()
        faulty += len({fault.clause for fault in check_clauses(explanation.clauses, one, language)})
        checked_ms.append(1000 * (time.process_time() - told))
        written_ms.append(1000 * (told - start))
        felt += sum(says_felt(clause.sentence, language) is not None for clause in explanation.clauses)
        written.append(explanation)
    clauses = sum(len(one.clauses) for one in written)
    return {
        "clauses": clauses,
        "verified": round((clauses - faulty) / clauses, 6),
        "name_a_feeling": felt,
        "readability": readability(written),
        "milliseconds": {"write": middle(written_ms), "check": middle(checked_ms)},
        "false_clauses": of_mutations(known, written, language),
        "free_text": of_free_text(known, written, language),
    }


def readability(written: list[Explanation]) -> dict[str, Any]:
    sentences = [clause.sentence for one in written for clause in one.clauses]
    words = [len(re.findall(r"[^\W\d_][\w'-]*", sentence)) for sentence in sentences]
    named = sum(len(TECHNICAL.findall(sentence)) for sentence in sentences)
    bare = sum(len(re.findall(r"(?<!\()AU ?\d", sentence)) for sentence in sentences)
    return {
        "sentences_a_face": round(len(sentences) / len(written), 2),
        "words_a_sentence": round(statistics.mean(words), 2),
        "words_of_the_longest_tenth": round(float(np.percentile(words, 90)), 1),
        "technical_terms_a_hundred_words": round(100 * named / sum(words), 2),
        "unit_numbers_outside_parentheses": bare,
    }


def of_mutations(known: list[Measured], written: list[Explanation], language: str) -> dict[str, Any]:
    """Of clauses made false, by kind: how many the checker of clauses rejects, and that of free text."""
    draw, tried, missed = random.Random(0), Counter(), Counter()
    said, unseen, accepted = Counter(), Counter(), Counter()
    for one, explanation in zip(known, written, strict=True):
        for clause in explanation.clauses:
            for what, changed in mutations(clause, one, draw, language):
                tried[what] += 1
                missed[what] += not check_clauses([changed], one, language)
                if changed.sentence != clause.sentence:
                    said[what] += 1
                    judged = check_text(changed.sentence, one, language)
                    unseen[what] += all(statement.supported is not False for statement in judged)
                    accepted[what] += all(statement.supported for statement in judged)
    return {
        "tried": sum(tried.values()),
        "rejected": round(1 - sum(missed.values()) / sum(tried.values()), 6),
        "by_kind": {what: {"tried": tried[what], "missed": missed[what]} for what in sorted(tried)},
        "as_free_text": {
            what: {"tried": said[what], "not_found_false": unseen[what], "found_true": accepted[what]}
            for what in sorted(said)
        },
    }


def of_free_text(known: list[Measured], written: list[Explanation], language: str) -> dict[str, Any]:
    """Whole explanations by their own reading, and by the next face's."""
    own = others = statements = 0
    for place, (one, explanation) in enumerate(zip(known, written, strict=True)):
        text = to_text(explanation)
        judged = check_text(text, one, language)
        statements += len(judged)
        own += sum(statement.supported is not True for statement in judged)
        other = check_text(text, known[(place + 1) % len(known)], language)
        others += any(statement.supported is False for statement in other)
    return {
        "statements": statements,
        "not_supported_by_their_own_reading": own,
        "explanations_found_false_of_another_face": round(others / len(known), 4),
    }


def other_words(one: Measured, draw: random.Random) -> Iterator[tuple[bool, str, str]]:
    """Sentences that no template wrote: whether they are true, what was changed, and the sentence."""
    label, second = sorted(one.expression, key=lambda name: -one.expression[name])[:2]
    chance = round(100 * one.expression[label])
    looks = "I would say that it looks {}, at {} percent."
    if chance < 99:
        yield True, "expression", looks.format(ADJECTIVES[label], chance)
        yield False, "number", looks.format(ADJECTIVES[label], chance - draw.choice([3, 10, 25]))
        yield False, "expression", looks.format(ADJECTIVES[second], chance)
        yield False, "negation", looks.replace("looks", "does not look").format(ADJECTIVES[label], chance)
        if label != "neutral":
            yield False, "felt", f"This person is {ADJECTIVES[label]}, at {chance} percent."
    for unit, share in list(one.attention.items())[:1]:
        told = "Most of the gaze of the reader, {:.2f}, rests on the {} (AU{})."
        yield True, "unit", told.format(share, ACTION_UNITS[unit].name.lower(), unit)
        yield False, "number", told.format(share + 0.05, ACTION_UNITS[unit].name.lower(), unit)
        absent = [u for u in (9, 14, 18, 28, 43) if u not in one.attention and u not in one.contrast]
        if absent:
            other = draw.choice(absent)
            yield False, "unit", told.format(share, ACTION_UNITS[other].name.lower(), other)
        yield False, "side", f"It is the left {ACTION_UNITS[unit].name.lower()} that acts."
    if one.pose and abs(one.pose["yaw"]) >= 1:
        side, wrong = ("right", "left") if one.pose["yaw"] > 0 else ("left", "right")
        turned = f"They turned the head {abs(one.pose['yaw']):.0f} degrees to the "
        yield True, "side", f"{turned}{side}."
        yield False, "side", f"{turned}{wrong}."


def of_other_words(known: list[Measured]) -> dict[str, Any]:
    draw, tried, wrong = random.Random(0), Counter(), Counter()
    for one in known:
        for true, what, sentence in other_words(one, draw):
            name = f"{'true' if true else 'false'}: {what}"
            tried[name] += 1
            refused = any(statement.supported is False for statement in check_text(sentence, one))
            wrong[name] += refused == true
    return {name: {"tried": tried[name], "judged_wrong": wrong[name]} for name in sorted(tried)}


def of_faces(known: list[Measured]) -> dict[str, Any]:
    """How often the text says that the decision is close, or that evidence and decision disagree."""
    texts = [to_text(explain_in_words(one)) for one in known]
    return {
        "faces": len(known),
        "labels": dict(Counter(one.label for one in known).most_common()),
        "say_that_another_is_close": round(sum("Close behind" in text for text in texts) / len(known), 3),
        "say_that_evidence_disagrees": round(
            sum("decision disagree" in text for text in texts) / len(known), 3
        ),
    }


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--faces", type=int, default=500)
    options.add_argument("--show", type=int, default=0, help="print so many explanations")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    data, reader, results = Path(os.environ.get("FACSIGHT_DATA", "data")), Reader(), {}
    for name, photos in (
        ("ferplus", ferplus(data / "ferplus", chosen.faces)),
        ("london", london(data / "london")),
    ):
        known, about = read(photos, chosen.faces, reader)
        for one in known[: chosen.show]:
            print(to_text(explain_in_words(one)), "\n")
        results[name] = of_faces(known) | about | {one: of_language(known, one) for one in languages()}
        results[name]["in_other_words"] = of_other_words(known)
        print(name, results[name], flush=True)
    print(record("explanations", results))


if __name__ == "__main__":
    main()
