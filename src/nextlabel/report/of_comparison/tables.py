"""A comparison's numbers as the page shows them, and as CSV: fractions, what is undefined left empty."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from nextlabel.comparison import Comparison, Verdicts
from nextlabel.comparison.bench import METRICS
from nextlabel.report.of_run.tables import NOTHING, percent
from nextlabel.statistics.curves import SHARES
from nextlabel.statistics.ratios import Ratio
from nextlabel.statistics.standings import Standing
from nextlabel.wording.numbers import points, seeds_said, span

NUMBERS = (
    "dataset", "model", "embedder", "strategy", "against", "metric", "axis", "n_seeds", "aubc", "mean_difference",
    "ci95_low", "ci95_high", "p", "p_holm", "p_tost", "p_wilcoxon", "label_ratio", "never", "label_ratio_low",
    "label_ratio_high", "never_share", "at_25", "at_50", "at_100", "seeds_needed", "seeds_for_same", "verdict",
    "negligible",
)  # fmt: skip
CURVES = ("dataset", "model", "embedder", "strategy", "seed", "labelled", "metric", *("accuracy", "balanced_accuracy"))
VOTES = ("strategy", "families", "mean_difference", "ci95_low", "ci95_high", "rank", "p_wilcoxon_holm", "wins", "ties",
         "losses")  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One strategy's line in the page's table, as text."""

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
    seeds: str


def lines(found: Sequence[Standing]) -> list[Line]:
    """The page's table; numbers in percent and points."""
    return [_line(one) for one in found]


def _line(one: Standing) -> Line:
    gap, said = one.difference, one.judged
    ps = (said.p_holm, said.trial.p_tost, said.trial.p_wilcoxon) if said else ()
    return Line(
        strategy=one.strategy,
        verdict=(said.verdict + (", negligible" if said.negligible else "")) if said else NOTHING,
        side=one.side,
        cells=[percent(height) for height in one.at[one.metric]],
        aubc=NOTHING if one.aubc is None else points(one.aubc, digits=2),
        difference=points(gap.mean, True, 2) if gap else NOTHING,
        interval=span(gap.low, gap.high, 2) if gap else "",
        p=[p_said(p) for p in ps] or [NOTHING] * 3,
        ratio=ratio_said(one.ratio),
        ratio_interval=f"[{one.ratio.low:.2f}, {one.ratio.high:.2f}]" if one.ratio and one.ratio.low else "",
        seeds=seeds_said(one.seeds),
    )


def ratio_said(found: Ratio | None) -> str:
    """A label ratio, or that it never came to one.

    >>> ratio_said(None)
    '–'
    """
    if found is None:
        return NOTHING
    return "never" if found.value is None else f"{found.value:.2f}"


def p_said(p: float) -> str:
    """A p value with two digits that matter.

    >>> p_said(0.0432), p_said(0.00004), p_said(1.0)
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


def numbers_csv(found: Comparison) -> str:
    """Every number per dataset and strategy; the rows of other metrics and of the log axis have no verdict."""
    return _csv(NUMBERS, [row for one in found.verdicts for standing in one.standings for row in _rows(one, standing)])


def _rows(where: Verdicts, one: Standing) -> list[dict[str, Any]]:
    bench = where.bench
    about = {
        "dataset": bench.dataset, "model": bench.model, "embedder": bench.embedder, "strategy": one.strategy,
        "against": one.against, "n_seeds": one.seeds,
    }  # fmt: skip
    first = about | {"metric": one.metric, "axis": "linear", "aubc": one.aubc} | _judged(one)
    first |= dict(zip((f"at_{100 * share:.0f}" for share in SHARES), one.at[one.metric], strict=True))
    return [first] + [
        about | {"metric": other.metric, "axis": other.axis, "aubc": other.aubc} | _gap(other.difference)
        for other in one.beside
        if (other.metric, other.axis) != (one.metric, "linear")
    ]


def _gap(gap: Any) -> dict[str, Any]:
    return {"mean_difference": gap.mean, "ci95_low": gap.low, "ci95_high": gap.high} if gap else {}


def _judged(one: Standing) -> dict[str, Any]:
    found = one.judged
    if found is None:
        return {}
    return _gap(one.difference) | _labels(one.ratio) | {
        "p": found.trial.p, "p_holm": found.p_holm, "p_tost": found.trial.p_tost, "p_wilcoxon": found.trial.p_wilcoxon,
        "seeds_needed": found.seeds_needed, "seeds_for_same": found.seeds_for_same, "verdict": found.verdict,
        "negligible": found.negligible,
    }  # fmt: skip


def _labels(ratio: Ratio | None) -> dict[str, Any]:
    if ratio is None:  # no number of labels that all seeds have in their range
        return {}
    return {
        "label_ratio": ratio.value, "never": ratio.never, "label_ratio_low": ratio.low, "label_ratio_high": ratio.high,
        "never_share": ratio.never_share,
    }  # fmt: skip


def every_curve_csv(found: Comparison) -> str:
    """Every seed's curve on every dataset: `compare` reads it back, and comes to the same verdicts."""
    names = (*CURVES, "f1_macro")
    rows = [row for one in found.verdicts for row in one.bench.rows]
    first = next(name for name in METRICS if any(name in row for row in rows))  # what it would judge by
    if any(one.bench.metric != first for one in found.verdicts):
        rows = [{**row, "metric": row[one.bench.metric]} for one in found.verdicts for row in one.bench.rows]
    return _csv([name for name in names if any(name in row for row in rows)], rows)


def votes_csv(found: Comparison) -> str:
    """One row per strategy over all families."""
    return _csv(
        VOTES,
        [
            {
                "strategy": vote.strategy, "families": len(found.across.families), "rank": vote.rank,
                "p_wilcoxon_holm": vote.p_wilcoxon_holm,  "wins": vote.wins, "ties": vote.ties, "losses": vote.losses,
            } | _gap(vote.difference)
            for vote in found.across.votes
        ],
    )  # fmt: skip


def penalties_csv(found: Comparison) -> str:
    """The penalty matrix as a list: who won, who lost, and in which share of the comparisons."""
    names = found.across.names
    return _csv(
        ("winner", "loser", "share"),
        [
            {"winner": winner, "loser": loser, "share": float(found.across.penalties[i, j])}
            for i, winner in enumerate(names)
            for j, loser in enumerate(names)
            if i != j
        ],
    )


def _csv(names: Sequence[str], rows: Iterable[dict[str, Any]]) -> str:
    out = io.StringIO()
    table = csv.DictWriter(out, names, lineterminator="\n", extrasaction="ignore")
    table.writeheader()
    table.writerows(rows)
    return out.getvalue()
