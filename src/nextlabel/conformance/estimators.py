"""The contract of estimators, one function for each promise. Use it on an estimator of your own:

    from nextlabel.conformance.estimators import for_estimators

    for check in for_estimators:
        check(my_estimator)

A check raises `AssertionError`, with a sentence, where the promise is broken.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from nextlabel.estimators.base import Check, Estimator, Figure, Frozen, History, Look
from nextlabel.files.strict_json import dump
from nextlabel.pool import Ids

QUEUE = (10, 15, 20, 25, 30, 40, 47, 48, 50, 60, 75, 90)  # labels of the queue, of which a look has models


def make_look(m: int = 60, classes: int = 3, right: float = 0.8, **more: Any) -> Look:
    """A look at ``m`` answers, with models that are ``right`` about such a share of them; ``more`` takes other fields.

    >>> make_look(30, right=1.0).hits.all(), make_look(30, right=0.0).hits.any()
    (np.True_, np.False_)
    """
    rng = np.random.default_rng(m)
    truth = rng.integers(classes, size=m)

    def guess() -> Ids:
        return np.where(rng.random(m) < right, truth, truth + 1)

    look = Look(
        labelled=5 * m,
        truth=truth,
        guess=guess(),
        alive=rng.random(m) < 0.7,
        survivors=True,
        rest=(120, 500),
        learned=5 * m,
        by_chance=guess(),
        queue={k: guess() for k in QUEUE},
    )
    return replace(look, **more)


def make_history(look: Look, **more: Any) -> History:
    """A history that came to ``look``, with two checks of the model's change before it."""
    checks = [Check(n, 3, 200, 100, 9, look.m, 620, 80, 100) for n in (look.labelled - 60, look.labelled)]
    return replace(History(look.m, 250, (look,), checks), **more)


def histories() -> Iterator[tuple[str, History]]:
    """Histories by what is odd about them; the first, a usual one."""
    usual = make_look()
    yield "of sixty answers", make_history(usual)
    yield "of nothing", History()
    yield "before its first look", History(audit=18, side=100)
    yield "of a folder that is too small", History(audit=8, side=8)
    yield "of many answers", make_history(make_look(853, classes=10))
    looks: Mapping[str, dict[str, Any]] = {
        "of one class": {"classes": 1},
        "in which all is right": {"right": 1.0},
        "in which all is wrong": {"right": 0.0},
        "in which as many were skipped as answered": {"m": 30, "skipped": 30},
        "in which more were discarded than answered": {"m": 30, "discarded": 90},
        "in which nothing is left": {"rest": (0, 0)},
        "in which only the audit side is left": {"rest": (50, 0)},
        "in which only the strategy's side is left": {"rest": (0, 50)},
        "in which nobody survived": {"alive": np.zeros(60, dtype=bool)},
        "in which nobody knows who survived": {"survivors": False},
        "of which somebody picked by hand": {"by_hand": True},
        "of audit labels alone": {"learned": 60},
        "without a model of the queue's labels": {"queue": {}},
    }
    for name, odd in looks.items():
        yield name, make_history(make_look(**odd))
    yield "to which samples joined", make_history(usual, joined=40)
    yield "without a model of a hundred answers ago", make_history(usual, checks=())
    yield "of a model that stands still", make_history(usual, checks=[Check(n, 0, 200, 100, 9, 60) for n in (240, 300)])
    yield "with a class of two labels", make_history(usual, checks=[Check(300, 3, 200, 100, 2, 60)])
    yield "at the end of its audit side", make_history(usual, checks=[Check(300, 3, 12, 100, 9, 60)])
    yield "with costs", make_history(usual, error_value=2.0, label_cost=0.1)
    for hits, misses, rest in ((59, 0, 1_059), (0, 59, 100), (58, 1, 59), (1, 0, 1), (98, 1, 100)):
        yield f"with {hits} of {hits + misses} right in a check", make_history(usual, frozen=Frozen(hits, misses, rest))
    yield "in the middle of a check", make_history(usual, frozen=Frozen(20, 2, 600, waiting=37, labelled=300))


def check_gives_figures(estimator: Estimator) -> None:
    """Finite numbers, which JSON can hold; the value between the ends of its interval; shares that are shares."""
    for name, figure, where in _figures(estimator):
        dump(asdict(figure))  # raises ValueError for NaN and infinity, TypeError for what is no plain number
        ends = [number for number in (figure.low, figure.value, figure.high) if number is not None]
        assert ends == sorted(ends), (
            f"'{name}' of a history {where} is {figure.value}, not from {ends[0]} to {ends[-1]}"
        )
        shares = figure.unit != "share" or all(0 <= number <= 1 for number in ends)
        assert shares, f"'{name}' of a history {where} is no share: {ends}"


def check_has_the_same_names_for_all(estimator: Estimator) -> None:
    """The same figures in the same order and unit, whatever was seen: a file has one set of columns."""
    expected = {name: figure.unit for name, figure in estimator(make_history(make_look())).items()}
    assert expected, "says nothing"
    for where, history in histories():
        found = {name: figure.unit for name, figure in estimator(history).items()}
        assert list(found.items()) == list(expected.items()), f"{found} of a history {where}, not {expected}"


def check_speaks_or_says_why_not(estimator: Estimator) -> None:
    """A figure without a number has a reason, one with a number none; of nothing nothing is said."""
    for name, figure, where in _figures(estimator):
        speaks = any(found not in (None, {}) for found in (figure.value, figure.low, figure.high, figure.more))
        assert speaks is (figure.silent is None), f"'{name}' of a history {where} is {figure}"
    said = [name for name, figure in estimator(History()).items() if figure.silent is None]
    assert not said, f"says {said[0]!r} before anything was answered"


def check_goes_by_the_history_alone(estimator: Estimator) -> None:
    """The same history gives the same figures, in whatever order histories come; read-only arrays do, too."""
    first = {where: _plain(estimator(history)) for where, history in histories()}
    for where, history in reversed(list(histories())):
        looks = tuple(_lock(look) for look in history.looks)
        again = _plain(estimator(replace(history, looks=looks)))
        assert again == first[where], f"a history {where} gives {again}, and gave {first[where]}"


def check_names_of_classes_do_not_matter(estimator: Estimator) -> None:
    """Class ids are names: with others in their place the numbers stay."""
    look = make_look()
    others = np.array([70, 4, 900, 31])
    queue = {k: others[guess] for k, guess in look.queue.items()}
    renamed = replace(
        look, truth=others[look.truth], guess=others[look.guess], by_chance=others[look.by_chance], queue=queue
    )
    one, other = (estimator(make_history(this)) for this in (look, renamed))
    for name, figure in one.items():
        there = other[name]
        same = (figure.value, figure.low, figure.high) == (there.value, there.low, there.high)
        assert same, f"'{name}' is {figure}, and {there} with other names"


def _figures(estimator: Estimator) -> Iterator[tuple[str, Figure, str]]:
    for where, history in histories():
        for name, figure in estimator(history).items():
            yield name, figure, where


def _plain(figures: Mapping[str, Figure]) -> str:
    return dump({name: asdict(figure) for name, figure in figures.items()})


def _lock(look: Look) -> Look:
    """The look with arrays that nobody can write to."""
    arrays = [look.truth, look.guess, look.alive, look.by_chance, *look.queue.values()]
    for array in arrays:
        array.flags.writeable = False
    return look


for_estimators: list[Callable[[Estimator], None]] = [
    check_gives_figures,
    check_has_the_same_names_for_all,
    check_speaks_or_says_why_not,
    check_goes_by_the_history_alone,
    check_names_of_classes_do_not_matter,
]
