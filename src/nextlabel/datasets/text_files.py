"""Text files: their bytes become text, in whatever encoding can be told."""

import codecs
from collections.abc import Sequence
from typing import NamedTuple

from nextlabel.datasets.decoding import Unreadable
from nextlabel.datasets.pictures import File, asked_early, read_file
from nextlabel.progress import Progress, quiet

ENDING = ".txt"
LARGEST = 2**24  # bytes of one file: what is larger is no sample, but a collection of them
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
FALLBACK = "Windows-1252"  # what old files of western Europe are in; latin-1 is a part of it


class TextReading(NamedTuple):
    """What became of one file: its text, or why it cannot be used; ``guessed``: nothing says that it is so encoded."""

    text: str = ""
    reason: str | None = None
    guessed: bool = False


def read_text_files(files: Sequence[File], progress: Progress = quiet) -> list[TextReading]:
    """Read every file, in order."""
    readings = []
    with asked_early(files) as near:
        for done, file in enumerate(near, 1):
            readings.append(_read_text(file))
            progress("Reading texts", done, len(files))
    return readings


def _read_text(file: File) -> TextReading:
    try:
        text, guessed = decode_text(read_file(file))
        return TextReading(text, None, guessed)
    except Unreadable as error:
        return TextReading(reason=str(error))


def decode_text(raw: bytes) -> tuple[str, bool]:
    r"""The text in a file, and whether its encoding was guessed; raises `Unreadable` where it is none.

    >>> decode_text("né".encode("utf-16")), decode_text(b"n\xe9")
    (('né', False), ('né', True))
    """
    if len(raw) > LARGEST:
        raise Unreadable(f"is larger than {LARGEST // 2**20} MB, too much for one text")
    wide = raw.startswith(WIDE)
    if b"\0" in raw and not wide:
        raise Unreadable("is no text, or is UTF-16 without its mark")
    try:
        text, guessed = raw.decode("utf-16" if wide else "utf-8-sig"), False
    except UnicodeDecodeError:
        text, guessed = _decode_western(raw, wide), True
    if not text.strip():
        raise Unreadable("is empty")
    return text, guessed


def _decode_western(raw: bytes, wide: bool) -> str:
    try:
        if wide:
            raise Unreadable("is damaged UTF-16")
        return raw.decode(FALLBACK)
    except UnicodeDecodeError:
        raise Unreadable(f"is text neither in UTF-8 nor in {FALLBACK}") from None
