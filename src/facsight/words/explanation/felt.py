"""Does a text say what somebody feels? Expressions are not feelings, and nothing here measures feelings."""

import re
from functools import cache

from facsight.words.explanation.lexicon import lexicon, whole_words


def says_felt(sentence: str, in_language: str = "en") -> str | None:
    """The words by which a sentence ascribes a feeling; None where it does not.

    A word of feeling is one, unless the sentence denies saying so and names no expression: "not what is felt"
    is no ascription, "does not feel happy" is. So is a person who *is* happy, or somebody's happiness.

    >>> says_felt("The person is clearly happy."), says_felt("It says nothing of what is felt, and cannot.")
    ('person is clearly happy', None)
    """
    words = lexicon(in_language)
    named = words.mentions("expressions", sentence)
    felt = words.first("felt", sentence)
    if felt and (named or not words.has("negations", sentence)):
        return felt
    match = next((found for pattern in _ascribed(in_language) if (found := pattern.search(sentence))), None)
    return match[0] if match else None


@cache
def _ascribed(in_language: str) -> tuple[re.Pattern[str], ...]:
    """Somebody is an expression, somebody's expression, and a noun that is no face and is called happy."""
    table = lexicon(in_language).table
    lists = {name: "|".join(words) for name, words in table.items() if isinstance(words, list)}
    listed: dict[str, list[str]] = table["expressions"]
    emotions = "|".join(form for name, forms in listed.items() if name != "neutral" for form in forms)
    very = rf"[\s,]*(?:{lists['are']})(?:\s+\w+){{0,3}}?\s+"
    somebody_is = rf"(?:{lists['bearers']}){very}(?:{emotions})"
    of_somebody = rf"(?:{lists['belongs']})(?:\s+\w+){{0,2}}?\s+(?:{emotions})"
    noun = rf"(?:{lists['articles']})\s+(?!(?:{lists['things']})\b)\w+"
    noun_is = rf"{noun}{very}(?!(?:{lists['nouns']})\b)(?:{emotions})"
    return whole_words([somebody_is]), whole_words([of_somebody]), whole_words([noun_is])
