"""Numbers of both reports: how a table shows them, and as CSV, in fractions with what is undefined left empty."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nextlabel.statistics.curves import GOALS, SHARES
from nextlabel.statistics.inference import Estimate
from nextlabel.statistics.ratios import Ratio
from nextlabel.statistics.standings import Standing
from nextlabel.wording.numbers import points

NOTHING = "–"
NUMBERS = (
    "dataset", "model", "embedder", "strategy", "against", "metric", "axis", "n_seeds", "aubc", "mean_difference",
    "ci95_low", "ci95_high", "looks", "p", "p_holm", "p_tost", "p_tost_holm", "p_wilcoxon", "label_ratio", "never",
    "label_ratio_low", "label_ratio_high", "never_share", *(f"at_{100 * share:.0f}" for share in SHARES),
    *(f"labels_to_{100 * goal:.0f}" for goal in GOALS), "seeds_needed", "seeds_for_same", "detectable_difference",
    "verdict", "negligible",
)  # fmt: skip


def percent(fraction: float | None) -> str:
    """A fraction in percent, to a tenth.

    >>> percent(0.8731), percent(None)
    ('87.3', '–')
    """
    return NOTHING if fraction is None else points(fraction)


def count_labels(labels: float | None) -> str:
    """A number of labels that need not be whole, for it may lie between two rounds.

    >>> count_labels(1203.4), count_labels(None)
    ('1,203', '–')
    """
    return NOTHING if labels is None else f"{labels:,.0f}"


def number_rows(about: Mapping[str, Any], one: Standing) -> list[dict[str, Any]]:
    """Every number on one strategy; the rows of other metrics and of the log axis have no verdict.

    ``about`` says which dataset, model and embedder.
    """
    here = {**about, "strategy": one.strategy, "against": one.against, "n_seeds": one.seeds}
    first = here | {"metric": one.metric, "axis": "linear", "aubc": one.aubc} | _judgement_cells(one)
    first |= dict(zip((f"at_{100 * share:.0f}" for share in SHARES), one.at[one.metric], strict=True))
    first |= dict(zip((f"labels_to_{100 * goal:.0f}" for goal in GOALS), one.labels_to, strict=True))
    return [first] + [
        here | {"metric": other.metric, "axis": other.axis, "aubc": other.aubc} | gap_cells(other.difference)
        for other in one.beside
        if (other.metric, other.axis) != (one.metric, "linear")
    ]


def gap_cells(gap: Estimate | None) -> dict[str, Any]:
    """A difference with its interval."""
    return {"mean_difference": gap.mean, "ci95_low": gap.low, "ci95_high": gap.high, "looks": gap.looks} if gap else {}


def _judgement_cells(one: Standing) -> dict[str, Any]:
    found = one.judgement
    if found is None:
        return {}
    return gap_cells(one.difference) | _ratio(one.ratio) | {
        "p": found.trial.p, "p_holm": found.p_holm, "p_tost": found.trial.p_tost, "p_tost_holm": found.p_tost_holm,
        "p_wilcoxon": found.trial.p_wilcoxon,
        "seeds_needed": found.seeds_needed, "seeds_for_same": found.seeds_for_same,
        "detectable_difference": found.detectable, "verdict": found.verdict, "negligible": found.negligible,
    }  # fmt: skip


def _ratio(ratio: Ratio | None) -> dict[str, Any]:
    if ratio is None:  # no number of labels that all seeds have in their range
        return {}
    return {
        "label_ratio": ratio.value, "never": ratio.never, "label_ratio_low": ratio.low, "label_ratio_high": ratio.high,
        "never_share": ratio.never_share,
    }  # fmt: skip


def to_csv(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as CSV: these columns, and no others of theirs; None is an empty cell."""
    out = io.StringIO()
    # "\n", for csv's own default is "\r\n" everywhere.
    table = csv.DictWriter(out, names, lineterminator="\n", extrasaction="ignore")
    table.writeheader()
    table.writerows(rows)
    return out.getvalue()
