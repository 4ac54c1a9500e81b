"""Everything that nextlabel refuses, in one tree.

    NextlabelError
    ├── CannotGo                the world said no; the command line exits with 1
    │   ├── BadData             a folder, picture or table that cannot be learned from
    │   ├── EmptyPool           nothing is left to ask about
    │   ├── StrategyFailed      a query strategy broke down, or cannot choose from such data
    │   ├── TrainingFailed      a model broke down while it learned
    │   ├── MissingExtra        an optional library is not installed
    │   ├── RunBusy             another process is writing this run
    │   ├── RunBroken           a run's files are damaged
    │   ├── StoreBusy           another program serves this labelling project
    │   ├── StoreBroken         a project's store is damaged, or is none
    │   ├── CannotOpen          a project's store that this program cannot use: newer, foreign, out of reach
    │   ├── CannotWrite         the disk is full, or may not be written to
    │   ├── CannotFetch         a download that does not come, or is not what it should be
    │   ├── WorkerDied          a worker process ended before its work did
    │   └── Conflict            what cannot be done as things stand: nothing to undo, a key that is taken
    └── Mistake                 wrong use; the command line exits with 2
        ├── UnknownName         no such strategy, model, dataset, embedder, oracle
        ├── BadSpecification    a text such as "skactiveml:ProbCover(alpha=0.9)" that cannot be read
        ├── BadNumber           a number out of its range
        ├── BadArgument         a query strategy's argument that it cannot work with (a ValueError too)
        ├── BadArray            features, labels or probabilities that are none (a ValueError too)
        ├── BadSplit            a split that this dataset cannot give
        ├── BadEntry            an answer or a change that a labelling project cannot take
        ├── NotThere            an id that nothing has
        ├── Outside             a path that leaves its folder
        ├── OtherRun            the output folder holds something else
        └── NotComparable       runs or curves that cannot be set side by side

Each message says what happened, why it probably did, and what to do.
"""

from collections.abc import Iterator
from contextlib import contextmanager


class NextlabelError(Exception):
    """The root of everything that nextlabel raises on purpose."""

    exit_code = 1


class CannotGo(NextlabelError):
    """The world said no: data, disk, processes."""


class BadData(CannotGo):
    """A folder, picture or table that cannot be learned from."""


class EmptyPool(CannotGo, ValueError):
    """Nothing is left to ask about."""


class StrategyFailed(CannotGo):
    """A query strategy broke down, or cannot choose from such data."""


class TrainingFailed(CannotGo):
    """A model broke down while it learned."""


class MissingExtra(CannotGo):
    """An optional library is not installed."""


class RunBusy(CannotGo):
    """Another process is writing this run."""


class RunBroken(CannotGo):
    """A run's files are damaged."""


class StoreBusy(CannotGo):
    """Another program serves this labelling project."""


class StoreBroken(CannotGo):
    """A project's store is damaged, or is none."""


class CannotOpen(CannotGo):
    """A project's store that this program cannot use: newer, foreign, or out of reach."""


class CannotWrite(CannotGo):
    """The disk is full, or the place may not be written to."""


class CannotFetch(CannotGo):
    """A download that does not come, or is not what it should be."""


class WorkerDied(CannotGo):
    """A worker process ended before its work did."""


class Conflict(CannotGo):
    """What cannot be done as things stand now: nothing is left to undo, a key is bound already."""


class Mistake(NextlabelError):
    """Wrong use: the caller asked for something that cannot be."""

    exit_code = 2


class UnknownName(Mistake):
    """No part of that name."""


class BadSpecification(Mistake):
    """A specification in a string that cannot be read."""


class BadNumber(Mistake):
    """A number out of its range."""


class BadArgument(Mistake, ValueError):
    """An argument that a query strategy cannot work with."""


class BadArray(Mistake, ValueError):
    """Features, labels or probabilities that are none."""


class BadSplit(Mistake):
    """A split that this dataset cannot give."""


class BadEntry(Mistake):
    """An answer or a change that a labelling project cannot take."""


class NotThere(Mistake):
    """An id that nothing has."""


class Outside(Mistake):
    """A path that leaves its folder."""


class OtherRun(Mistake):
    """The output folder holds something else."""


class NotComparable(Mistake):
    """Runs or curves that cannot be set side by side."""


@contextmanager
def naming(title: str) -> Iterator[None]:
    """Put a title before what the block refuses: which of several it speaks of. Nothing where that is empty.

    >>> with naming("digits"):
    ...     raise BadData("It cannot be read.")
    Traceback (most recent call last):
    nextlabel.errors.BadData: digits: It cannot be read.
    """
    try:
        yield
    except NextlabelError as error:
        if not title:
            raise
        raise type(error)(f"{title}: {error}") from error
