"""Bytes become text: UTF-8, with or without a byte order mark, or one of the encodings of older sites."""

from __future__ import annotations

from charset_normalizer import from_bytes

from rag.errors import FileRefused

# What the library is asked to choose between once the bytes are not UTF-8: the two that Spanish sites used.
LEGACY_ENCODINGS = ["cp1252", "latin_1"]
_CONTROL = bytes({*range(0x20), 0x7F} - {*b"\t\n\v\f\r\x1b"})
_MAX_CONTROL_SHARE = 0.01  # real articles have none; a stray form feed or backspace is no reason to refuse


def decode(raw: bytes) -> tuple[str, str]:
    """Text and encoding of a file's bytes. Raises FileRefused for empty or binary data."""
    if not raw.strip():
        raise FileRefused("The file is empty.")
    for encoding in ("utf-8-sig", "utf-8"):
        if encoding == "utf-8-sig" and not raw.startswith(b"\xef\xbb\xbf"):
            continue
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _is_binary(raw):
            raise FileRefused("The file is binary data, not text.")
        if not text.strip():
            raise FileRefused("The file is empty.")
        return text, encoding
    if _is_binary(raw):
        raise FileRefused("The file is binary data, not text.", "Convert it to UTF-8 text.")
    # Bytes 0x80-0x9F are printable in Windows-1252 only; the library weighs the rest by how the text reads.
    best = from_bytes(raw, cp_isolation=LEGACY_ENCODINGS).best()
    if best is None:
        raise FileRefused("The file's encoding could not be recognised.", "Save it as UTF-8.")
    try:
        return raw.decode(best.encoding), best.encoding
    except UnicodeDecodeError as error:  # of a large file the library only looks at samples
        raise FileRefused(
            f"The file is neither UTF-8 nor {best.encoding}: byte {error.start:,} stands for no character.",
            "Save it as UTF-8.",
        ) from error


def _is_binary(raw: bytes) -> bool:
    return len(raw) - len(raw.translate(None, _CONTROL)) > _MAX_CONTROL_SHARE * len(raw)
