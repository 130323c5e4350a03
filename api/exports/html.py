"""Answers as one HTML file, the quotes inside. It loads nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from api.exports.markdown import place
from rag.parts import parts_of
from rag.types import Answer, Citation

_STYLE = """
body { font: 1rem/1.55 Georgia, serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h2 { font-size: 1.25rem; margin-top: 2.5rem; } .answer { white-space: pre-wrap; }
sup a { text-decoration: none; } cite { font-style: normal; font-family: monospace; }
blockquote { margin: .2rem 0 .8rem; padding-left: .8rem; border-left: 3px solid #d9b44a; white-space: pre-wrap; }
mark { background: #ffe9a8; } .near, .notice { color: #666; } li { overflow-wrap: anywhere; }
"""


def html(answers: Sequence[Answer]) -> str:
    """A document with one section for each answer; each number leads to its quote, and back."""
    sections = "\n".join(_section(answer, number) for number, answer in enumerate(answers, 1))
    language = answers[0].language if answers else "es"
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">\n"""
        f"<title>Renglón</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{sections}\n</body>\n</html>\n"
    )


def _section(answer: Answer, number: int) -> str:
    text = "".join(
        escape(part.text) + "".join(_reference(citation, number) for citation in part.citations)
        for part in parts_of(answer)
    )
    notice = f'<p class="notice">{escape(answer.notice)}</p>\n' if answer.notice else ""
    quotes = "\n".join(_quote(citation, number) for citation in answer.citations)
    return (
        f'<section lang="{escape(answer.language)}">\n<h2>{escape(answer.question)}</h2>\n'
        f'<div class="answer">{text.strip()}</div>\n{notice}{f"<ol>{quotes}</ol>" if quotes else ""}\n</section>'
    )


def _reference(citation: Citation, number: int) -> str:
    at = f"{number}-{citation.n}"
    return f'<sup><a id="r{at}" href="#q{at}">{citation.n}</a></sup>'


def _quote(citation: Citation, number: int) -> str:
    at = f"{number}-{citation.n}"
    kind = ' class="near"' if citation.near else ""
    return (
        f'<li id="q{at}" value="{citation.n}"{kind}><cite>{escape(citation.file)}, {place(citation)}</cite> '
        f'<a href="#r{at}">↩</a><blockquote>{_marked(citation)}</blockquote></li>'
    )


def _marked(citation: Citation) -> str:
    """The quote as it reads; the words that answer are marked."""
    shown, span = citation.readable or citation.quote, citation.answer_span
    if span is None:
        return escape(shown)
    # Without the marks of its format a quote has other offsets: the words are looked for.
    start = span.char_start - citation.char_start if citation.readable is None else shown.find(span.text)
    end = start + len(span.text)
    if start < 0 or shown[start:end] != span.text:
        return escape(shown)
    return f"{escape(shown[:start])}<mark>{escape(shown[start:end])}</mark>{escape(shown[end:])}"
