"""What is said to small talk, in the language of whoever speaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rag.conversation.small_talk import Kind

MOST_NAMED = 12  # documents that a reply lists; a folder may have thousands

_OPENING: Final[dict[Kind, dict[str, str]]] = {
    "greeting": {"es": "¡Hola!", "en": "Hello!"},
    "thanks": {"es": "¡De nada!", "en": "You're welcome!"},
    "farewell": {"es": "¡Hasta pronto!", "en": "Goodbye!"},
    "assent": {"es": "Muy bien.", "en": "All right."},
    "test": {"es": "Funciona: le leo.", "en": "It works: I can read you."},
    "nonsense": {"es": "No he entendido el mensaje.", "en": "I didn't understand that."},
    "abilities": {
        "es": "Respondo preguntas con frases de los artículos y digo de qué archivo y línea es cada una. "
        "Si los artículos no lo dicen, también lo digo. Puedo resumirlos.",
        "en": "I answer questions with sentences from the articles and say which file and line each one comes from. "
        "If the articles don't say, I say so. I can also summarize them.",
    },
    "subject": {
        "es": "Respondo sobre los artículos de esta carpeta; «Resume los artículos» da una idea de lo que dicen.",
        "en": "I answer from the articles in this folder; “Summarize the articles” gives an idea of what they say.",
    },
    "documents": {"es": "", "en": ""},
}  # fmt: skip
_COUNT: Final = {
    "es": ("No hay ningún artículo todavía.", "Hay 1 artículo.", "Hay {} artículos."),
    "en": ("There are no articles yet.", "There is 1 article.", "There are {} articles."),
}
_TRY: Final = {"es": "Por ejemplo, puede preguntar:", "en": "For example, you can ask:"}
_MORE: Final = {"es": "y {} más", "en": "and {} more"}
SAMPLED: Final = {
    "es": "Resumen de {} de los {} artículos.",
    "en": "A summary of {} of the {} articles.",
}


def reply(kind: Kind, language: str, files: Sequence[str], suggestions: Sequence[str]) -> str:
    """A short reply with the number of documents (their names where they are asked for) and what to ask."""
    none, one, many = _COUNT[language]
    count = none if not files else one if len(files) == 1 else many.format(f"{len(files):,}".replace(",", " "))
    parts = [_OPENING[kind][language], count]
    if kind == "documents":
        named = [*files[:MOST_NAMED]]
        if len(files) > MOST_NAMED:
            named.append(_MORE[language].format(len(files) - MOST_NAMED))
        parts.append(", ".join(named))
    text = " ".join(part for part in parts if part)
    # Behind a blank line: the page shows what is before it, and the questions as buttons.
    return "\n- ".join([f"{text}\n\n{_TRY[language]}", *suggestions]) if suggestions else text
