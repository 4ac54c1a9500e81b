"""What was said, as a table that any spreadsheet opens, and `nextlabel train --labels` reads."""

import csv
import io

from nextlabel.files.cells import harmless_cell
from nextlabel.web.base import Session

COLUMNS = ("path", "label", "annotator", "note")
EVERYTHING = {"class_id": None, "annotator": None, "text": None, "ids": None, "grid": False, "offset": 0,
              "without_texts": True}  # fmt: skip


def write_labels(session: Session, annotator: int) -> bytes:
    """All labels that stand, by path, as CSV in UTF-8.

    Names and notes are other people's text: none of them may begin a formula.
    """
    names = {one["id"]: one["name"] for one in session.overview(annotator)["classes"]}
    found = session.samples({**EVERYTHING, "count": 2**53 - 1})["samples"]
    rows = sorted((one["path"], names[one["class_id"]], one["annotator"], one.get("note")) for one in found)
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows([harmless_cell(cell or "") for cell in row] for row in rows)
    return out.getvalue().encode("utf-8", "backslashreplace")  # a name on a disk may hold bytes that are no letters
