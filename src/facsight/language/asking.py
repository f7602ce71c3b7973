"""Every text of a list asked about once; replies are kept, so that an interrupted run goes on."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from facsight.core.errors import BadLabels, BadOutput, BadTable
from facsight.core.saving import told_reason
from facsight.language.model import LanguageModel, Reply
from facsight.language.prompts import Prompt


@dataclass(frozen=True)
class Answered:
    """The reply to each text, None where the text has no word; `seconds` were spent, on `asked` texts."""

    replies: Mapping[str, Reply | None]
    asked: int
    seconds: float


def ask(
    texts: Mapping[str, str],
    labels: Sequence[str],
    model: LanguageModel,
    prompt: Prompt,
    kept: Path,
    *,
    on_reply: Callable[[int, int], None] | None = None,
) -> Answered:
    """Ask about each text, by sample; `kept` is a file of replies, a line each, which is read first.

    A reply belongs to the model, the prompt, the labels and the text: any other is asked for anew. Lines
    are added as they come, and one that a kill cut short is dropped.
    """
    if len(set(labels)) < 2:
        raise BadLabels(f"expected two labels or more, found {list(labels)}")
    known = _read(kept)
    keys = {sample: _key(model, prompt, labels, text) for sample, text in texts.items() if text.strip()}
    missing = [sample for sample, key in keys.items() if key not in known]
    start, done = time.perf_counter(), len(keys) - len(missing)
    for first in range(0, len(missing), model.batch):
        batch = missing[first : first + model.batch]
        chats = [prompt.messages(texts[sample], labels) for sample in batch]
        fresh = dict(zip((keys[s] for s in batch), model.answer(chats, labels), strict=True))
        _add(kept, fresh)
        known |= fresh
        done += len(batch)
        if on_reply:
            on_reply(done, len(keys))
    replies = {sample: known[keys[sample]] if sample in keys else None for sample in texts}
    return Answered(replies, len(missing), time.perf_counter() - start)


def cost_of(answered: Answered) -> dict[str, Any]:
    """What was spent: tokens of all replies, and seconds for those that were asked for now."""
    replies = [reply for reply in answered.replies.values() if reply is not None]
    return {
        "texts": len(answered.replies),
        "without words": len(answered.replies) - len(replies),
        "outside the labels": sum(reply.label is None for reply in replies),
        "asked now": answered.asked,
        "seconds": round(answered.seconds, 1),
        "tokens read": sum(reply.read for reply in replies),
        "tokens written": sum(reply.written for reply in replies),
    }


def _key(model: LanguageModel, prompt: Prompt, labels: Sequence[str], text: str) -> str:
    told = json.dumps([model.name, prompt.system, prompt.user, list(labels), text])
    return hashlib.sha256(told.encode()).hexdigest()


def _read(kept: Path) -> dict[str, Reply]:
    if not kept.is_file():
        return {}
    found: dict[str, Reply] = {}
    lines = kept.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines, start=1):
        try:
            if line:
                told = json.loads(line)
                key, shares = told.pop("key"), told.pop("shares")
                found[key] = Reply(**told, shares=None if shares is None else tuple(shares))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if number == len(lines):  # a kill cut it short: it has no line end
                break
            raise BadTable(f"{kept}, line {number}: expected a reply, found {line[:60]!r}") from error
    return found


def _add(kept: Path, fresh: Mapping[str, Reply]) -> None:
    lines = "".join(json.dumps({"key": key, **asdict(reply)}) + "\n" for key, reply in fresh.items())
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with kept.open("a+b") as file:
            _drop_unfinished(file)
            file.write(lines.encode())
    except OSError as error:
        raise BadOutput(f"{kept} could not be written: {told_reason(error)}") from error


def _drop_unfinished(file: Any) -> None:
    """Cut off a last line without an end."""
    size = file.seek(0, 2)
    back = min(size, 1 << 20)
    file.seek(size - back)
    tail = file.read(back)
    if tail and not tail.endswith(b"\n"):
        file.truncate(size - len(tail) + tail.rfind(b"\n") + 1)
        file.seek(0, 2)
