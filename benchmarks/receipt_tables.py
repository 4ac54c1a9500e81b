"""Write what `receipt.py` measured into docs/receipt.md: ``python benchmarks/receipt_tables.py``.

A labelling by ``auto`` that asked just what ``margin`` asks, since `auto` goes by margins there, is counted once.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scipy.stats import binomtest
from table import between

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "receipt.md"
RESULT = HERE / "results" / "receipt" / "coverage.json"
DISTURBED = RESULT.with_name("disturbed.json")
COLUMNS = (
    "set", "asked by", "labellings", "lines 1 and 2 held", "half-width of the first at 30, 59, 92",
    "against random held", "next hundred at most what was said", "beyond test noise",
    'first "you may stop": next hundred at most a point',
)  # fmt: skip
HEAD = [f"| {' | '.join(COLUMNS)} |", "|---|---|--:|--:|--:|--:|--:|--:|--:|"]
KINDS = {  # of a disturbed labelling: what happens, and what the receipt says of it by itself
    "plain": ("nothing", "as ever"),
    "skips": (
        "5 % of the pictures, drawn, are skipped when they are seen first",
        '"2 that were asked and have no answer yet count as wrong below, and as right above", until they are answered',
    ),
    "discards": (
        "the 5 % that are hardest are put aside",
        '"8 % of the audit\'s pictures were put aside: the figure is about the others"',
    ),
    "late": (
        "a class is added at answer 100; till then its pictures are skipped, or called another",
        "nothing, but of those that were skipped",
    ),
    "doubling": (
        "half of the folder joins at answer 150",
        "no new figure until the audit has caught up, and how many that waits for",
    ),
    "two": ("two people take turns, one of them wrong in 10 %", "nothing: it is agreement with both"),
    "grid": ("at answer 100 a hundred are answered in the grid", "nothing is said about the rest, and why"),
    "lasso": (
        "at answer 100 a hundred that lie together on the map are drawn around, and asked next",
        "nothing is said about the rest, and why",
    ),
}
LARGE = "20,000"  # its errors would be most of all
Row = Mapping[str, Any]


def main() -> None:
    """Replace what stands between the markers."""
    sets = json.loads(RESULT.read_text(encoding="utf-8"))["sets"]
    rows = [(name, *one) for name, found in sets.items() for one in distinct(found)]
    page = PAGE.read_text(encoding="utf-8")
    disturbed = json.loads(DISTURBED.read_text(encoding="utf-8"))["sets"]
    small = [found for name, _, found in rows if name != LARGE]
    parts = {
        "coverage": [*HEAD, *map(line, rows)],
        "sum": summary(rows),
        "disturbed": list(list_kinds(disturbed)),
        "cost": list(list_costs(small)),
    }
    for what, lines in parts.items():
        start, end = f"<!-- {what}: written by benchmarks/receipt_tables.py -->", f"<!-- end of {what} -->"
        page = between(page, start, end, "\n".join(lines))
    PAGE.write_text(page, encoding="utf-8")


def distinct(found: Mapping[str, Row]) -> Iterator[tuple[str, Row]]:
    """What was asked by whom, each once."""
    if found["auto"] == found["margin"]:
        yield "both", found["margin"]
    else:
        yield from found.items()


def line(row: tuple[str, str, Row]) -> str:
    """One row of the table."""
    name, who, found = row
    both, new, random, after, stop = (found[one] for one in ("new and rest", "new", "against_random", "next", "stop"))
    widths = ", ".join("–" if wide is None else f"{100 * wide:.0f}" for wide in new["half_widths"].values())
    beyond = after.get("beyond noise")
    cells = [
        name, f"`{who}`" if who != "both" else who, both["labellings"], f"{both['held']}", f"{widths} points",
        f"{random['held']} of {random['labellings']}", share(after["held"], after["cases"]),
        "–" if beyond is None else beyond, share(stop["at_most_1_point"], stop["judged"]),
    ]  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def share(held: int, cases: int) -> str:
    """A cell of the table; a dash where there was no case."""
    return f"{held} of {cases}" if cases else "–"


def summary(rows: list[tuple[str, str, Row]]) -> list[str]:
    """All together, and the worst set, in sentences."""
    both = [row["new and rest"] for _, _, row in rows]
    count, held = sum(one["labellings"] for one in both), sum(one["held"] for one in both)
    least = binomtest(held, count).proportion_ci(0.95, "exact").low
    name, who, worst = min(rows, key=lambda row: row[2]["new and rest"]["held"] / row[2]["new and rest"]["labellings"])
    of = worst["new and rest"]

    def of_all(what: str, count: str) -> int:
        return sum(row[what][count] for _, _, row in rows)

    p = binomtest(of["held"], of["labellings"], 0.95, alternative="less").pvalue
    return [
        f"In {held} of {count} labellings all intervals of the first two lines held ({100 * held / count:.1f} %; at "
        f"least {100 * least:.1f} %, with 95 % confidence). The worst set is {name}, asked by {who}: {of['held']} of "
        f"{of['labellings']}, or fewer, has a chance of {p:.2f} where 95 of 100 hold.",
        "",
        summarize_next({(name, who): row["next"] for name, who, row in rows}),
        "",
        f"Against random questions all intervals held in {of_all('against_random', 'held')} of "
        f"{of_all('against_random', 'labellings')}. `worth`, which is not shown, spoke in "
        f"{of_all('worth', 'labellings')} and held in {of_all('worth', 'held')} of them.",
        "",
        f'The first "you may stop" was said in {of_all("stop", "said")} labellings. Of {of_all("stop", "judged")} that '
        f"went on for a hundred answers, {of_all('stop', 'at_most_1_point')} gained at most a point by them.",
    ]


def summarize_next(by_set: Mapping[tuple[str, str], Row]) -> str:
    """How often the rule about the next hundred labels held, and what of its misses is noise."""
    found = [one for one in by_set.values() if one["cases"]]
    cases, held, misses, beyond = (
        sum(one[what] for one in found) for what in ("cases", "held", "misses", "beyond noise")
    )
    by_noise = sum(one["by noise alone"] for one in found)
    (name, who), worst = max(by_set.items(), key=lambda item: item[1].get("beyond noise", 0))
    return (
        f"What the next hundred answers brought was at most what was said in {held:,} of {cases:,} cases "
        f"({100 * held / cases:.1f} %). A gain is itself measured on some hundred pictures: of the {misses:,} misses "
        f"{beyond} were further beyond the bound than 1.645 standard errors of that, {worst['beyond noise']} of them "
        f"on {name} ({who}); and if each hundred had brought just what was expected, {by_noise:.0f} would have been "
        "there by chance."
    )


def list_kinds(sets: Mapping[str, Row]) -> Iterator[str]:
    """How many labellings held, by what happened in them; and all together."""
    all_of = [one for kinds in sets.values() for one in kinds.values()]
    held, count = (sum(one[what] for one in all_of) for what in ("held", "labellings"))
    least = binomtest(held, count).proportion_ci(0.95, "exact").low
    yield f"Of {count} in all {held} held (at least {100 * least:.1f} %, with 95 % confidence)."
    yield ""
    yield f"| kind | what happens | {' | '.join(sets)} | what the receipt says of it |"
    yield "|---|---|---|---|---|---|"
    for kind, (what, said) in KINDS.items():
        counts = (
            f"{kinds[kind]['held']} of {kinds[kind]['labellings']}" if kind in kinds else "–" for kinds in sets.values()
        )
        yield f"| `{kind}` | {what} | {' | '.join(counts)} | {said} |"


def list_costs(found: Sequence[Row]) -> Iterator[str]:
    """What stopping by cost comes to, by how many labels an error costs: labels and errors in the rest, together."""
    columns = "an error costs as much as", "stopped by the rule", "at the best moment, in hindsight", "never stopped"
    yield f"| {' | '.join(columns)} | the rule said stop |"
    yield "|--:|--:|--:|--:|--:|"
    weights = [one["new and rest"]["labellings"] for one in found]
    for ratio in found[0]["cost"]:
        costs = [one["cost"][ratio] for one in found]
        means = (
            sum(cost[how] * weight for cost, weight in zip(costs, weights, strict=True)) / sum(weights)
            for how in ("rule", "best", "never")
        )
        stopped = sum(cost["stopped"] for cost in costs)
        labels = "1 label" if float(ratio) == 1 else f"{float(ratio):g} labels"
        yield f"| {labels} | {' | '.join(f'{mean:.0f}' for mean in means)} | in {stopped} of {sum(weights)} |"


if __name__ == "__main__":
    main()
