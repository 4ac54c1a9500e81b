"""Select out of vectors that are larger than memory: block by block, here or by the workers of an engine.

    order = StoredOrder(Shards.open(folder), known, strategy("margin"), "margin", batch=1000, seed=0)
    with engine(2) as workers:
        selection, notes = choose_stored(order, Walk(Team(workers, 2, 1)))

The same ids as `choose` gives in memory. `random` draws, and reads nothing. What is chosen by an uncertainty reads each
row once, and keeps the best. `badge` reads each row once for the lengths of gradients, draws, and reads again what was
drawn, or all where too many draws were refused. Any other strategy compares candidates with each other, and chooses
from a sample that is drawn at random, which its note says. Kept of a row: nothing, or 16 bytes for `badge` (a length,
and a bound on a distance), and 8 more while a tie is broken.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from skactiveml.utils import check_random_state

from nextlabel.engines import Team
from nextlabel.files.shards import Shards
from nextlabel.models.base import Fitted
from nextlabel.pool import Floats, Ids, Labels, Pool
from nextlabel.progress import Progress, quiet
from nextlabel.seeds import number, stream
from nextlabel.selection import Order, Selection, choose, suit, train_head
from nextlabel.selection.arrays import refuse_gaps
from nextlabel.selection.scaling import Moments, check_moments
from nextlabel.selection.stored_rows import Candidates, Foreteller, HeadForeteller, StoredGradients, TableForeteller
from nextlabel.strategies.badge import Badge, check_lengths, residuals
from nextlabel.strategies.door import StrategyEntry
from nextlabel.strategies.kit.blocks import are_directions, squares
from nextlabel.strategies.kit.drop_in import DropIn, Situation
from nextlabel.strategies.kit.gradient_draws import draw_batch
from nextlabel.strategies.kit.progress import watch
from nextlabel.strategies.kit.ties import Ties
from nextlabel.strategies.random_sampling import RandomSampling
from nextlabel.strategies.uncertainty_sampling import uncertainty

TASK_CELLS = 1 << 28  # numbers in a task: half a gigabyte of float16, about a second
SAMPLE = 20_000  # candidates that a strategy is shown which compares them with each other
Span = tuple[int, int]  # positions from, to
NONE: tuple[Ids, Floats] = (np.empty(0, dtype=np.int64), np.empty(0))


@dataclass(frozen=True)
class StoredOrder:
    """What is to be chosen, and from what.

    ``known`` (l,) numbers of the labelled rows, ascending, with their codes ``y`` (l,) of ``classes``; ``table``
    probabilities (n, C) of somebody's own model; ``standardize``: scale to mean 0 and variance 1 for the head and for
    distances; ``scored``: say what each of the chosen was worth.
    """

    shards: Shards
    known: Ids
    y: Labels
    classes: int
    entry: StrategyEntry
    name: str
    batch: int
    seed: int
    table: Shards | None = None
    standardize: bool = True
    scored: bool = False


@dataclass(frozen=True)
class Walk:
    """Who goes through the rows, and who hears how far they are."""

    team: Team
    progress: Progress = quiet

    def over(self, rows: Candidates, work: Any, what: str) -> Iterator[tuple[Span, Any]]:
        """The results of ``work`` on all candidates, span by span, in any order; ``what`` is being done."""
        size, done = max(1, TASK_CELLS // rows.width), 0
        spans = [(start, min(start + size, len(rows))) for start in range(0, len(rows), size)]
        for span, result in self.team.run(work, spans):
            done += span[1] - span[0]
            self.progress(what, done, len(rows))
            yield span, result


def choose_stored(order: StoredOrder, walk: Walk) -> tuple[Selection, list[str]]:
    """What `choose` would give, and sentences that somebody should know. Raises as `choose` does, and `BadData`."""
    suited = suit(_labelled_alone(order))  # coverage instead of a model where fewer than two classes are known
    order = replace(order, entry=suited.entry)
    turn = _turn(order)
    if isinstance(turn, RandomSampling):
        return _answer(order, _draw(order)), []
    method = turn.measure(_situation(order))
    if method is not None:
        return _choose_doubtful(order, method, walk), []
    if isinstance(turn, Badge) and not turn.clf_embedding_flag_name:
        return _choose_by_badge(order, turn, walk), []
    return _choose_of_sample(order, turn, walk.progress)


def _labelled_alone(order: StoredOrder) -> Order:
    """An order in memory, of the labelled rows alone: what a head learns from."""
    X = order.shards.at(order.known)
    pool = Pool(X, order.y, np.zeros(len(X), dtype=bool), order.classes)
    P = None if order.table is None else order.table.at(order.known)
    return Order(pool, P, order.name, order.entry, order.batch, order.seed, order.standardize, order.scored)


def _situation(order: StoredOrder) -> Situation:
    n, labels = len(order.shards), len(order.known)
    # Told by the rows that `are_directions` would look at.
    directions = are_directions(order.shards.at(np.arange(0, n, max(1, n // 100))))
    return Situation(n - labels, order.batch, labels, max(2, order.classes), directions)


def _turn(order: StoredOrder) -> Any:
    """Who chooses: one of ours, or of scikit-activeml's."""
    made = order.entry.kind(**order.entry.args, missing_label=-1)
    return made.turn(_situation(order)) if isinstance(made, DropIn) else made


def _answer(order: StoredOrder, positions: Ids, scores: Floats | None = None) -> Selection:
    rows = Candidates(order.shards, order.known)
    maker, labelled = order.entry.implementation, len(order.known)
    chosen = scores if order.scored else None
    return Selection(rows.numbers(positions), maker, 0, len(order.shards), labelled, order.classes, chosen)


def _task_seed(order: StoredOrder) -> int:
    """What everything random in the choice follows from, as `kit.drop_in.Task` has it of the same order in memory."""
    # scikit-activeml makes it of the seed and of how many have no label yet, so that no two rounds draw the same.
    unlabelled = len(order.shards) - len(order.known)
    state = check_random_state(number(stream(order.seed, "ask", 0)), unlabelled + 1)
    return int(state.randint(2**31 - 1))


def _ties(order: StoredOrder, count: int) -> Ties:
    return Ties(count, np.random.default_rng([_task_seed(order), 1]))


def _draw(order: StoredOrder) -> Ids:
    count = len(order.shards) - len(order.known)
    found: Ids = np.random.default_rng(_task_seed(order)).choice(count, order.batch, replace=False)
    return found


def _prepare(order: StoredOrder, walk: Walk) -> tuple[Candidates, Foreteller]:
    """The candidates, scaled if a head is trained on them, and who foretells their classes."""
    if order.table is not None:
        return Candidates(order.shards, order.known), TableForeteller(order.table)
    small = _labelled_alone(order)
    moments = _measure(order.shards, walk) if order.standardize else None
    pool = small.pool if moments is None else replace(small.pool, features=moments.scale(small.pool.features))
    walk.progress("training a head", 0, 0)
    fitted: Fitted = train_head(pool, order.seed)
    return Candidates(order.shards, order.known, moments), HeadForeteller(fitted.clf)


@dataclass(frozen=True)
class Measuring:
    """Work: mean and variance of the columns of some rows."""

    rows: Candidates

    def __call__(self, span: Span) -> Moments:
        moments: Moments | None = None
        for place in self.rows.pieces(*span):
            rows = self.rows.block(place.start, place.stop)
            with np.errstate(over="ignore", invalid="ignore"):
                found = Moments.of(rows)
            if not np.isfinite(found.mean).all():
                refuse_gaps(rows, range(place.start, place.stop))
            moments = found if moments is None else moments.join(found)
        assert moments is not None, "a span has rows"
        return moments


def _measure(shards: Shards, walk: Walk) -> Moments:
    """Of all rows, the labelled ones too; joined in the order of rows, whoever was ready first."""
    rows = Candidates(shards, np.empty(0, dtype=np.int64))
    found = dict(walk.over(rows, Measuring(rows), "scaling the features"))
    first, *others = (found[span] for span in sorted(found))
    for one in others:
        first = first.join(one)
    return check_moments(first)


@dataclass(frozen=True)
class Doubting:
    """Work: the positions of a span with the highest uncertainty, all that are level with the last, and how high."""

    rows: Candidates
    model: Foreteller
    method: str
    batch: int

    def __call__(self, span: Span) -> tuple[Ids, Floats]:
        best, worth = NONE
        for place in self.rows.pieces(*span):
            positions = np.arange(place.start, place.stop)
            rows = self.rows.block(place.start, place.stop) if self.model.reads_rows else None
            scores = uncertainty(self.model.foretell(self.rows.numbers(positions), rows), self.method)
            best, worth = keep_highest(np.append(best, positions), np.append(worth, scores), self.batch)
        return best, worth


def keep_highest(positions: Ids, scores: Floats, batch: int) -> tuple[Ids, Floats]:
    """Those with the ``batch`` highest scores, and all that are level with the last of them, in their order."""
    if len(scores) <= batch:
        return positions, scores
    least = np.partition(scores, len(scores) - batch)[len(scores) - batch]
    kept = scores >= least
    return positions[kept], scores[kept]


def _choose_doubtful(order: StoredOrder, method: str, walk: Walk) -> Selection:
    rows, model = _prepare(order, walk)
    best, worth = NONE
    for _, (positions, scores) in walk.over(rows, Doubting(rows, model, method, order.batch), "choosing"):
        best, worth = keep_highest(np.append(best, positions), np.append(worth, scores), order.batch)
    ranks = _rank_tied(worth, best, _ties(order, len(rows)))
    chosen = np.lexsort((ranks, -worth))[: order.batch]
    return _answer(order, best[chosen], worth[chosen])


def _rank_tied(scores: Floats, positions: Ids, ties: Ties) -> Ids:
    """By what equals are told apart: the shuffle of all candidates, which is drawn only where there are equals."""
    return ties.rank[positions] if len(np.unique(scores)) < len(scores) else np.zeros(len(scores), dtype=np.int64)


@dataclass(frozen=True)
class LengthsOfGradients:
    """Work: the squared lengths of gradient embeddings."""

    rows: Candidates
    model: Foreteller

    def __call__(self, span: Span) -> Floats:
        found = np.empty(span[1] - span[0])
        for place in self.rows.pieces(*span):
            rows = self.rows.block(place.start, place.stop)
            P = self.model.foretell(self.rows.numbers(np.arange(place.start, place.stop)), rows)
            a = residuals(P, P.astype(np.float64).argmax(axis=1))
            with np.errstate(over="ignore", invalid="ignore"):
                found[place.start - span[0] : place.stop - span[0]] = np.einsum("ij,ij->i", a, a) * squares(rows)
        return found


def _choose_by_badge(order: StoredOrder, badge: Badge, walk: Walk) -> Selection:
    rows, model = _prepare(order, walk)
    length = np.empty(len(rows))
    for (start, stop), found in walk.over(rows, LengthsOfGradients(rows, model), "measuring gradients"):
        length[start:stop] = found
    factors = StoredGradients(rows, model, check_lengths(length, rows.kind))
    walk.progress("choosing", 0, order.batch)
    with watch(walk.progress):
        rng = np.random.default_rng(_task_seed(order))
        draw = draw_batch(factors, order.batch, rng, _ties(order, len(rows)), badge.origin)
    return _answer(order, draw.centres.picks)


def _choose_of_sample(order: StoredOrder, turn: Any, progress: Progress) -> tuple[Selection, list[str]]:
    """What a strategy chooses in memory from the labelled rows and some candidates, drawn at random."""
    rows = Candidates(order.shards, order.known)
    reach = turn.reach(_situation(order)) if isinstance(turn, DropIn) else None
    count = min(len(rows), max(order.batch, min(reach or SAMPLE, SAMPLE)))
    drawn = np.sort(stream(order.seed, "sample", 0).choice(len(rows), count, replace=False))
    numbers = np.sort(np.append(order.known, rows.numbers(drawn)))
    y = np.full(len(numbers), -1, dtype=np.int64)
    y[np.searchsorted(numbers, order.known)] = order.y
    pool = Pool(order.shards.at(numbers), y, np.ones(len(y), dtype=bool), order.classes)
    P = None if order.table is None else order.table.at(numbers)
    small = Order(pool, P, order.name, order.entry, order.batch, order.seed, order.standardize, order.scored)
    refuse_gaps(pool.features, numbers)
    answer = choose(small, progress)
    among = f"{count:,} of {len(rows):,}, drawn at random"
    note = f"'{order.name}' compares candidates with each other: it chose among {among}."
    whole = replace(answer, ids=numbers[answer.ids], samples=len(order.shards))
    return whole, [note] if count < len(rows) else []
