"""What a terminal or a file cannot encode is written in ASCII: a minus as ``-``, not as an error."""

import codecs
import sys
import unicodedata
from io import TextIOWrapper

HANDLER = "nextlabel.ascii"
CHOSEN_ERRORS = (
    "replace",
    "ignore",
    "xmlcharrefreplace",
    "namereplace",
)  # somebody asked for this, with PYTHONIOENCODING
# Signs of ours, and those of rich: in ASCII, where no decomposition gives it.
ASCII = str.maketrans(
    {
        "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "·": ".", "•": "*", "…": "...", "×": "x", "⊗": "x",
        "≥": ">=", "≤": "<=", "≈": "~", "±": "+/-", "→": "->", "←": "<-", "‘": "'", "’": "'", "“": '"', "”": '"',
        "╭": "+", "╮": "+", "╰": "+", "╯": "+", "─": "-", "━": "-", "│": "|", "╸": "-", "╺": "-", "█": "#",
    }
)  # fmt: skip


def write_in_ascii(error: UnicodeError) -> tuple[str, int]:
    """The codec error handler: what stands in the place of characters that an encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return to_ascii(error.object[error.start : error.end]), error.end


def to_ascii(text: str) -> str:
    r"""The nearest ASCII, or an escape where there is none.

    >>> to_ascii("−0.5 … naïve \udcff 犬")
    '-0.5 ... naive \\udcff \\u72ac'
    """
    # NFKD takes é apart into e and an accent, and ½ into 1, a slash and 2; accents are left out.
    plain = "".join(
        one for one in unicodedata.normalize("NFKD", text.translate(ASCII)) if not unicodedata.combining(one)
    )
    return plain.encode("ascii", "backslashreplace").decode()


def speak_plainly() -> None:
    """Standard output and error take any text from now on, whatever their encoding is (Windows: often cp1252)."""
    codecs.register_error(HANDLER, write_in_ascii)
    for stream in (sys.stdout, sys.stderr):
        # Tests and notebooks put other objects here, which take any text.
        if isinstance(stream, TextIOWrapper) and stream.errors not in CHOSEN_ERRORS:
            stream.reconfigure(errors=HANDLER)
