"""Rows of predictions, in blocks and in any order, put into the order of a list of samples.

Only what belongs to a listed sample is kept, an array a column; what cannot be used is told.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from facsight.core.errors import BadLabels
from facsight.core.labels import LabelSpace
from facsight.data.prediction_columns import Columns
from facsight.data.text_blocks import Findings

#: Probabilities may miss 1 by this much: what is left of them when they are written with two digits.
SUM_SLACK = 0.02
_NO_ROW = -1


class Gathered:
    """Fills one array a column, in the order of the list, from blocks in any order."""

    def __init__(
        self,
        samples: pl.Series,
        spaces: Sequence[LabelSpace],
        columns: Columns,
        findings: Findings,
        codes: LabelSpace | None,
        repeated: bool,
    ):
        self.index = pl.DataFrame({"sample": samples, "row": np.arange(len(samples), dtype=np.int64)})
        self.spaces, self.columns, self.findings, self.codes = spaces, columns, findings, codes
        self.repeated = repeated
        self.line = np.full(len(samples), _NO_ROW, dtype=np.int64)
        self.held: dict[str, np.ndarray] = {}
        self.rows = self.unknown = 0
        self.unknown_named: list[tuple[int, str]] = []
        self.add(pl.DataFrame(schema=dict.fromkeys(columns.used, pl.String) | {"line": pl.Int64}))

    def add(self, block: pl.DataFrame) -> None:
        self.rows += len(block)
        block = block.with_columns(pl.col(self.columns.sample).cast(pl.String).str.strip_chars())
        placed = block.join(
            self.index, left_on=self.columns.sample, right_on="sample", how="left", maintain_order="left"
        )
        strange = placed.filter(pl.col("row").is_null())
        self.unknown += len(strange)
        room = 5 - len(self.unknown_named)
        self.unknown_named += (
            strange.head(room).select("line", pl.col(self.columns.sample).fill_null("")).iter_rows()
        )
        known = self._once(placed.filter(pl.col("row").is_not_null()))
        for space in self.spaces:
            known = self._classes(known, space) if space.kind == "classes" else self._numbers(known, space)
        self.line[known["row"].to_numpy()] = known["line"].to_numpy()

    def _once(self, placed: pl.DataFrame) -> pl.DataFrame:
        """The first row of every sample; a second one is told, whatever it says."""
        before = self.line[placed["row"].to_numpy()]
        again = pl.Series(before != _NO_ROW) | ~placed["row"].is_first_distinct()
        odd = placed.filter(again).select("line", self.columns.sample)
        if not self.repeated:
            message = "expected every sample once, it is there again"
            self.findings.tell(message, list(odd.head(4).iter_rows()), count=len(odd))
        return placed.filter(~again)

    def _classes(self, table: pl.DataFrame, space: LabelSpace) -> pl.DataFrame:
        chances = self.columns.probabilities.get(space.column)
        answer = self.columns.answers.get(space.column)
        if chances is not None:
            table = self._checked_chances(table, space, chances)
            rows = table["row"].to_numpy()
            held = self._chances(table, space, chances)
            for k, name in enumerate(space.shares):
                self._put(name.replace("share_of_", "probability_of_"), rows, held[:, k])
            if answer is None:
                self._put(space.column, rows, held.argmax(axis=1).astype(np.int16))
        if answer is not None:
            table = self._answers(table, space, answer)
        return table

    def _answers(self, table: pl.DataFrame, space: LabelSpace, column: str) -> pl.DataFrame:
        """Words, or codes of the space that was named, as positions in the protocol's own space."""
        said = table.with_columns(_as_word(table, column).alias("said"))
        meant = {word: self._meaning(word, space) for word in said["said"].unique().drop_nulls().to_list()}
        known = {word: place for word, place in meant.items() if place is not None}
        wanted = self.codes or space
        kinds = "a code" if self.codes else "a class"
        names = wanted.codes if self.codes else wanted.classes
        advice = "" if self.codes else _advice(meant, space)
        expected = f"expected {kinds} of {wanted.name} ({', '.join(map(str, names))}){advice}"
        right = self.findings.keep(said, pl.col("said").is_in(list(known)), expected, "said")
        places = right["said"].replace_strict(known or {"": 0}, return_dtype=pl.Int16).to_numpy()
        self._put(space.column, right["row"].to_numpy(), places)
        return right.drop("said")

    def _meaning(self, word: str, space: LabelSpace) -> int | None:
        try:
            if self.codes is None:
                return space.index(word)
            code = next((code for code in self.codes.codes if str(code) == word), None)
            named = None if code is None else self.codes.from_code(code)
            return None if named is None else space.index(named)
        except BadLabels:
            return None

    def _checked_chances(
        self, table: pl.DataFrame, space: LabelSpace, chances: Mapping[str, str]
    ) -> pl.DataFrame:
        every = [*chances.values(), *self.columns.beyond]
        expected = "expected a probability from 0 to 1 for {} (values of another range: softmax them first)"
        table = self._as_numbers(table, every, 0.0, 1.0, expected)
        if len(chances) < len(space):
            return table
        sums = table.with_columns(pl.sum_horizontal(every).round(4).alias("sum of probabilities"))
        fits = (pl.col("sum of probabilities") - 1).abs() <= SUM_SLACK
        message = f"expected probabilities of {len(every)} classes that sum to 1"
        return self.findings.keep(sums, fits, message, "sum of probabilities").drop("sum of probabilities")

    def _chances(self, table: pl.DataFrame, space: LabelSpace, chances: Mapping[str, str]) -> np.ndarray:
        if len(chances) == len(space):
            return table.select(chances[name] for name in space.classes).to_numpy().astype(np.float32)
        [(name, column)] = chances.items()
        one = table[column].to_numpy().astype(np.float32)
        pair = [one if known == name else 1 - one for known in space.classes]
        return np.stack(pair, axis=1)

    def _numbers(self, table: pl.DataFrame, space: LabelSpace) -> pl.DataFrame:
        low, high = (0.0, 1.0) if space.kind == "units" else (space.low or 0.0, space.high or 0.0)
        theirs = [self.columns.numbers[column] for column in space.columns]
        table = self._as_numbers(table, theirs, low, high, f"expected {{}} from {low:g} to {high:g}")
        for ours, name in zip(space.columns, theirs, strict=True):
            self._put(ours, table["row"].to_numpy(), table[name].to_numpy().astype(np.float32))
        return table

    def _as_numbers(
        self, table: pl.DataFrame, names: Sequence[str], low: float, high: float, expected: str
    ) -> pl.DataFrame:
        numbers = {name: _number(table, name) for name in names}
        fits = pl.all_horizontal(
            number.is_between(low, high).fill_null(value=False) for number in numbers.values()
        )
        if not table.select(fits.all()).item():
            table = self._without_strays(table, names, low, high, expected)
        return table.with_columns(number.alias(name) for name, number in numbers.items())

    def _without_strays(
        self, table: pl.DataFrame, names: Sequence[str], low: float, high: float, expected: str
    ) -> pl.DataFrame:
        """The rows whose numbers are what they should be; each other one is told by what is wrong with it."""
        for name in names:
            number = _number(table, name)
            table = self.findings.keep(table, number.is_not_null(), f"expected a number for {name}", name)
            table = self.findings.keep(
                table, number.is_finite(), f"expected a finite number for {name}", name
            )
            table = self.findings.keep(table, number.is_between(low, high), expected.format(name), name)
        return table

    def _put(self, name: str, rows: np.ndarray, values: np.ndarray) -> None:
        if name not in self.held:
            empty = np.nan if values.dtype.kind == "f" else _NO_ROW
            self.held[name] = np.full(len(self.line), empty, dtype=values.dtype)
        self.held[name][rows] = values

    def table(self) -> pl.DataFrame:
        there = self.line != _NO_ROW
        columns = {"sample": self.index["sample"], "line": pl.Series(self.line)}
        classes = {space.column: space.classes for space in self.spaces if space.kind == "classes"}
        made = pl.DataFrame(columns).with_columns(pl.when(pl.Series(there)).then("line").alias("line"))
        made = made.with_columns(
            _column(name, values, there, classes.get(name)) for name, values in self.held.items()
        )
        given = pl.col("line").is_not_null()
        return made.with_columns(pl.when(given).then(name).alias(name) for name in self.held)


def _column(name: str, values: np.ndarray, there: np.ndarray, classes: Sequence[str] | None) -> pl.Series:
    """Numbers as they are, positions as the classes of an enumeration."""
    if classes is None:
        return pl.Series(name, values)
    places = pl.Series(name, np.where(there, values, 0))
    return places.replace_strict(range(len(classes)), classes, return_dtype=pl.Enum(classes))


def _as_word(table: pl.DataFrame, column: str) -> pl.Expr:
    """A column as text; whole numbers without a point."""
    if table.schema[column].is_float():
        return pl.col(column).cast(pl.Int64, strict=False).cast(pl.String)
    return pl.col(column).cast(pl.String).str.strip_chars()


def _number(table: pl.DataFrame, name: str) -> pl.Expr:
    text = pl.col(name).str.strip_chars() if table.schema[name] == pl.String else pl.col(name)
    return text.cast(pl.Float64, strict=False)


def _advice(meant: Mapping[str, int | None], space: LabelSpace) -> str:
    """What to do where answers look like numbers, which mean nothing until it is said whose they are."""
    if not any(word.lstrip("-").isdecimal() for word, place in meant.items() if place is None):
        return ""
    return (
        f"; numbers are classes only with --codes NAME, the label space whose codes they are, as {space.name}"
    )
