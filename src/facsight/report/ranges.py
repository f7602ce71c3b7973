"""Parts of a file as HTTP asks for them (RFC 9110, section 14)."""

import re

_ASKED = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)
#: Digits of the largest number that is taken seriously.
_LONGEST = 18


class Unsatisfiable(Exception):
    """The part that was asked for lies behind the end of the file."""


def part_of(asked: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last, of a file of `size` bytes; None: the whole file.

    What is not a single range of bytes is no reason to refuse: the whole file is sent. `Unsatisfiable` where
    nothing of the file is asked for.

    >>> part_of("bytes=0-9", 100), part_of("bytes=90-", 100), part_of("bytes=-10", 100)
    ((0, 10), (90, 100), (90, 100))
    """
    found = _ASKED.fullmatch(asked.strip()) if asked else None
    if found is None or max(map(len, found.groups())) > _LONGEST:
        return None
    first, last = (int(number) if number else None for number in found.groups())
    if first is None:
        if last is None:
            return None
        if last == 0 or size == 0:
            raise Unsatisfiable
        return max(0, size - last), size
    if last is not None and last < first:
        return None
    if first >= size:
        raise Unsatisfiable
    return first, size if last is None else min(last + 1, size)
