"""Dates and times as people write them, to days since 1970."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import polars as pl

SAMPLE = 50  # texts on which a form is tried before a whole column is read
DAY = 86_400_000_000  # microseconds
# What strptime calls them, and what a person does. Where two forms read a whole column, the first is taken, and told.
DATES = {
    "%Y-%m-%d": "year-month-day",
    "%Y/%m/%d": "year/month/day",
    "%d.%m.%Y": "day.month.year",
    "%m/%d/%Y": "month/day/year",
    "%d/%m/%Y": "day/month/year",
    "%d-%m-%Y": "day-month-year",
    "%d %b %Y": "day month year",
    "%d-%b-%Y": "day-month-year",
    "%b %d, %Y": "month day, year",
}
TIMES = ("", " %H:%M:%S%.f", " %H:%M", "T%H:%M:%S%.f", "T%H:%M:%S%.f%#z", " %H:%M:%S%.f%#z", "T%H:%M")
CLOCKS = ("%H:%M:%S", "%H:%M")


class Dates(NamedTuple):
    """Days since 1970 (n,), null where there is none, and the form in which they were written, in words and as such."""

    days: "pl.Series"
    form: str
    pattern: str


def read_dates(column: "pl.Series") -> Dates | None:
    """A column of text (n,) as dates, or None where not all of it are, in one form."""
    known = column.drop_nulls()
    if not known[:SAMPLE].str.contains(r"^[0-9]{1,4}[-/.: ]|^[A-Za-z]{3} [0-9]").all():
        return None
    for date, form in DATES.items():
        for time in TIMES:
            if _reads(known[:SAMPLE], date + time) and _reads(known, date + time):
                return Dates(parse_dates(column, date + time), form, date + time)
    for clock in CLOCKS:
        found = parse_dates(column, clock)
        if found.null_count() == column.null_count():
            return Dates(found, "a time of day", clock)
    return None


def parse_dates(column: "pl.Series", pattern: str) -> "pl.Series":
    """Days since 1970, or parts of a day, of text (n,) in one form; null where it has another."""
    import polars as pl

    if pattern in CLOCKS:
        return column.str.to_time(pattern, strict=False).cast(pl.Int64).cast(pl.Float64) / (1000 * DAY)
    return _read(column, pattern).cast(pl.Int64).cast(pl.Float64) / DAY


def _read(column: "pl.Series", form: str) -> "pl.Series":
    import polars as pl

    if "%H" not in form:
        return column.str.to_date(form, strict=False).cast(pl.Datetime("us"))
    return column.str.to_datetime(form, strict=False, time_unit="us")


def _reads(known: "pl.Series", form: str) -> bool:
    found = _read(known, form)
    return not found.null_count() and bool((found.dt.year() > 99).all())  # 24 is no year, though %Y reads it
