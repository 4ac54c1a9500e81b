"""The page of columns: which of a table's are used, and how its cells are read."""

from dataclasses import dataclass, replace

from nextlabel.knobs import knob, read_knobs
from nextlabel.knobs.kinds import FLAG, NAMES, Kind, optional, text
from nextlabel.knobs.panels import DATA

FILL, REFUSE = "fill", "refuse"


def read_missing(value: object) -> str:
    """What is done about missing values: `FILL` or `REFUSE`; anything else is a ValueError."""
    if value not in (FILL, REFUSE):
        raise ValueError
    return str(value)


NAMES_OF_COLUMNS = replace(NAMES, form="a list of columns, or one text with commas between them", metavar="COLUMNS")
WORDS = replace(NAMES, form="a list of words, or one text with commas between them", metavar="WORDS")
MISSING = Kind(read_missing, f"'{FILL}' or '{REFUSE}'", "HOW")


@dataclass(frozen=True)
class Columns:
    """Which columns of a table are features, and how its cells are read.

    ``columns`` the features, None for all; ``drop`` columns to leave out; ``keep`` columns that would be left out by
    themselves, such as one that numbers the rows; ``no_header``: the first line is a sample, and columns are called 0,
    1, 2, …; ``null_words`` words that say missing instead of the usual ones, also in lists of pictures (an empty cell
    always does); ``text_column`` the column whose texts are the samples, in the place of all features.

    >>> Columns(drop="name, ticket").drop
    ('name', 'ticket')
    """

    columns: tuple[str, ...] | None = knob(
        None,
        optional(NAMES_OF_COLUMNS),
        "Columns of a table that are features. Default: all but the labels.",
        DATA,
        sparse=True,
    )
    drop: tuple[str, ...] | None = knob(
        None, optional(NAMES_OF_COLUMNS), "Columns of a table to leave out.", DATA, sparse=True
    )
    keep: tuple[str, ...] | None = knob(
        None,
        optional(NAMES_OF_COLUMNS),
        "Columns to keep that would be left out, such as one that numbers rows.",
        DATA,
        sparse=True,
    )
    no_header: bool = knob(
        False,
        FLAG,
        "The first line of a table is a sample; its columns are called 0, 1, 2, and so on.",
        DATA,
        sparse=True,
    )
    null_words: tuple[str, ...] | None = knob(
        None, optional(WORDS), "Words that say missing. Default: NA, NaN, None, NULL, ? and others.", DATA, sparse=True
    )
    text_column: str | None = knob(
        None,
        optional(text(metavar="COLUMN")),
        "Column of a table that holds texts: these are embedded, and its other columns left out.",
        DATA,
        sparse=True,
    )

    def __post_init__(self) -> None:
        read_knobs(self)
