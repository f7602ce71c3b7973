"""Our scripts inside a page, which allows these very letters and no other script."""

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

_HOME = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Script:
    """What stands between the tags, and the source that a Content-Security-Policy names it by."""

    text: Markup
    source: str


def script(*names: str) -> Script:
    """The files of that name in `templates/`, one after the other, in a scope of their own."""
    parts = [(_HOME / name).read_text(encoding="utf-8") for name in names]
    text = '\n"use strict";\n(() => {\n' + "\n".join(parts) + "})();\n"
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return Script(Markup(text), f"'sha256-{digest}'")  # noqa: S704, our own files


def as_json(content: Any) -> Markup:
    """JSON that can stand in a page's `<script type="application/json">`: nothing in it ends the element.

    >>> print(as_json("</script>"))
    "\\u003c/script\\u003e"
    """
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    unsafe = {letter: f"\\u{ord(letter):04x}" for letter in "<>&"}
    return Markup(text.translate(str.maketrans(unsafe)))  # noqa: S704, escaped in the line above
