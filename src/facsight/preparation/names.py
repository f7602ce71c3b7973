"""Names of what is written: as the names of what was read, but safe on every system and never above OUT."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from urllib.parse import quote

#: Letters that a name keeps besides ASCII letters, digits and `-_.~`; all others become %XX.
_KEPT = " ()+,=@#/"
#: Longer names are cut: file systems take 255 bytes, with room for what comes after the name.
_LONGEST = 150
#: What Windows takes for devices, whatever their ending.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def safe_path(name: str) -> str:
    """A relative path that means the same file to every system and stays below where it is put.

    Folders stay folders; steps upwards and roots become plain names.

    >>> safe_path("day 1/clip.mp4"), safe_path("../../etc/passwd"), safe_path("/a:b")
    ('day 1/clip.mp4', '%2E%2E/%2E%2E/etc/passwd', 'a%3Ab')
    """
    raw = name.encode("utf-8", "surrogateescape")
    parts = [quote(part, safe=_KEPT) for part in raw.split(b"/") if part]
    return "/".join(map(_safe, parts)) or "%"


def _safe(part: str) -> str:
    if part.startswith("."):
        part = part.replace(".", "%2E") if not part.strip(".") else "%2E" + part[1:]
    if part[-1] in ". ":
        part = part[:-1] + quote(part[-1], safe="").replace(".", "%2E")
    if _DEVICES.match(part):
        part = "%" + part
    return part if len(part) <= _LONGEST else f"{part[: _LONGEST - 9]}~{_digest(part)}"


def distinct(names: Iterable[str]) -> dict[str, str]:
    """A safe name for each, no two of which are one file on systems that do not tell a from A.

    Where several would be, each has a checksum of its own name behind it, whatever the others are.

    >>> distinct(["a/b", "c"])
    {'a/b': 'a/b', 'c': 'c'}
    """
    safe = {name: safe_path(name) for name in dict.fromkeys(names)}
    often = Counter(one.casefold() for one in safe.values())
    return {
        name: one if often[one.casefold()] == 1 else f"{one}~{_digest(name)}" for name, one in safe.items()
    }


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
