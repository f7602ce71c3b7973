"""People in one file, pixels or rows: what a table cannot hold. Safetensors, so that nothing in it is run."""

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from facsight.core.errors import BadLabels, BadTable, MissingData
from facsight.core.people import People
from facsight.data.people_set import PeopleSet

#: The tensors of a file, each with a row an input.
ROWS = ("inputs", "label", "person", "clip")


def write_people(path: Path, data: PeopleSet) -> None:
    """Write a dataset of people; the file appears whole or not at all."""
    card = {
        "name": data.name,
        "classes": data.classes,
        "neutral": data.neutral,
        "people": data.people.names,
    }
    partial = path.with_name(path.name + ".part")
    rows = {name: getattr(data.people, name).contiguous() for name in ROWS}
    save_file(rows, partial, metadata={"people": json.dumps(card)})
    partial.replace(path)


def load_people_file(file: str) -> PeopleSet:
    """The dataset that `write_people` wrote. `BadTable` where the file is no such file, or not whole."""
    path = Path(file)
    if not path.is_file():
        raise MissingData(f"there is no file of people {path}: give data.file, written by `write_people`")
    try:
        with safe_open(path, framework="pt") as opened:
            card = json.loads((opened.metadata() or {})["people"])
            rows = {name: opened.get_tensor(name) for name in ROWS}
        classes, names = tuple(card["classes"]), tuple(card["people"])
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise BadTable(f"{path} is not a whole file of people ({error}): write or copy it again") from error
    people = People(**rows, names=names)
    if len(people) and not 0 <= int(people.label.min()) <= int(people.label.max()) < len(classes):
        raise BadLabels(
            f"{path}: expected labels from 0 to {len(classes) - 1}, one for each of its classes, found "
            f"{int(people.label.min())} to {int(people.label.max())}"
        )
    return PeopleSet(card["name"], classes, people, card["neutral"])
