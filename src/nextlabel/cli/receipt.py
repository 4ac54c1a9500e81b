"""The receipt of a labelling project, without its page: in words, as JSON, or as one HTML file."""

import json
import warnings
from pathlib import Path
from typing import Any

from rich.console import Console
from threadpoolctl import threadpool_limits

from nextlabel import report
from nextlabel.cli.places import refuse_inputs, refuse_place
from nextlabel.cli.progress import show_progress
from nextlabel.labelling.receipts import Receipts, write_receipt
from nextlabel.labelling.records import Record, open_record
from nextlabel.labelling.status import count_project
from nextlabel.labelling.worlds import read_world
from nextlabel.progress import Progress
from nextlabel.store import Visit
from nextlabel.text import printable, several


def run_receipt(
    place: Path, home: tuple[Path | None, str | None], out: Path | None, as_json: bool, loud: Console
) -> None:
    """Read the project, see its rounds once more, and say what may be said."""
    if out is not None:
        refuse_inputs(out, (place,))
        refuse_place(out)
    with open_record(place, *home) as (record, visit), show_progress(loud, quiet=as_json) as progress:
        found = read_receipt(record, visit, progress)
    if out is not None:
        report.write_receipt(found, out)
    if as_json:
        print(json.dumps(found | {"out": out and str(out)}, allow_nan=False))
    else:
        print("\n".join(describe(found, out)))


def read_receipt(record: Record, visit: Visit, progress: Progress) -> dict[str, Any]:
    """The receipt with what is known beside it, as JSON holds it."""
    samples = [one for one in record.samples if one.gone is None]
    with warnings.catch_warnings(), threadpool_limits(1):  # as the page's worker: other threads round differently
        warnings.simplefilter("ignore")
        world, opening, features = read_world(record.source, record.settings, record.home, samples, progress)
        progress("Looking at each batch once more", 0, 0)
        receipts = Receipts(world, opening.dataset)
        said = write_receipt(receipts.follow(visit), record.settings.kind, record.classes)
    status = count_project(record).plain()
    about = {name: status[name] for name in ("project", "samples", "labels", "classes", "left", "seconds", "last")}
    made = {"strategy": record.settings.strategy, "model": record.settings.model, "embedder": features.name}
    judged = {"classes_judged": said.pop("classes")}  # `classes` counts all labels
    return about | {"noun": record.settings.kind} | made | said | judged


def describe(found: dict[str, Any], out: Path | None) -> list[str]:
    """Line by line; a count first."""
    of = several(found["samples"], found["noun"])
    lines = [f"{found['labels']:,} of {of} in '{printable(found['project'])}' labelled."]
    lines += [line["words"] for line in found["lines"]]
    wrong = [
        f"{printable(one['name'])} for {printable(one['taken_for'])} {one['times']}" for one in found["confusions"]
    ]
    if wrong:
        lines.append(f"Taken for another: {', '.join(wrong[:5])}.")
    if out is not None:
        lines.append(f"Page: {printable(str(out))}")
    return lines
