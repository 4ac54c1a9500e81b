"""Labels taken out of a project, and how far they are to be trusted."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from nextlabel.cli.pages import Contents
from nextlabel.cli.places import refuse_place
from nextlabel.cli.progress import show_progress
from nextlabel.errors import BadData, Mistake
from nextlabel.labelling.export_files import FOLDERS, KINDS, check_out, write_export, write_folders
from nextlabel.labelling.exporting import Answers, Guesses, guess_rest, read_answers
from nextlabel.labelling.records import read_record
from nextlabel.specifications import look_up
from nextlabel.statistics.intervals import Share
from nextlabel.text import join_names, printable, several
from nextlabel.training.calibration import FEWEST
from nextlabel.wording.numbers import points, span

MOST_PEOPLE = 5  # that the last line names


@dataclass(frozen=True)
class Order:
    """What was typed."""

    place: Path
    to: str
    out: Path
    project: Path | None
    store: str | None


@dataclass(frozen=True)
class Export:
    """What was written: people's rows, the model's if they were wanted, and how many files were gone meanwhile."""

    answers: Answers
    guesses: Guesses | None
    gone: int
    threshold: float | None


def run_export(order: Order, contents: Contents, as_json: bool, loud: Console) -> None:
    """Read the project, ask a model if that is wanted, write, and say what it is."""
    look_up(dict.fromkeys(KINDS), order.to, "kind of export")
    _check(order, contents)
    record = read_record(order.place, order.project, order.store)
    check_out(record, order.to, order.out)
    if order.to != FOLDERS:
        refuse_place(order.out)
    answers = read_answers(record)
    if not answers.rows:
        raise BadData("Nothing is labelled yet, so there is nothing to export. Label some: nextlabel label.")
    guesses = None
    if contents.predictions:
        with show_progress(loud, quiet=as_json) as progress:
            guesses = guess_rest(record, contents.threshold or 0.0, progress)
    rows = [*answers.rows, *(guesses.rows if guesses else ())]
    word = guesses.confidence if guesses else None
    gone = 0
    if order.to == FOLDERS:
        gone = write_folders(record, rows, word, order.out, contents.copy)
    else:
        write_export(record, rows, word, order.to, order.out)
    found = Export(answers, guesses, gone, contents.threshold)
    print(json.dumps(export_to_json(order, found)) if as_json else "\n".join(describe(order, found)))


def _check(order: Order, contents: Contents) -> None:
    if contents.threshold is not None and not contents.predictions:
        raise Mistake("--threshold is for what a model says, which is left out: add --predictions, or leave it out.")
    if contents.copy and order.to != FOLDERS:
        raise Mistake("--copy is for --to folders, where it puts copies in the place of links. Leave it out.")


def export_to_json(order: Order, found: Export) -> dict[str, Any]:
    """What ``--json`` prints."""
    guesses, answers = found.guesses, found.answers
    model = guesses and {
        "rows": len(guesses.rows),
        "below_threshold": guesses.below,
        "threshold": found.threshold,
        "confidence": guesses.confidence,
        "right": right._asdict() if (right := known_share(guesses.right)) else None,
        "audit_answers": guesses.right.total if guesses.right else 0,
    }
    return {
        "out": str(order.out),
        "labels": len(answers.rows),
        "by": dict(Counter(row.by for row in answers.rows)),
        "disputed": sum(row.disputed for row in answers.rows),
        "discarded": [printable(path) for path in answers.discarded],
        "skipped": answers.skipped,
        "gone": answers.lost + found.gone,
        "model": model,
    }


def known_share(right: Share | None) -> Share | None:
    """The share of audit answers that is right; None while there are too few to say."""
    return right if right is not None and right.total >= FEWEST else None


def describe(order: Order, found: Export) -> Iterator[str]:
    """What is in it, what is not, and how often the model is right."""
    answers = found.answers
    people = Counter(row.by for row in answers.rows).most_common()
    named = [f"{count:,} {'imported' if who == 'imported' else f'by {printable(who)}'}" for who, count in people]
    more = f", and {several(len(named) - MOST_PEOPLE, 'person')} more" if len(named) > MOST_PEOPLE else ""
    yield (
        f"{several(len(answers.rows), 'label')} in '{printable(str(order.out))}': "
        f"{join_names(named[:MOST_PEOPLE])}{more}."
    )
    if found.guesses is not None:
        yield from _describe_guesses(found.guesses, found.threshold)
    counts = {
        "discarded": len(answers.discarded),
        "skipped": answers.skipped,
        "about files that are gone": answers.lost + found.gone,
    }
    if out := [f"{count:,} {word}" for word, count in counts.items() if count]:
        yield f"Not in it: {join_names(out)}."
    if disputed := sum(row.disputed for row in answers.rows):
        yield (
            f"Of {disputed:,} people say different things, which the column 'disputed' marks; the first answer stands "
            "until Review decides."
        )


def _describe_guesses(guesses: Guesses, threshold: float | None) -> Iterator[str]:
    sure = above = ""
    if threshold is not None:
        sure = f", at least {threshold:g} by its {guesses.confidence}; {guesses.below:,} below that are left out"
        above = " of which it is so sure"
    yield f"{several(len(guesses.rows), 'more label')} by a model that learned from {guesses.learned:,}{sure}."
    if (right := known_share(guesses.right)) is not None:
        yield (
            f"Agrees with {right.hits:,} of {several(right.total, 'audit answer')}{above}, each asked of a model that "
            f"had not learned it: {points(right.value or 0)} % {span(right.low, right.high)} on new samples like these."
        )
        return
    total = guesses.right.total if guesses.right else 0
    yield (
        f"How often that is right is not known: there {'is' if total == 1 else 'are'} {several(total, 'audit answer')}"
        f"{above}, and it takes {FEWEST}."
    )
