"""A dataset, opened by name."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

import polars as pl

from facsight.core.errors import BadLabels, UnknownName, did_you_mean
from facsight.core.labels import LabelSpace, label_space
from facsight.data.dataset import SPLITS, Card, Dataset, Deviation
from facsight.data.label_columns import column_types, spaces_in
from facsight.data.sets import SETS

#: So many fatal deviations are told in the error; `check` tells all.
TOLD = 5

COLUMNS: dict[str, Any] = {
    "sample": pl.String(),
    "split": pl.Enum(SPLITS),
    "subject": pl.String(),
    "video": pl.String(),
    "path": pl.String(),
    "frame": pl.Int32(),
    "start": pl.Float64(),
    "end": pl.Float64(),
    "left": pl.Float32(),
    "top": pl.Float32(),
    "right": pl.Float32(),
    "bottom": pl.Float32(),
    "text": pl.String(),
}


def dataset_module(name: str) -> ModuleType:
    """The file of a dataset: its `CARD`, `read` and `mock`; `UnknownName` tells the nearest known one."""
    if name not in SETS:
        raise UnknownName(f"there is no dataset {name!r}: {did_you_mean(name, SETS)}")
    return import_module(SETS[name])


def dataset_card(name: str) -> Card:
    """What is known of a dataset before it is opened."""
    return dataset_module(name).CARD


def open_dataset(
    name: str, root: str | Path, *, sealed: bool = True, tolerant: bool = False, **options: Any
) -> Dataset:
    """The dataset in a folder, as one table; its pictures and sounds stay on disk.

    `sealed` leaves the labels of the test split out: what is not read cannot be chosen by. `tolerant` opens a
    dataset with fatal deviations without the rows that they concern. `options` are those of the dataset's
    reader. `MissingData` where the folder is not there, with the layout that is expected; `BadLabels` for
    fatal deviations.
    """
    module = dataset_module(name)
    _check_options(name, module.read, options)
    if hasattr(module, "own_options"):
        asked = {key: value for key, value in options.items() if value is not None}
        options = module.own_options(Path(root)) | asked
    found: list[Deviation] = []
    table = module.read(Path(root), found, **options)
    if not tolerant:
        _refuse_fatal(module.CARD, found)
    spaces = _spaces(module.CARD, options, table)
    table = _finished(table, spaces)
    if sealed:
        table = _sealed(table, spaces)
    return Dataset(module.CARD, Path(root), table, spaces, tuple(found))


def _check_options(name: str, read: Callable[..., pl.DataFrame], options: Mapping[str, Any]) -> None:
    """Refuse options that a reader does not have, and words that it does not know."""
    known = {
        key: kind for key, kind in get_type_hints(read).items() if key not in ("root", "found", "return")
    }
    for key, value in options.items():
        if key not in known:
            raise UnknownName(f"{name} has no option {key!r}: {did_you_mean(key, known)}")
        kinds = (known[key], *get_args(known[key]))
        words = [word for kind in kinds for word in get_args(kind) if isinstance(word, str)]
        if words and value is not None and value not in words:
            raise UnknownName(f"{name}: {key} = {value!r}: {did_you_mean(str(value), words)}")


def _refuse_fatal(card: Card, found: list[Deviation]) -> None:
    fatal = [deviation for deviation in found if deviation.fatal]
    if not fatal:
        return
    told = "\n".join(f"  {deviation}" for deviation in fatal[:TOLD])
    more = f"\n  and {len(fatal) - TOLD} more" if len(fatal) > TOLD else ""
    raise BadLabels(
        f"{card.title} is not in its format at {len(fatal)} place(s):\n{told}{more}\n"
        f"`facsight data check PATH --as {card.name}` tells all; tolerant=True leaves these rows out"
    )


def _spaces(card: Card, options: dict[str, Any], table: pl.DataFrame) -> tuple[LabelSpace, ...]:
    """Those of the card; of a layout that holds any labels, those asked for or else those of its table."""
    if card.labels:
        return tuple(label_space(name) for name in card.labels)
    asked = options.get("labels") or ()
    names = [asked] if isinstance(asked, str) else asked
    return tuple(label_space(name) for name in names) or spaces_in(table, card.name)


def _finished(table: pl.DataFrame, spaces: tuple[LabelSpace, ...]) -> pl.DataFrame:
    """The table with every column that datasets share, in their order and of their type."""
    wanted = dict(COLUMNS)
    for space in spaces:
        wanted |= column_types(space)
        wanted |= {name: pl.Float32() for name in space.shares if name in table.columns}
    wanted = wanted | {name: kind for name, kind in table.schema.items() if name not in wanted}
    columns = (
        (pl.col(name) if name in table.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in wanted.items()
    )
    table = table.select(columns)
    if table["sample"].null_count() or table["sample"].n_unique() < len(table):
        twice = table["sample"].filter(table["sample"].is_duplicated())
        raise BadLabels(f"two samples have the same name: {twice[0] if len(twice) else None!r}")
    return table


def _sealed(table: pl.DataFrame, spaces: tuple[LabelSpace, ...]) -> pl.DataFrame:
    labels = [name for space in spaces for name in (*space.columns, *space.shares) if name in table.columns]
    shown = pl.col("split").ne_missing("test")
    return table.with_columns(pl.when(shown).then(pl.col(name)).alias(name) for name in labels)
