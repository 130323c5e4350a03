"""Questions as they come from outside: checks them, tidies them and detects their language."""

from __future__ import annotations

import re
from copy import copy
from functools import cache, lru_cache
from typing import Any

from rag.errors import InvalidQuestion

LANGUAGES = ("es", "en")
# A word, or a symbol such as an emoji; punctuation alone ("¿?") says nothing.
_SAYS_SOMETHING = re.compile(r"\w|[\u2190-\u2bff\U0001f000-\U0001faff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def tidy(question: str, max_chars: int) -> str:
    """The question with white space trimmed at its ends and collapsed inside. Raises InvalidQuestion."""
    if len(question) > max_chars:
        raise InvalidQuestion(
            f"The question has {len(question):,} characters; the limit is {max_chars:,}.", "Ask something shorter."
        )
    if _CONTROL.search(question):
        raise InvalidQuestion("The question holds control characters or broken Unicode.", "Send plain UTF-8 text.")
    tidied = " ".join(question.split())
    if not _SAYS_SOMETHING.search(tidied):
        raise InvalidQuestion("The question is empty.", "Write a question.")
    return tidied


@cache
def identifier(*languages: str) -> Any:
    """What tells the named languages apart, or all that it knows. Its model, which takes 0.4 s, is unpacked once."""
    from py3langid import langid

    if not languages:
        return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE)
    limited = copy(identifier())
    limited.set_languages(list(languages))
    return limited


@lru_cache(maxsize=256)  # asked several times on the way of one question
def language_of(question: str) -> str:
    """`es` or `en`, whichever the question is likelier to be in; Spanish punctuation decides at once."""
    if any(mark in question for mark in "¿¡ñ"):
        return "es"
    return str(identifier(*LANGUAGES).classify(question)[0])
