"""The contract of scorers, one function for each promise. Use it on a scorer of your own:

    from nextlabel.conformance.scorers import for_scorers

    for check in for_scorers:
        check(my_estimator)

A check raises `AssertionError`, with a sentence, where the promise is broken.
"""

from collections.abc import Callable

import numpy as np

from nextlabel.errors import BadArray
from nextlabel.files.strict_json import dump
from nextlabel.pool import Floats, Labels
from nextlabel.scoring.base import Scorer, Scores

FRACTIONS = ("accuracy", "balanced_accuracy", "f1_macro", "ece")  # what these names always mean


def predictions(n: int = 60, classes: int = 4) -> tuple[Floats, Labels]:
    """Probabilities (n, C), and true codes (n,) of which about half are the likeliest class."""
    rng = np.random.default_rng(0)
    # Half right, half drawn: every figure is somewhere between its ends, where a mistake shows.
    proba = rng.dirichlet(np.ones(classes), n)
    return proba, np.where(rng.random(n) < 0.5, proba.argmax(axis=1), rng.integers(classes, size=n))


def check_gives_figures(scorer: Scorer) -> None:
    """Finite numbers or None, which a row of JSON can hold; fractions where the name says so."""
    for n, classes in ((60, 4), (7, 2), (1, 3)):  # one sample: no variance, no second bin
        found = scorer(*predictions(n, classes))
        assert found, "says nothing"
        assert all(value is None or type(value) is float for value in found.values()), f"{found} are no floats"
        dump(found)  # raises ValueError for NaN and infinity
        odd = [name for name in FRACTIONS if not 0 <= (found.get(name) or 0.0) <= 1]
        assert not odd, f"{odd[0]} is {found[odd[0]]}, no fraction"


def check_has_the_same_names_for_all(scorer: Scorer) -> None:
    """Whatever it is given, an empty test set too, of which everything is undefined: rows of a run share columns."""
    proba, y = predictions()
    names = list(scorer(proba, y))
    assert list(scorer(proba[:1], y[:1])) == names, f"of one sample it says other things than {names}"
    none = scorer(proba[:0], y[:0])  # NaN with a warning is what most formulas give
    assert none == dict.fromkeys(names), f"an empty test set gives {none}"


def check_survives_few_classes(scorer: Scorer) -> None:
    """Samples of one class only; a class that nobody has and nothing is taken for; certainty, right and wrong."""
    proba, y = predictions()
    _is_finite(scorer(proba, np.zeros_like(y)))  # classes without a true sample have no recall
    _is_finite(scorer(np.column_stack([proba, np.zeros(len(y))]), y))
    for shift in (0, 1):  # certain and right, certain and wrong: log 0
        _is_finite(scorer(np.eye(4)[(y + shift) % 4], y))


def _is_finite(found: Scores) -> None:
    assert all(value is None or np.isfinite(value) for value in found.values()), f"{found} are not finite"


def check_order_does_not_matter(scorer: Scorer) -> None:
    """The same samples in another order are as well predicted, ties among them too."""
    proba, y = predictions()
    proba = np.round(proba * 4 + 0.5) / np.round(proba * 4 + 0.5).sum(axis=1, keepdims=True)  # many rows alike
    order = np.random.default_rng(1).permutation(len(y))
    one, other = scorer(proba, y), scorer(proba[order], y[order])
    for name, value in one.items():
        there = other[name]
        # Sums in another order may differ in their last bits, so these are not compared to the bit.
        same = value == there if value is None or there is None else abs(value - there) < 1e-9
        assert same, f"{name} is {value}, and {there} in another order"


def check_leaves_arrays_alone(scorer: Scorer) -> None:
    """Arrays as they come: read-only, by columns, float32; the same figures, and nothing is written."""
    proba, y = predictions()
    before, expected = (proba.copy(), y.copy()), scorer(proba, y)
    assert (proba == before[0]).all(), "the probabilities were changed"
    assert (y == before[1]).all(), "the labels were changed"
    proba.flags.writeable = y.flags.writeable = False
    assert scorer(proba, y) == expected, "read-only arrays give other figures"
    assert scorer(np.asfortranarray(proba), y) == expected, "columns give other figures than rows"
    _is_finite(scorer(proba.astype(np.float32), y))


def check_refuses_what_is_no_probability(scorer: Scorer) -> None:
    """NaN, infinity, a negative number, a row that does not sum to one: `BadArray`."""
    for odd in ([np.nan, 1, 0, 0], [np.inf, 0, 0, 0], [1.5, -0.5, 0, 0], [0.5, 0, 0, 0], [0, 0, 0, 0], [2, 1, 1, 0]):
        proba, y = predictions()
        # One bad row among sixty good ones, in the middle: means and totals hardly notice it.
        proba[3] = odd
        try:
            found = scorer(proba, y)
        except BadArray:
            continue
        raise AssertionError(f"a row {odd} gives {found}")


for_scorers: list[Callable[[Scorer], None]] = [
    check_gives_figures,
    check_has_the_same_names_for_all,
    check_survives_few_classes,
    check_order_does_not_matter,
    check_leaves_arrays_alone,
    check_refuses_what_is_no_probability,
]
