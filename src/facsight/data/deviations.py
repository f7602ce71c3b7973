"""Telling where a dataset strays from its format."""

from collections.abc import Iterable, Sequence

from facsight.data.dataset import Deviation

#: So many equal deviations of a file are told one by one; more are told as one, with their number.
TOLD_SINGLY = 3


def tell(
    found: list[Deviation], file: str, lines: Iterable[int], message: str, *, fatal: bool = True
) -> None:
    """Append a deviation of these lines of a file, told as one where they are many."""
    lines = list(lines)
    if len(lines) > TOLD_SINGLY:
        message = f"{message} (the first of {len(lines):,} such lines)"
        lines = lines[:1]
    found.extend(Deviation(file, message, line, fatal) for line in lines)


def tell_files(found: list[Deviation], files: Sequence[str], message: str, *, fatal: bool = False) -> None:
    """Append a deviation of each of these files; of more than a few, one with the names of the first."""
    if len(files) <= TOLD_SINGLY:
        found.extend(Deviation(file, message, None, fatal) for file in files)
    else:
        found.append(Deviation(files[0], f"{message} (the first of {len(files):,} such files)", None, fatal))
