"""`badge`: k-means++ on gradient embeddings, by rejection, without ever writing them down."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from skactiveml.base import SkactivemlClassifier
from skactiveml.utils import MISSING_LABEL, check_type

from nextlabel.errors import BadArray
from nextlabel.pool import Floats, Ids
from nextlabel.strategies.kit.blocks import Blocks, pieces
from nextlabel.strategies.kit.drop_in import Found, ModelDropIn, Task, probabilities
from nextlabel.strategies.kit.gradient_draws import TABLE_CELLS, Factors, draw_batch, laws
from nextlabel.strategies.kit.ties import Ties


class Badge(ModelDropIn):
    """Batch active learning by diverse gradient embeddings (Ash et al., 2020).

    A sample's gradient embedding is (p - onehot(argmax p)) x h, with p (C,) its probabilities and h (D,) what the last
    layer sees. The longest comes first; then each is drawn with probability proportional to its squared distance to
    the nearest one chosen so far (k-means++, Arthur and Vassilvitskii, 2007).

    ``clf_embedding_flag_name``: the flag, or a dict of them, with which ``clf.predict_proba`` also returns the h;
    without it h is ``X``. ``origin``: False as in the paper; True counts the origin as chosen from the start, as
    scikit-activeml 1.0.1 does.

    The law of the batch is exactly k-means++'s. Draws come from bounds on the squared distances that were true once
    and only grow looser, and are accepted with the probability that makes up for it; when too many are refused, all
    bounds are renewed in one blocked pass, and made exact where that was not enough, so it always comes to an end. Time
    O(N (C + D)) for the lengths and O(B (C + D)) per draw; O(N B (C + D)) altogether, in matrix products, when almost
    every draw is refused. Memory O(N + B (C + D)) beside the probabilities. After a query ``passes_`` tells how often
    the features were read, ``trials_`` how many draws it took. Utilities are the law that each pick was drawn from.

    >>> from nextlabel.models.head import LinearHead
    >>> X, y = np.array([[0.0], [1.0], [4.0], [9.0]]), [0, -1, -1, 1]
    >>> Badge(missing_label=-1, random_state=0).query(X, y, LinearHead(classes=[0, 1]), batch_size=2)
    array([2, 1])
    """

    def __init__(
        self,
        clf_embedding_flag_name: Any = None,
        missing_label: Any = MISSING_LABEL,
        random_state: Any = None,
        *,
        origin: bool = False,
    ) -> None:
        super().__init__(missing_label, random_state)
        self.clf_embedding_flag_name = clf_embedding_flag_name
        self.origin = origin

    @property
    def _deep(self) -> bool:
        return bool(self._flags())  # then the model makes vectors of it

    def check_arguments(self) -> None:
        self._flags()
        check_type(self.origin, "origin", bool)

    def _choose(self, task: Task, model: SkactivemlClassifier) -> Found:
        proba, embedded = probabilities(task, model, self._flags())  # (m, C), (m, D) or None
        rows = task.pool() if embedded is None else Blocks(embedded)
        found = gradients(proba, rows)
        draw = draw_batch(found, task.batch, task.rng, task.ties, self.origin)
        picks, self.trials_, self.passes_ = draw.centres.picks, draw.trials, draw.passes
        return task.answer(picks, lambda: laws(found, picks, self.origin))

    def _flags(self) -> dict[str, Any]:
        name = self.clf_embedding_flag_name
        if name is None or isinstance(name, dict):
            return name or {}
        if isinstance(name, str):
            return {name: True}
        raise TypeError(f"'clf_embedding_flag_name' must be a text or a dict, and is a {type(name).__name__}.")


@dataclass
class Gradients:
    """`Factors` whose probabilities ``P`` (m, C) are in memory, of which a_i = p_i - onehot(``guess``_i).

    ``rows`` the h; ``length`` (m,) |g_i|^2.
    """

    P: Floats
    guess: Ids
    rows: Blocks
    length: Floats

    @property
    def classes(self) -> int:
        """C."""
        return int(self.P.shape[1])

    @property
    def width(self) -> int:
        """D."""
        return self.rows.width

    @property
    def kind(self) -> np.dtype[Any]:
        """In which precision rows come."""
        return self.rows.kind

    def at(self, positions: Ids) -> tuple[Floats, Floats]:
        """The factors a (k, C) and h (k, D) at these positions, in float64."""
        return residuals(self.P[positions], self.guess[positions]), self.rows.at(positions).astype(np.float64)

    def block(self, place: slice) -> tuple[Floats, Floats]:
        """The factors of a block, in the precision of the features."""
        a: Floats = residuals(self.P[place], self.guess[place]).astype(self.rows.kind)
        return a, self.rows.block(place.start, place.stop)


def residuals(P: Floats, guess: Ids) -> Floats:
    """The factors a (k, C) of probabilities (k, C) and the classes (k,) that they guess, in float64."""
    a = P.astype(np.float64)
    a[np.arange(len(a)), guess] -= 1
    return a


def gradients(P: Floats, rows: Blocks) -> Gradients:
    """One pass over the probabilities, one over the features: the lengths of all gradient embeddings."""
    guess, short = np.empty(len(P), dtype=np.int64), np.empty(len(P))
    for place in pieces(len(P), max(1, TABLE_CELLS // P.shape[1])):
        p = P[place].astype(np.float64)
        guess[place] = p.argmax(axis=1)
        p[np.arange(len(p)), guess[place]] -= 1
        short[place] = np.einsum("ij,ij->i", p, p)  # |a|^2
    with np.errstate(over="ignore", invalid="ignore"):
        length = short * rows.lengths(max(1, TABLE_CELLS // rows.width))
    return Gradients(P, guess, rows, check_lengths(length, rows.kind))


def check_lengths(length: Floats, kind: np.dtype[Any]) -> Floats:
    """Squared lengths (m,) of gradients, or `BadArray`: products of two must have room in numbers of that ``kind``."""
    if not (length <= np.finfo(kind).max / 16).all():
        raise BadArray("The embeddings hold numbers that are not finite, or too large to be squared.")
    return length


def badge(found: Factors, batch: int, rng: np.random.Generator, ties: Ties, origin: bool = False) -> Ids:
    """Positions (batch,) drawn by k-means++, the longest first."""
    return draw_batch(found, batch, rng, ties, origin).centres.picks
