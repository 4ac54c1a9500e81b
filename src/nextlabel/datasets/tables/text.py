"""Tables in text: commas, semicolons, tabs, bars or spaces; with a header or none; in any encoding that can be told.

polars reads the cells, all of them as text; in a large file those of columns that begin with numbers as numbers. Where
it stumbles, or passes over what is amiss, the same text is gone through line by line: slower, but it reads what polars
refuses, and names the row of what nobody can read. A table is the same whichever way it is read.
"""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from nextlabel.datasets.base import Request
from nextlabel.datasets.labels import NUMBER
from nextlabel.datasets.tables.columns import Sheet, label_place
from nextlabel.errors import BadData
from nextlabel.files.cells import long_cells, read_start
from nextlabel.text import printable

if TYPE_CHECKING:
    import polars as pl

HEAD = 2**16  # bytes that a file's form is read off
LINES = 20  # of them
LARGE = 2**22  # bytes from which memory counts
SAMPLE = 1001  # lines that tell which columns are numbers
START = 2**23  # bytes that hold so many, or those that do
BLOCK = 2**23  # bytes that are read at a time
MARKS = ";\t,|"  # between cells; of two that cut alike, the first
GZIP = b"\x1f\x8b"
WIDE = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
SPACES = re.compile(r"[ \t]+")


@dataclass(frozen=True)
class Form:
    """How a text is laid out: lines to skip at its top, the mark between cells, and a header that was a comment."""

    skip: int
    mark: str
    header: tuple[str, ...] | None = None
    comments: bool = False  # later lines may be comments


def read_text(path: Path, request: Request) -> Sheet:
    """The cells of a text file, as text."""
    return sheet_of_text(_load(path, printable(path.name)), printable(path.name), request)


def _load(path: Path, shown: str) -> Path | bytes:
    """The path where polars can read the file itself, else its text as UTF-8."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith(GZIP):
        try:
            return to_utf8(gzip.decompress(path.read_bytes()), shown)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise BadData(f"'{shown}' is damaged or cut short: it cannot be unpacked. Copy it again.") from None
    plain = (
        not head.startswith((*WIDE, codecs.BOM_UTF8)) and b"\0" not in head and b"\r" not in head.replace(b"\r\n", b"")
    )
    return path if plain else to_utf8(path.read_bytes(), shown)


def to_utf8(data: bytes, shown: str) -> bytes:
    """Text in UTF-8 without a byte order mark, lines ended by a line feed; `BadData` names one that is no text."""
    data = data.removeprefix(codecs.BOM_UTF8)
    wide = next((name for mark, name in WIDE.items() if data.startswith(mark)), None)
    if wide is None and b"\0" in data[:HEAD]:
        raise BadData(
            f"'{shown}' is no text, or is UTF-16 without its mark. Save it as UTF-8, or as .parquet or .xlsx."
        )
    try:
        text = data.decode(wide or "utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadData(f"Line {line} of '{shown}' is not UTF-8 text. Save the file as UTF-8.") from None
    return re.sub("\r(?!\n)", "\n", text).encode() if "\r" in text else text.encode()


def sheet_of_text(source: Path | bytes, shown: str, request: Request) -> Sheet:
    """The cells of a text, whose first line is the header unless the request says that it has none."""
    with _open(source) as file:
        head = file.read(HEAD).decode("utf-8", "replace")
    form = read_form(head, request.table.no_header)
    if (quick := read_numbers(source, form, request, shown)) is not None:
        return quick
    frame = _read_cells(source, form, shown)
    if form.header is not None:
        names = list(form.header)
    elif request.table.no_header:
        names = [str(i) for i in range(frame.width)]
    else:
        names, frame = [(name or "").strip() for name in frame.row(0)] if frame.height else [], frame[1:]
    if not names:
        raise BadData(f"'{shown}' is empty. It should hold a header and one row per sample.")
    names = [name or f"Unnamed: {i}" for i, name in enumerate(names)]
    frame = _without_blanks(frame)
    if not request.table.no_header:
        check_header(names, frame, request.label_column, shown)
    return Sheet(frame, names, shown, comma=_comma(form))


def read_form(head: str, no_header: bool = False) -> Form:
    """How a text begins: ``sep=;``, comments, and the mark that cuts its lines into equally many cells."""
    lines = head.splitlines()[: 10 * LINES]
    skip, mark, last = 0, "", ""
    for line in lines:
        if found := re.fullmatch(r'"?sep=(.)"?', line.strip(" "), re.IGNORECASE):  # not all blanks: it may be a tab
            mark = found[1]
        elif line.startswith("#"):
            last = line.lstrip("#").strip()
        elif line.strip():
            break
        skip += 1
    rest, lines = lines[skip:], [line for line in lines[skip:] if line.strip() and not line.startswith("#")][:LINES]
    mark = mark or _mark(lines)
    # Above a header, too, a line of empty cells is none: nobody names columns so.
    skip += next((i for i, line in enumerate(rest) if any(cell.strip() for cell in _cells(line, mark))), 0)
    if last and lines and not no_header and _names_columns(last, lines, mark):
        return Form(skip, mark, tuple(name.strip() for name in _cells(last, mark)), "#" in head)
    return Form(skip, mark, comments="\n#" in head)


def _mark(lines: Sequence[str]) -> str:
    """The mark that cuts the first line into the most cells, and all others into as many, if one does."""
    width = {mark: [len(_cells(line, mark)) for line in lines[: LINES - 1]] for mark in MARKS}
    best = max(MARKS, key=lambda mark: (len(set(width[mark])) == 1 and width[mark][0] > 1, *width[mark][:1]))
    if (
        lines
        and max(width[best]) == 1
        and len({len(line.split()) for line in lines}) == 1
        and len(lines[0].split()) > 1
    ):
        return " "
    return best


def _cells(line: str, mark: str) -> list[str]:
    """The cells of one line; all of it is one where it is none of a .csv file."""
    if mark == " ":
        return line.split()
    try:
        with long_cells():
            return next(csv.reader([line], delimiter=mark), [])
    except csv.Error:
        return [line]


def _names_columns(comment: str, lines: Sequence[str], mark: str) -> bool:
    """Is a comment above the first sample the header, as numpy.savetxt writes it?"""
    names, first = _cells(comment, mark), _cells(lines[0], mark)
    return (
        len(names) == len(first) > 1
        and any(NUMBER.fullmatch(cell.strip()) for cell in first)
        and not any(NUMBER.fullmatch(name.strip()) for name in names)
    )


def _read_cells(source: Path | bytes, form: Form, shown: str) -> "pl.DataFrame":
    """All cells as text (n, d), the first line among them; columns are called by place."""
    import polars as pl

    if form.mark == " ":
        return _read_by_line(source, form, shown)
    try:
        frame = pl.read_csv(
            source, separator=form.mark, has_header=False, infer_schema=False, empty_string_is_null=False,
            skip_lines=form.skip, glob=False,
        )  # fmt: skip
    except pl.exceptions.NoDataError:
        raise BadData(f"'{shown}' is empty. It should hold a header and one row per sample.") from None
    except (pl.exceptions.PolarsError, OverflowError):
        return _read_by_line(source, form, shown)
    frame.columns = [str(i) for i in range(frame.width)]
    # A row that is cut short ends in empty cells, and only the text itself tells it from one that has them.
    suspect = frame.width > 1 and bool((frame.to_series(frame.width - 1) == "").any())
    commented = form.comments and bool(frame.to_series(0).str.starts_with("#").any())
    sound = not suspect and not commented and _is_sound(source, form, frame.height)
    return frame if sound else _read_by_line(source, form, shown)


def read_numbers(source: Path | bytes, form: Form, request: Request, shown: str) -> Sheet | None:
    """The sheet in a large file, with the columns that begin with numbers read as such: half the memory of text.

    None where the file is small or otherwise unusual, or a cell of theirs is no number: text alone can name it.
    """
    import polars as pl

    size = source.stat().st_size if isinstance(source, Path) else len(source)
    if request.table.text_column is not None:
        return None  # a text may begin with nothing but numbers
    if size < LARGE or form.header or form.comments or request.table.no_header or form.mark == " ":
        return None
    read: dict[str, Any] = {"separator": form.mark, "has_header": False, "empty_string_is_null": False, "glob": False}
    try:
        start = read_start(source, START) if isinstance(source, Path) else source
        first = pl.read_csv(start, skip_lines=form.skip, infer_schema=False, n_rows=SAMPLE, **read)
        names = [name.strip() or f"Unnamed: {i}" for i, name in enumerate(first.row(0))]
        check_header(names, first[1:], request.label_column, shown)
        place = label_place(names, request, shown)
        kinds = [pl.Float64 if numbers.null_count() == 0 else pl.String for numbers in _numbers(first[1:])]
        for column in (place, *(i for i, name in enumerate(names) if name == request.group_column)):
            if column is not None:
                kinds[column] = pl.String  # a label, or a group, is what is written
        schema = {str(i): kind for i, kind in enumerate(kinds)}
        frame = _read_blocks(source, form.skip + 1, schema=schema, **read)
    except (pl.exceptions.PolarsError, OverflowError):
        return None
    cut = (frame.to_series(frame.width - 1) == "").any() if kinds[-1] == pl.String else False
    broken = any("\n" in name for name in names)  # then the second line is still the header
    if cut or broken or pl.Float64 not in kinds or not _is_sound(source, form, frame.height + 1):
        return None
    return Sheet(frame, names, shown, comma=_comma(form))


def _is_sound(source: Path | bytes, form: Form, rows: int) -> bool:
    """Are these all the rows, and whole? polars lets a stray quote swallow lines, and an empty cell too many go.

    Cells are gone through only where there are fewer rows than lines, and quotes: mostly there are no such.
    """
    lines, quoted, last = -form.skip, False, b""
    with _open(source) as file:
        while block := file.read(BLOCK):
            lines, quoted, last = lines + block.count(b"\n"), quoted or b'"' in block, block[-1:]
    if last == form.mark.encode():
        return False
    if rows >= lines + (last != b"\n") or not quoted:
        return True
    with _open(source) as file, long_cells():
        text = io.TextIOWrapper(file, "utf-8", "replace", newline="")
        for _ in range(form.skip):
            text.readline()
        try:
            for _ in csv.reader(text, delimiter=form.mark, strict=True):
                pass
        except csv.Error:
            return False
    return True


def _open(source: Path | bytes) -> BinaryIO:
    return source.open("rb") if isinstance(source, Path) else io.BytesIO(source)


def _read_blocks(source: Path | bytes, skip: int, **read: Any) -> "pl.DataFrame":
    """What polars reads in a text below its first ``skip`` lines, with a block of the text in memory at a time.

    All of it is one block where a cell is quoted, and may hold the end of a line.
    """
    import polars as pl

    parts: list[pl.DataFrame] = []
    with _open(source) as file:
        for _ in range(skip):
            file.readline()
        while (block := _read_lines(file)) or not parts:
            if b'"' in block:
                return pl.read_csv(source, skip_lines=skip, **read)
            parts.append(pl.read_csv(block, **read))
    return pl.concat(parts)


def _read_lines(file: BinaryIO) -> bytes:
    """The next `BLOCK` bytes of a file, and what is left of their last line; found first, so that no byte is copied."""
    start = file.tell()
    file.seek(start + BLOCK)
    file.readline()
    size = file.tell() - start
    file.seek(start)
    return file.read(size)


def _numbers(frame: "pl.DataFrame") -> "list[pl.Series]":
    import polars as pl

    return frame.cast(pl.Float64, strict=False).get_columns()


def _comma(form: Form) -> str:
    """What a comma in a number may be taken for, by the mark between cells."""
    return "decimal" if form.mark == ";" else "thousands" if form.mark == "," else ""


def _read_by_line(source: Path | bytes, form: Form, shown: str) -> "pl.DataFrame":
    """The same, cell by cell; `BadData` names the first row that is not as long as the header."""
    import polars as pl

    data = source.read_bytes() if isinstance(source, Path) else source
    lines = io.StringIO(to_utf8(data, shown).decode(), newline="")
    for _ in range(form.skip):
        lines.readline()
    rows = _check_lengths(_rows(lines, form, shown), shown)
    if not rows:
        raise BadData(f"'{shown}' is empty. It should hold a header and one row per sample.")
    columns = zip(*rows, strict=True)
    return pl.DataFrame({str(i): pl.Series(list(cells), dtype=pl.String) for i, cells in enumerate(columns)})


def _rows(lines: Iterable[str], form: Form, shown: str) -> list[list[str]]:
    if form.mark == " ":
        return [line.split() for line in lines if line.strip() and not line.startswith("#")]
    try:
        with long_cells():
            rows = list(csv.reader(lines, delimiter=form.mark, strict=True))
    except csv.Error as error:
        raise BadData(
            f"'{shown}' is not a whole .csv file ({error}). Is it cut short, or a quote not closed?"
        ) from None
    width = len(rows[0]) if rows else 0
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    return [row for row in rows if not (row[0].startswith("#") and len(row) != width)]


def _check_lengths(rows: list[list[str]], shown: str) -> list[list[str]]:
    if len(rows) > 1 and all(len(row) == len(rows[0]) + 1 for row in rows[1:]):
        rows[0] = ["", *rows[0]]  # as R writes it: no name above the names of rows
    for number, row in enumerate(rows[1:], 1):
        if len(row) != len(rows[0]):
            raise BadData(f"Row {number} of '{shown}' has {len(row)} cells, but the header has {len(rows[0])}.")
    return rows


def _without_blanks(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Without lines that hold nothing: they are no samples."""
    import polars as pl

    ends = frame.select(pl.first().str.strip_chars() == "", pl.last().str.strip_chars().alias("last") == "")
    if not frame.width or not (ends.to_series(0) & ends.to_series(-1)).any():
        return frame
    return frame.filter(pl.any_horizontal(pl.all().str.strip_chars() != ""))


def check_header(names: Sequence[str], frame: "pl.DataFrame", wanted: str | None, shown: str) -> None:
    """`BadData` where the first line is a sample, not a header: all numbers, or a label that comes again."""
    numbers = [name for name in names if NUMBER.fullmatch(name)]
    remedy = "Use --no-header, and choose the labels by number, such as --label-column"
    if len(numbers) == len(names) and [*names] != [str(i) for i in range(len(names))]:
        raise BadData(
            f"'{shown}' has no header: its first line holds only numbers. Add a line that names the columns. "
            f"Or: {remedy} {len(names) - 1}."
        )
    value = wanted in names and numbers and bool((frame.to_series(names.index(wanted)) == wanted).any())
    if value:
        raise BadData(
            f"'{shown}' has no header: '{printable(wanted or '')}' is a value in its first line, and in later ones. "
            f"{remedy} {names.index(wanted or '')}."
        )
