"""A run's numbers as the page shows them, and as CSV."""

import csv
import io
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nextlabel.report.drawing.confusions import Matrix
from nextlabel.runs.lines import Row
from nextlabel.runs.reading import Run
from nextlabel.statistics.curves import SHARES, SHOWN
from nextlabel.statistics.standings import Standing
from nextlabel.wording.numbers import points, seeds_said, span, spoken

METRICS = ("accuracy", "balanced_accuracy", "f1_macro", "log_loss", "ece", "val_f1_macro")
NOTHING = "–"
CONFUSED = 5  # pairs of classes named per strategy


@dataclass(frozen=True)
class Line:
    """One strategy's line in the page's table, as text."""

    strategy: str
    cells: Sequence[str]
    difference: str
    interval: str
    sign: int
    said: str
    fit: str
    ask: str
    mended: int


def lines(run: Run, found: Sequence[Standing]) -> list[Line]:
    """The page's table; numbers in percent and points, times in seconds."""
    return [_line(run, one) for one in found]


def _line(run: Run, one: Standing) -> Line:
    gap = one.difference
    cells = [percent(value) for metric in SHOWN for value in one.at[metric]] + [percent(one.aubc)]
    times = [row for row in run.timings if row["strategy"] == one.strategy]
    asks = {(row["seed"], row["round"]) for row in run.picks if row["strategy"] == one.strategy and row["ids"]}
    return Line(
        strategy=one.strategy,
        cells=cells,
        difference=points(gap.mean, True, 2) if gap else NOTHING,
        interval=span(gap.low, gap.high, 2) if gap else "",
        sign=one.side,
        said=seeds_said(gap.seeds if gap else one.seeds),
        fit=seconds([row["fit_s"] for row in times]),
        ask=seconds([row["ask_s"] for row in times if (row["seed"], row["round"]) in asks]),
        mended=sum(row.get("mended") or 0 for row in run.rows if row["strategy"] == one.strategy),
    )


def heads() -> list[str]:
    """What stands over the numbers of a `Line`, without AUBC: shares of the budget, once per metric."""
    return [f"{100 * share:.0f} %" for _ in SHOWN for share in SHARES]


def groups() -> list[str]:
    """The metrics over them."""
    return [f"{spoken(metric)[0].upper()}{spoken(metric)[1:]}" for metric in SHOWN]


def percent(fraction: float | None) -> str:
    """A fraction in percent, to a tenth.

    >>> percent(0.8731), percent(None)
    ('87.3', '–')
    """
    return NOTHING if fraction is None else points(fraction)


def seconds(times: Iterable[float]) -> str:
    """The median of some times, with two digits that matter.

    >>> seconds([0.0123, 0.0124, 9]), seconds([83.2])
    ('0.012', '83')
    """
    known = list(times)
    if not known:
        return NOTHING
    middle = statistics.median(known)
    return f"{middle:.0f}" if middle >= 10 else f"{float(f'{middle:.2g}'):.4f}".rstrip("0").rstrip(".")


def confused(matrix: Matrix, classes: Sequence[str]) -> list[tuple[str, str, str]]:
    """The most frequent confusions: true class, what it was taken for, and the share of its samples in percent."""
    pairs = [
        (count / max(row.sum(), 1), truth, guess)
        for truth, row in enumerate(matrix)
        for guess, count in enumerate(row)
        if truth != guess and count > 0
    ]
    worst = sorted(pairs, key=lambda pair: (-pair[0], pair[1:]))[:CONFUSED]
    return [(classes[truth], classes[guess], f"{100 * share:.0f}") for share, truth, guess in worst]


def curves_csv(rows: Sequence[Row]) -> str:
    """Every seed's curve: dataset, strategy, seed, labelled and metrics, as fractions; what is undefined is empty."""
    metrics = [metric for metric in METRICS if any(metric in row for row in rows)]
    names = ["dataset", "strategy", "seed", "labelled", *metrics]
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(names)
    table.writerows([row.get(name) for name in names] for row in rows)
    return out.getvalue()
