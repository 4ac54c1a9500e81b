"""VERB   select: which samples to label next, out of features, in one call.

    ids = select(features, labels, "badge", 1000, probabilities=P, seed=0)

Ids are row numbers, best first. What `select` asks is what the first round of a simulation with the same features,
labels and seed would: it hands the strategy the same question, through the same door.

The way is straight: what somebody wants becomes an `Order`, once, checked; an order a `Question` (with the models that
the strategy wants); its answer a `Selection`.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from skactiveml.base import SingleAnnotatorPoolQueryStrategy, SkactivemlClassifier
from threadpoolctl import threadpool_limits

from nextlabel.datasets.tables.frames import is_frame
from nextlabel.errors import BadNumber, EmptyPool, Mistake
from nextlabel.models.base import Fitted
from nextlabel.models.linear import Linear
from nextlabel.pool import Floats, Ids, Pool
from nextlabel.progress import Progress, quiet
from nextlabel.seeds import number, stream
from nextlabel.selection import arrays
from nextlabel.selection.frames import read_frame_features, read_matrix
from nextlabel.selection.scaling import scale
from nextlabel.strategies import STRATEGIES, Auto, strategy
from nextlabel.strategies.auto import SAMPLE
from nextlabel.strategies.base import Question
from nextlabel.strategies.door import StrategyEntry, class_count, classifier, committee
from nextlabel.strategies.kit.blocks import Blocks
from nextlabel.strategies.kit.drop_in import DropIn
from nextlabel.strategies.kit.known_probabilities import KnownProbabilities
from nextlabel.strategies.kit.progress import watch
from nextlabel.text import shorten

Strategy: TypeAlias = str | SingleAnnotatorPoolQueryStrategy
Predict = Callable[[Ids], Floats]  # row numbers (k,) -> probabilities (k, C)
MOST_SCORED = 2**24  # utilities (batch, n) that are looked at for the scores of a batch: 128 MB


@dataclass(frozen=True)
class Order:
    """What is to be chosen, and from what: everything checked, nothing computed yet.

    ``pool`` features (n, d), labels (n,) and C, all askable that has no label; ``P`` (n, C) probabilities of somebody's
    own model, or None; ``name`` what the strategy is called in notes; ``batch`` at most what is unlabelled; ``seed``
    everything random follows from it; ``standardize``: scale the features wherever a head is trained on them;
    ``scored``: say what each of the chosen was worth, where a table (batch, n) of that fits into memory.
    """

    pool: Pool
    P: Floats | None
    name: str
    entry: StrategyEntry
    batch: int
    seed: int
    standardize: bool = True
    scored: bool = False

    @property
    def trains(self) -> bool:
        """Is a head trained on the labels? Where probabilities are given, only for a committee."""
        wants = set(self.entry.needs.values())
        # Needs are told by the very functions that make them, so a strategy of somebody else's says what it needs as
        # well.
        return committee in wants or (classifier in wants and self.P is None)


@dataclass(frozen=True)
class Selection:
    """``ids`` (batch,) best first; ``implementation`` the class that chose them; ``mended`` ids the door had to draw.

    ``samples`` n, ``labelled`` how many of them have a label, ``classes`` C (0 while nobody knows); ``scores`` (batch,)
    the strategy's utilities at the moment of each pick, NaN where it has none, or None where nobody asked.
    """

    ids: Ids
    implementation: str
    mended: int
    samples: int
    labelled: int
    classes: int
    scores: Floats | None = None


def select(
    features: Any,
    labels: Any,
    strategy: Strategy,
    batch: int,
    probabilities: Any = None,
    seed: int = 0,
    *,
    missing: Any = None,
    standardize: bool = True,
) -> Ids:
    """Ids (batch,) of the samples to label next, best first: row numbers of ``features``.

    ``features`` (n, d) any numbers, also a memory map, or a frame of pandas or polars. One with text or gaps is read as
    a table is, with warnings: text becomes columns of 0 and 1, gaps are filled with the median, and marked. ``labels``
    (n,) with -1 (whole numbers), NaN (decimals) or "" (text) where one is missing, ``missing`` if another value says
    so, or None for no labels at all; ``strategy`` a name, ``skactiveml:ClassName(…)`` too, or an object such as
    ``Badge()`` (its ``random_state`` and ``missing_label`` are not looked at); ``probabilities`` (n, C) of a model of
    your own, or None: then a linear head is trained on the labels, if the strategy wants one. Then features are scaled
    to mean 0 and variance 1, for the head and for distances, as a simulation does with a table; ``standardize=False``
    takes them as they are. The same seed gives the same ids.

    Raises `Mistake` (`BadArray` is a ValueError, too) and `CannotGo` before any heavy work, each with its remedy.

    >>> X = np.array([[0.0, 0.1], [0.0, 0.2], [5.0, 5.0], [9.0, 0.0]])
    >>> select(X, [0, -1, -1, -1], "coreset", 2)
    array([3, 2])
    """
    # `read_order` has all that both doors share; the flag is a bool already where the command line read it.
    order = read_order(features, labels, strategy, batch, probabilities, seed, missing)
    return choose(replace(order, standardize=read_flag("standardize", standardize))).ids


def read_order(
    features: Any,
    labels: Any,
    wanted: Strategy,
    batch: int,
    probabilities: Any = None,
    seed: int = 0,
    missing: Any = None,
    progress: Progress = quiet,
) -> Order:
    """The arguments of `select`, checked, cheapest first: names, numbers, shapes, labels, then every number once."""
    entry = strategy(wanted)  # a wrong name is told before a file of gigabytes is looked through
    size, seed = read_whole("batch", batch, 1), read_whole("seed", seed, 0)
    X = read_samples(features)
    P = None if probabilities is None else arrays.read_probabilities(probabilities, len(X))
    # With probabilities their columns say how many classes there are, and which number is which.
    y, classes = arrays.read_labels(labels, len(X), None if P is None else P.shape[1], missing)
    pool = Pool(X, y, np.ones(len(y), dtype=bool), classes)  # no test or validation side: all may be asked
    name = wanted if isinstance(wanted, str) else type(wanted).__name__
    # The whole passes over P and X come last: on a memory map of gigabytes they are the first work that is heavy.
    order = suit(Order(pool, P, name, entry, fit_batch(pool, size), seed))
    if P is not None:
        arrays.check_probabilities(P, progress)
    arrays.check_finite(X, progress)
    return order


def read_samples(features: Any) -> Floats:
    """The one place where features (n, d) enter: what heads, distances and strategies see is what comes out here."""
    X = read_matrix(features) if is_frame(features) else arrays.read_features(features)
    if X is not None:
        return X
    found = read_frame_features(features)
    for note in found.notes:
        warnings.warn(note, stacklevel=4)  # as in `fit_batch`
    return found.X


def read_flag(what: str, value: Any) -> bool:
    """True or False; "no" is neither, and true to Python."""
    if not isinstance(value, bool | np.bool_):
        raise Mistake(f"{what} is {shorten(repr(value))}, and must be True or False.")
    return bool(value)


def read_whole(what: str, value: Any, least: int) -> int:
    """A whole number of at least ``least``; 3.0 is one, True and "3" are none."""
    # value // 1 and not int(value): of infinity that is NaN, which equals nothing, where int would raise.
    whole = isinstance(value, int | np.integer) or (isinstance(value, float | np.floating) and value == value // 1)
    if not whole or isinstance(value, bool | np.bool_) or value < least:
        shown = shorten(repr(value))
        raise BadNumber(f"The {what} is {shown}, and must be a whole number of at least {least}.")
    return int(value)


def fit_batch(pool: Pool, batch: int) -> int:
    """The batch, or all that is left, with a warning; `EmptyPool` where that is nothing."""
    return check_batch(batch, len(pool.y), len(pool.y) - len(pool.unlabelled()))


def check_batch(batch: int, count: int, labelled: int) -> int:
    """The same, of ``count`` samples of which so many are labelled."""
    left = count - labelled
    if not left:
        raise EmptyPool(
            f"All {count:,} samples are labelled, so there is nothing to ask about. A missing label is -1 in "
            "whole numbers, NaN in decimals, empty in text; name any other value with missing=… (--missing=…)."
        )
    # Over `fit_batch`, `read_order` and `select` to whoever called it.
    if batch > left:
        warnings.warn(f"Only {left:,} samples are unlabelled, fewer than {batch:,}: all are asked.", stacklevel=5)
    return min(batch, left)


def suit(order: Order) -> Order:
    """The order with a strategy that can choose from such data: the one named, or `Mistake` with what it lacks.

    `Auto` covers until it has labels to learn from; without two classes of them that is a strategy without a model.
    """
    pool, name, wants = order.pool, order.name, set(order.entry.needs.values())
    # Given probabilities stand for a model, but nobody can train a committee of them.
    has_model = pool.known_classes() > 1  # one will be trained
    if has_model or not wants & {classifier, committee} or (order.P is not None and committee not in wants):
        return order
    if order.entry.kind is Auto:
        warnings.warn(f"Fewer than two classes have a label, so '{name}' asks as maxherding does.", stacklevel=4)
        # Auto covers by itself while labels are few, but the door would refuse it: it names a classifier among its
        # needs.
        cover = replace(strategy("maxherding"), args={"sample": order.entry.args.get("sample", SAMPLE)})
        return replace(order, entry=cover)
    labelled = len(pool.labelled())
    state = f"all {labelled:,} labels are of one class" if labelled else "nothing is labelled"
    other = "" if committee in wants else ", pass the probabilities of a model of your own (--probabilities)"
    free = ", ".join(word for word, known in STRATEGIES.items() if known.model_free or known.kind is Auto)
    raise Mistake(
        f"'{name}' needs {'a committee' if committee in wants else 'a model'} trained on labels of at least two "
        f"classes, and {state}. Label samples of two classes{other}, or begin with a strategy that needs no labels: "
        f"{free}."
    )


def choose(order: Order, progress: Progress = quiet) -> Selection:
    """What `select` gives, with how it came about. ``progress`` is told of each step; a total of 0: nobody knows."""
    question = make_question(order, progress)
    for note in remarks(order, question):
        warnings.warn(note, stacklevel=3)
    progress("choosing", 0, order.batch if issubclass(order.entry.kind, DropIn) else 0)
    # Ours count their picks; what scikit-activeml's are at, nobody can tell.
    with watch(progress):
        scored = order.scored and order.batch * len(order.pool.y) <= MOST_SCORED
        answer = order.entry.ask(question, stream(order.seed, "mend", 0), scored)
    pool, maker = order.pool, order.entry.implementation
    # Positions are ids here, for the question held every row of the pool; in a simulation they are not
    # (`loop.ask_strategy`).
    known = len(pool.labelled())
    return Selection(answer.positions, maker, answer.mended, len(pool.y), known, pool.classes, answer.scores)


def make_question(order: Order, progress: Progress) -> Question:
    """What the strategy is asked, with just the models that it wants, trained on the labels or given."""
    pool, wants = order.pool, set(order.entry.needs.values())
    if order.trains and order.standardize:
        pool = replace(pool, features=scale(pool.features, progress))
    # The names of the streams are those of a simulation's round 0: hence the same picks from the same features and
    # labels.
    seed = number(stream(order.seed, "ask", 0))
    # Strategies are written for two classes at least, also while nobody knows of any.
    question = Question(pool.features, pool.y, max(2, pool.classes), order.batch, seed)
    if classifier in wants and order.P is not None:
        question = replace(question, clf=KnownProbabilities(pool.features, look_up_rows(order.P), pool.classes))
    if order.trains:
        progress("training a head", 0, 0)
        # On all labels, scaled as above; its committee is drawn only where a strategy calls for it.
        head = train_head(pool, order.seed)
        # Given probabilities stay the classifier, even where a head had to be trained for a committee.
        question = replace(question, clf=question.clf or head.clf, committee=head.committee)
        if order.P is None and issubclass(order.entry.kind, DropIn):  # ours take predictions block by block
            predict = predict_in_blocks(head.clf, pool, progress)
            question = replace(question, clf=KnownProbabilities(pool.features, predict, pool.classes, head.clf))
    return question


def train_head(pool: Pool, seed: int) -> Fitted:
    """The linear head, its penalty chosen on the same labels, as a labelling chooses it.

    On one thread, as there: for matrices as small as a labelled set a second one waits more than it works (1,000
    labels, a busy machine with two cores: 0.5 s and 6 s).
    """
    with threadpool_limits(1):
        return Linear(Linear({}).tune(pool, asked=True)).fit(pool, stream(seed, "fit", 0))


def look_up_rows(P: Floats) -> Predict:
    """Rows of probabilities (n, C), which may be a memory map: all of them uncopied."""

    def at(rows: Ids) -> Floats:
        # All of them in order are the table itself: a copy of a file of gigabytes is what this avoids.
        some: Floats = P if np.array_equal(rows, np.arange(len(P))) else P[rows]
        # Sums and logarithms of float16 are slow, and wrong in the third digit.
        return some.astype(np.float32) if some.dtype == np.float16 else some

    return at


def predict_in_blocks(head: SkactivemlClassifier, pool: Pool, progress: Progress) -> Predict:
    """Rows of probabilities (k, C) in float32, predicted in blocks: nothing else grows with the pool."""

    def at(rows: Ids) -> Floats:
        P = np.empty((len(rows), pool.classes), dtype=np.float32)  # (k, C)
        # On one thread: a block's product with a few columns is over before a second one has begun (a million rows of
        # 384 numbers, 10 classes, two busy cores: 4.7 s and 0.6 s).
        with threadpool_limits(1):
            for place, some in Blocks(pool.features, rows).blocks():
                P[place] = head.predict_proba(some)
                progress("predicting", place.stop, len(rows))
        return P

    return at


def remarks(order: Order, question: Question) -> list[str]:
    """What somebody should know about how this batch comes about."""
    entry, name, notes = order.entry, order.name, []
    if order.P is not None and classifier not in entry.needs.values():
        notes.append(f"'{name}' does not look at probabilities, so those given are not used.")
    if not order.pool.classes and class_count in entry.init.values() and "n_classes" not in entry.args:
        notes.append(f"Nothing says how many classes there are, so '{name}' takes two. Give it n_classes=10 for ten.")
    return notes + entry.remarks(question)
