"""Prompts: TOML files with a system and a user message, in which a text and the labels are put."""

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from facsight.core.errors import BadRecipe, MissingData, did_you_mean

FIELDS = ("text", "labels")
KEYS = {"about", "system", "user"}


@dataclass(frozen=True)
class Prompt:
    """What a model is told (`system`) and asked (`user`, with `{text}` and `{labels}` once each)."""

    name: str
    about: str
    system: str
    user: str

    def messages(self, text: str, labels: Sequence[str]) -> list[dict[str, str]]:
        """The messages of a chat about a text.

        The text is quoted as a JSON string: its own quotation marks and line breaks are escaped, so that it
        cannot end the quotation. It is put in as it is: braces in it mean nothing.

        >>> prompt = Prompt("p", "", "", "{labels}: {text}")
        >>> prompt.messages('say "joy" {labels}', ["joy", "anger"])[0]["content"]
        'joy, anger: "say \\\\"joy\\\\" {labels}"'
        """
        given = {"text": json.dumps(text, ensure_ascii=False), "labels": ", ".join(labels)}
        user = re.sub(r"\{(text|labels)\}", lambda found: given[found[1]], self.user)
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, {"role": "user", "content": user}]


def shipped_prompts() -> list[str]:
    """The names of the prompts that come with facsight."""
    return sorted(Path(str(one)).stem for one in _folder().iterdir() if str(one).endswith(".toml"))


def load_prompt(name: str) -> Prompt:
    """A shipped prompt by its name, or one of your own by its file; `BadRecipe` tells what is wrong."""
    path = Path(name)
    if path.suffix == ".toml":
        if not path.is_file():
            raise MissingData(f"there is no prompt {path}")
        content = path.read_text(encoding="utf-8")
    elif name in shipped_prompts():
        content = (_folder() / f"{name}.toml").read_text(encoding="utf-8")
    else:
        known = did_you_mean(name, shipped_prompts())
        raise BadRecipe(f"there is no prompt {name!r}: {known}; or give a .toml")
    return _checked(path.stem, content)


def _checked(name: str, content: str) -> Prompt:
    try:
        told = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise BadRecipe(f"the prompt {name} is not TOML: {error}") from error
    if set(told) != KEYS or not all(isinstance(value, str) for value in told.values()):
        raise BadRecipe(
            f"the prompt {name} needs the texts {sorted(KEYS)} and nothing else, found {sorted(told)}"
        )
    for field in FIELDS:
        if told["user"].count(f"{{{field}}}") != 1:
            raise BadRecipe(f"the prompt {name}: expected {{{field}}} once in `user`")
    return Prompt(name, **told)


def _folder():
    return files("facsight.language") / "prompts"
