"""About how long a choice takes, where that may be minutes, so that whoever asks is told before the work.

Each figure was measured on one core with scikit-learn's digits, or is one of docs/strategies.md; another machine may
take half as long, or twice. They decide whether somebody is warned, and nothing else.

    cost = UPSTREAM["Quire"].cost
    cost(Size(rows=1797, candidates=1777, classes=10, width=64, batch=1), {})     # seconds
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from nextlabel.strategies.max_herding import GROUND, sample_size
from nextlabel.strategies.prob_cover import is_approximate


@dataclass(frozen=True)
class PoolSize:
    """How large a question is: ``rows`` (n), ``candidates`` (m) of them, ``classes`` C, ``width`` (d), ``batch``."""

    rows: int
    candidates: int
    classes: int
    width: int
    batch: int


Cost = Callable[[PoolSize, Mapping[str, Any]], float]  # and the arguments that the strategy is made with -> seconds


def herd_seconds(size: PoolSize, args: Mapping[str, Any]) -> float:
    """`maxherding` and `uherding`: kernel values of all candidates and the ground, twice where nothing is labelled.

    10 ns a value for its exponential and the sums, .015 ns more for each column: docs/strategies.md has 302 s for a
    million rows of 384 numbers (benchmarks/speed.py).
    """
    sample, ground = args.get("sample"), args.get("ground", GROUND)
    m = size.candidates if sample is None else min(size.candidates, sample_size(sample, size.batch))
    g = m if ground is None else min(m, ground)
    passes = 2 if size.candidates == size.rows else 1
    return passes * m * g * (10 + 0.015 * size.width) * 1e-9


def ball_seconds(size: PoolSize, args: Mapping[str, Any]) -> float:
    """`probcover`: all distances, twice. docs/strategies.md has 169 s for 100,000 rows of 384 numbers.

    Among approximate neighbours about a hundredth of that, where rows lie in clusters: 147 s for a million.
    """
    named = {name: args[name] for name in ("neighbors", "distance_func") if name in args}
    share = 0.01 if is_approximate(size.rows, **named) else 1
    return share * size.rows**2 * (5 + 0.03 * size.width) * 1e-9


def quire_seconds(size: PoolSize, args: Mapping[str, Any]) -> float:
    """`skactiveml:Quire`: for each candidate a matrix of all others is copied, and multiplied once for each class.

    73 s at 800 rows, ten classes; from there on the matrix is larger than a core's cache (1.7 s at 400).
    """
    return size.candidates * size.rows**2 * (1e-7 + 5e-9 * size.classes)


def retrain_seconds(each: float) -> Cost:
    """Expected error: a classifier is trained for each candidate and each class, in ``each`` seconds.

    MonteCarloEER took 9, 19 and 42 s for 100, 200 and 400 rows of digits, ValueOfInformationEER 10, 23 and 51.
    """
    return lambda size, args: size.candidates * size.classes * each


def subsample_seconds(inner: Cost, inner_args: Mapping[str, Any]) -> Cost:
    """A SubSamplingWrapper's: those of the strategy within, on fewer candidates, and perhaps on fewer rows."""

    def seconds(size: PoolSize, args: Mapping[str, Any]) -> float:
        most = args.get("max_candidates", 0.1)  # a share, or a count
        few = min(size.candidates, most if isinstance(most, int) else math.ceil(most * size.candidates))
        rows = size.rows - size.candidates + few if args.get("exclude_non_subsample") else size.rows
        return inner(replace(size, rows=rows, candidates=few), inner_args)

    return seconds
