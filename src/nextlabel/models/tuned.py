"""A model that chooses its settings while labels come, as a labelling does: nobody has other labels to choose by."""

from collections.abc import Callable

import numpy as np

from nextlabel.models.base import Fitted, Model, Settings
from nextlabel.pool import Ids, Pool

Prefix = tuple[bytes, bytes]  # what a choice hangs on: ids and labels


class Tuned:
    """``make(settings)`` with the settings that the strategy's own labels choose, and no label of the audit side.

    Settings are chosen on the first of these labels that hold two classes, and again at every doubling of their number,
    in the order in which they were asked: a function of the pool alone, whatever the batches were.

    >>> from nextlabel import Linear, stream
    >>> y = np.array([0, 0, 1, 1, 0, 1, -1])
    >>> X = np.array([[0.0], [0.1], [1.0], [0.9], [0.2], [0.8], [0.7]], dtype=np.float32)
    >>> pool = Pool(X, y, np.ones(7, dtype=bool), classes=2, asked=np.array([0, 2, 1, 3, 4, 5]))
    >>> model = Tuned(Linear)
    >>> [count for count, C in model.settings(pool)["C"]]
    [2, 4]
    >>> model.fit(pool, stream(0, "fit")).clf.predict(X[-1:]).tolist()
    [1]
    """

    def __init__(self, make: Callable[[Settings], Model]) -> None:
        self.make = make
        self._chosen: dict[Prefix, Settings] = {}  # of the last pool, so that no round repeats an older one's search
        self._made: tuple[Settings, Model] | None = None

    def fit(self, pool: Pool, rng: np.random.Generator) -> Fitted:
        """Train the model with the settings of this pool."""
        return self._make(self.settings(pool)).fit(pool, rng)

    def tune(self, pool: Pool, asked: bool = False) -> Settings:
        """Nothing: it chooses for itself."""
        return {}

    def settings(self, pool: Pool) -> Settings:
        """What the strategy's labels so far choose; the model's own defaults while they hold fewer than two classes."""
        blind = pool.blind()
        settings: Settings = {}
        chosen: dict[Prefix, Settings] = {}
        for ids in _prefixes(blind):
            key = ids.tobytes(), blind.y[ids].tobytes()
            # A memory of what would come out again, bit for bit: each choice is given those before it, and its labels.
            settings = (
                self._chosen[key] if key in self._chosen else self._make(settings).tune(blind.only(ids), asked=True)
            )
            chosen[key] = settings
        self._chosen = chosen
        return settings

    def _make(self, settings: Settings) -> Model:
        if self._made is None or self._made[0] != settings:  # a network is made with all pictures: not for every fit
            self._made = settings, self.make(settings)
        return self._made[1]


def _prefixes(pool: Pool) -> list[Ids]:
    """The labelled ids that settings are chosen on: the first with two classes, then twice as many, and so on."""
    labelled = pool.labelled()
    asked = pool.asked[np.isin(pool.asked, labelled)]
    before = np.setdiff1d(labelled, asked)  # known before anybody was asked
    order = np.concatenate([before, asked])
    # Where the second class comes first; no later label can be needed for the first choice.
    other = np.flatnonzero(pool.y[order] != pool.y[order[:1]])
    if not len(other):
        return []
    count = max(len(before), int(other[0]) + 1)
    found = []
    while count <= len(order):
        found.append(order[:count])
        count *= 2
    return found
