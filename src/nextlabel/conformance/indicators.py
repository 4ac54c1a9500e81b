"""The contract of indicators, one function for each promise. Use it on an indicator of your own:

    from nextlabel.conformance.indicators import for_indicators

    for check in for_indicators:
        check(my_indicator)

A check raises `AssertionError`, with a sentence, where the promise is broken.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import numpy as np

from nextlabel.files.strict_json import dump
from nextlabel.indicators.base import Finding, Indicator
from nextlabel.indicators.evidence import Evidence


def make_evidence(samples: int = 100, pilot: int = 40, classes: int = 3, apart: float = 2.0) -> Evidence:
    """Round clouds, one a class, whose centres lie ``apart``; the pilot is drawn at random.

    >>> bool(make_evidence(apart=50.0).hits.all())
    True
    """
    rng = np.random.default_rng(samples + pilot)
    y = rng.integers(classes, size=samples)
    X = (rng.normal(size=(samples, 4)) + apart * np.eye(4)[y % 4]).astype(np.float32)
    ids = np.sort(rng.permutation(samples)[:pilot])
    return Evidence(X, ids, y[ids], classes, 2 * max(pilot, 20), samples)


@cache
def cases() -> tuple[tuple[str, Evidence], ...]:
    """Evidence by what is odd about it; the first, a usual one. Made once: what each has learned serves all checks."""
    return tuple(_cases())


def _cases() -> Iterator[tuple[str, Evidence]]:
    usual = make_evidence()
    yield "of three clouds", usual
    yield "of classes that nobody can mistake", make_evidence(apart=50.0)
    yield "of classes that nobody can tell", make_evidence(apart=0.0)
    yield "of two classes", make_evidence(classes=2)
    yield "with a class that the pilot has not met", replace(usual, classes=4)
    yield "of one column", replace(usual, X=usual.X[:, :1])
    yield "with a constant column", replace(usual, X=usual.X * np.array([1, 1, 1, 0], np.float32))
    yield "of few samples", make_evidence(samples=50, pilot=20)
    yield "in which samples are there twice", replace(usual, X=np.repeat(usual.X[::2], 2, axis=0))
    yield "of a few places", replace(usual, X=np.round(usual.X / 4))
    y = np.zeros(len(usual.pilot), dtype=np.int64)
    y[-1] = 1
    yield "with a class that was met once", replace(usual, y=y)


def check_gives_a_finding(indicator: Indicator) -> None:
    """Finite numbers, which JSON can hold; the value between the ends of its interval; a word on what it leans to."""
    for where, evidence in _usable(indicator):
        found = indicator.measure(evidence)
        dump(vars(found))  # raises ValueError for NaN and infinity, TypeError for what is no plain number
        if found.interval is not None and found.value is not None:
            low, high = found.interval
            assert low <= found.value <= high, f"{found.value} is not from {low} to {high}, on evidence {where}"
        assert found.leans in (None, -1, 0, 1), f"leans to {found.leans} on evidence {where}"


def check_goes_by_the_evidence_alone(indicator: Indicator) -> None:
    """The same evidence gives the same finding; read-only arrays do, too."""
    for where, evidence in [*_usable(indicator)][:2]:
        first = _plain(indicator.measure(evidence))
        again = replace(evidence, X=evidence.X.copy())
        again.X.flags.writeable = False
        assert _plain(indicator.measure(again)) == first, f"says another thing the second time, on evidence {where}"


def check_names_of_classes_do_not_matter(indicator: Indicator) -> None:
    """Codes are names: with two of them changed about, the value stays as it is, but for rounding."""
    evidence = make_evidence()
    other = replace(evidence, y=np.array([2, 1, 0])[evidence.y])
    one, two = indicator.measure(evidence).value, indicator.measure(other).value
    assert (one is None) == (two is None), "has a value under one name of a class, and none under another"
    assert one is None or abs(one - (two or 0.0)) < 0.05, f"is {one}, and {two} with other names of classes"


def check_does_without_labels(indicator: Indicator) -> None:
    """What says that it needs no labels says something without any."""
    if not indicator.labels:
        found = indicator.measure(make_evidence(pilot=0))
        dump(vars(found))
        assert found.value is not None or found.facts, "says nothing without labels, and says that it needs none"


def _usable(indicator: Indicator) -> Iterator[tuple[str, Evidence]]:
    return ((where, evidence) for where, evidence in cases() if len(evidence.pilot) >= indicator.labels)


def _plain(found: Finding) -> str:
    return dump(vars(found))


for_indicators: list[Callable[[Indicator], None]] = [
    check_gives_a_finding,
    check_goes_by_the_evidence_alone,
    check_names_of_classes_do_not_matter,
    check_does_without_labels,
]
