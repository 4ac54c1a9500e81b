"""A comparison's numbers as the page shows them, and as CSV: fractions, what is undefined left empty."""

from collections.abc import Sequence
from dataclasses import dataclass

from nextlabel.comparison import Comparison
from nextlabel.report.numbers import NOTHING, NUMBERS, count_labels, gap_cells, number_rows, percent, to_csv
from nextlabel.statistics.metrics import SCORES
from nextlabel.statistics.ratios import Ratio
from nextlabel.statistics.standings import Standing
from nextlabel.wording.numbers import points, seed_words, span

CURVES = ("dataset", "model", "embedder", "strategy", "seed", "labelled", "metric", *("accuracy", "balanced_accuracy"))
VOTES = ("strategy", "families", "mean_difference", "ci95_low", "ci95_high", "rank", "p_wilcoxon_holm", "wins", "ties",
         "losses")  # fmt: skip


@dataclass(frozen=True)
class VerdictRow:
    """One strategy's row in the page's table, as text."""

    strategy: str
    verdict: str
    side: int
    cells: Sequence[str]
    aubc: str
    difference: str
    interval: str
    p: Sequence[str]
    ratio: str
    ratio_interval: str
    labels: Sequence[str]
    seeds: str


def verdict_rows(found: Sequence[Standing]) -> list[VerdictRow]:
    """The page's table; numbers in percent and points."""
    return [_verdict_row(one) for one in found]


def _verdict_row(one: Standing) -> VerdictRow:
    gap, said = one.difference, one.judgement
    ps = (said.p_holm, said.p_tost_holm, said.trial.p_wilcoxon) if said else ()
    return VerdictRow(
        strategy=one.strategy,
        verdict=(said.verdict + (", negligible" if said.negligible else "")) if said else NOTHING,
        side=one.side,
        cells=[percent(height) for height in one.at[one.metric]],
        aubc=NOTHING if one.aubc is None else points(one.aubc, digits=2),
        difference=points(gap.mean, True, 2) if gap else NOTHING,
        interval=span(gap.low, gap.high, 2) if gap else "",
        p=[p_words(p) for p in ps] or [NOTHING] * 3,
        ratio=ratio_words(one.ratio),
        ratio_interval=f"[{one.ratio.low:.2f}, {one.ratio.high:.2f}]" if one.ratio and one.ratio.low else "",
        labels=[count_labels(labels) for labels in one.labels_to],
        seeds=seed_words(one.seeds),
    )


def ratio_words(found: Ratio | None) -> str:
    """A label ratio, or that it never came to one.

    >>> ratio_words(None)
    '–'
    """
    if found is None:
        return NOTHING
    return "never" if found.value is None else f"{found.value:.2f}"


def p_words(p: float) -> str:
    """A p value with two digits that matter.

    >>> p_words(0.0432), p_words(0.00004), p_words(1.0)
    ('0.043', '< 0.001', '1.0')
    """
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2g}" if p < 0.995 else "1.0"


def beside(found: Sequence[Standing]) -> list[tuple[str, str, str, str, str]]:
    """The metrics that decide nothing: strategy, metric, axis, difference and interval in points."""
    return [
        (
            one.strategy, other.metric, other.axis, points(other.difference.mean, True, 2),
            span(other.difference.low, other.difference.high, 2),
        )
        for one in found
        for other in one.beside
        if other.difference and (other.metric, other.axis) != (one.metric, "linear")
    ]  # fmt: skip


def verdicts_csv(found: Comparison) -> str:
    """Every number per dataset and strategy; the rows of other metrics and of the log axis have no verdict."""
    benches = [
        ({"dataset": one.bench.dataset, "model": one.bench.model, "embedder": one.bench.embedder}, one.standings)
        for one in found.verdicts
    ]
    return to_csv(NUMBERS, [row for about, group in benches for one in group for row in number_rows(about, one)])


def every_curve_csv(found: Comparison) -> str:
    """Every seed's curve on every dataset: `compare` reads it back, and comes to the same verdicts."""
    names = (*CURVES, "f1_macro")
    rows = [row for one in found.verdicts for row in one.bench.rows]
    first = next(name for name in SCORES if any(name in row for row in rows))  # what it would judge by
    # A column `metric` comes before all others when a CSV is read, so each dataset keeps the metric that it was judged
    # by.
    if any(one.bench.metric != first for one in found.verdicts):
        rows = [{**row, "metric": row[one.bench.metric]} for one in found.verdicts for row in one.bench.rows]
    return to_csv([name for name in names if any(name in row for row in rows)], rows)


def votes_csv(found: Comparison) -> str:
    """One row per strategy over all families."""
    return to_csv(
        VOTES,
        [
            {
                "strategy": vote.strategy, "families": len(found.across.families), "rank": vote.rank,
                "p_wilcoxon_holm": vote.p_wilcoxon_holm,  "wins": vote.wins, "ties": vote.ties, "losses": vote.losses,
            } | gap_cells(vote.difference)
            for vote in found.across.votes
        ],
    )  # fmt: skip


def penalties_csv(found: Comparison) -> str:
    """The penalty matrix as a list: who won, who lost, and in which share of the comparisons."""
    names = found.across.names
    return to_csv(
        ("winner", "loser", "share"),
        [
            {"winner": winner, "loser": loser, "share": float(found.across.penalties[i, j])}
            for i, winner in enumerate(names)
            for j, loser in enumerate(names)
            if i != j
        ],
    )
