"""A run's numbers as the page shows them, and as CSV."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nextlabel.report.drawing.confusions import Matrix
from nextlabel.report.numbers import NOTHING, NUMBERS, count_labels, number_rows, percent, to_csv
from nextlabel.runs.lines import Row
from nextlabel.runs.reading import Run
from nextlabel.statistics.curves import GOALS, SHARES
from nextlabel.statistics.held import count_held
from nextlabel.statistics.metrics import MAIN, METRICS
from nextlabel.statistics.standings import Standing
from nextlabel.wording.numbers import metric_words, points, seed_words, span, title_case

CONFUSED = 5  # pairs of classes named per strategy


@dataclass(frozen=True)
class TableRow:
    """One strategy's row in the page's table, as text."""

    strategy: str
    cells: Sequence[str]
    aubc: str
    difference: str
    interval: str
    side: int
    labels: Sequence[str]
    seeds: str
    fit: str
    ask: str
    mended: int


def table_rows(run: Run, found: Sequence[Standing]) -> list[TableRow]:
    """The page's table; numbers in percent and points, times in seconds."""
    return [_table_row(run, one) for one in found]


def _table_row(run: Run, one: Standing) -> TableRow:
    gap = one.difference
    times = [row for row in run.timings if row["strategy"] == one.strategy]
    # Rounds that asked: the last one takes no time to choose, and would lower the median.
    asks = {(row["seed"], row["round"]) for row in run.picks if row["strategy"] == one.strategy and row["ids"]}
    return TableRow(
        strategy=one.strategy,
        cells=[percent(value) for metric in MAIN for value in one.at[metric]],
        aubc=percent(one.aubc),
        difference=points(gap.mean, True, 2) if gap else NOTHING,
        interval=span(gap.low, gap.high, 2) if gap else "",
        side=one.side,
        labels=[count_labels(labels) for labels in one.labels_to],
        seeds=seed_words(gap.seeds if gap else one.seeds),
        fit=seconds([row["fit_s"] for row in times]),
        ask=seconds([row["ask_s"] for row in times if (row["seed"], row["round"]) in asks]),
        mended=sum(row.get("mended") or 0 for row in run.rows if row["strategy"] == one.strategy),
    )


def head_groups() -> list[tuple[str, list[str]]]:
    """What stands over the cells of a `TableRow`: a metric, and beneath it shares of the budget."""
    return [(f"{title_case(metric_words(name))}, %", [f"{100 * share:.0f} %" for share in SHARES]) for name in MAIN]


def goal_heads() -> list[str]:
    """What stands over its numbers of labels."""
    return [f"{100 * goal:.0f} %" for goal in GOALS]


FIGURES = {
    "new": "on new samples",
    "rest": "on the rest",
    "against_random": "against random questions",
    "worth": "labels for random ones",
}


def held_rows(run: Run) -> list[tuple[str, str, str, list[str]]]:
    """What could be said without the test set: strategy, figure, labellings in which it held, and median widths."""
    return [
        (
            one.strategy,
            FIGURES[one.figure],
            f"{one.held} of {one.labellings}",
            [NOTHING if width is None else f"{width:.0f}" for width in one.widths.values()],
        )
        for one in count_held(run.estimates)
    ]


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


def worst_confusions(matrix: Matrix, classes: Sequence[str]) -> list[tuple[str, str, str]]:
    """The most frequent confusions: true class, what it was taken for, and the share of its samples in percent."""
    pairs = [
        (count / max(row.sum(), 1), truth, guess)
        for truth, row in enumerate(matrix)
        for guess, count in enumerate(row)
        if truth != guess and count > 0
    ]
    # Equal shares by class, so that the same matrix gives the same page.
    worst = sorted(pairs, key=lambda pair: (-pair[0], pair[1:]))[:CONFUSED]
    return [(classes[truth], classes[guess], f"{100 * share:.0f}") for share, truth, guess in worst]


def curves_csv(rows: Sequence[Row]) -> str:
    """Every seed's curve: dataset, strategy, seed, labelled and metrics, as fractions; what is undefined is empty."""
    metrics = [name for name in METRICS if any(name in row for row in rows)]
    return to_csv(["dataset", "strategy", "seed", "labelled", *metrics], rows)


def numbers_csv(run: Run, found: Sequence[Standing]) -> str:
    """Every number per strategy, in the columns of a comparison's numbers.csv."""
    told = run.manifest
    about = {"dataset": told["dataset"]["name"], "model": told["model"], "embedder": told["embedder"]["name"]}
    return to_csv(NUMBERS, [row for one in found for row in number_rows(about, one)])
