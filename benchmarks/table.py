"""Write the measured tables into the docs, between their markers.

``docs/strategies.md``: costs from ``results/speed.json``, quality from ``results/selection-quality.json``;
``docs/better-than-random.md``: the verdicts of ``nextlabel compare --json`` on the same runs; ``docs/gallery.md``: what
came of the guide's toy, from ``results/toy.json``.
"""

import json
from pathlib import Path
from statistics import mean
from typing import Any

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs" / "strategies.md"
SPEED = HERE / "results" / "speed.json"
BEGIN, END = "<!-- speed: written by benchmarks/table.py -->", "<!-- end of speed -->"
QUALITY = HERE / "results" / "selection-quality.json"
Q_BEGIN, Q_END = "<!-- quality: written by benchmarks/table.py -->", "<!-- end of quality -->"
PAGE = HERE.parent / "docs" / "better-than-random.md"
VERDICTS = {
    f"{kind}{start}/class": HERE / "results" / f"verdicts-{kind.replace(' ', '-')}from-{start}.json"
    for kind in ("", "efficientnet ", "texts ")
    for start in "15"
}
GALLERY = HERE.parent / "docs" / "gallery.md"
G_BEGIN, G_END = "<!-- gallery: written by benchmarks/table.py -->", "<!-- end of gallery -->"
TOY = HERE / "results" / "toy.json"
SIZES = ("20k", "200k", "1M")

# name: what it needs; time; memory beside X and P; guarantee; when to use it
SAID: dict[str, tuple[str, str, str, str, str]] = {
    "random": ("nothing", "N", "N", "exact", "always run it beside: it is what the others are measured against"),
    "least_confident": ("probabilities", "N C", "N", "exact", "two classes, where it is margin; else rather margin"),
    "margin": ("probabilities", "N C", "N", "exact", "small batches, from about five labels per class on"),
    "entropy": ("probabilities", "N C", "N", "exact", "few classes"),
    "badge": (
        "probabilities, embeddings",
        "N (C + d) + B^2 (C + d); worst N B (C + d)",
        "N + B (C + d)",
        "same law",
        "large batches, many duplicates, many classes",
    ),
    "coreset": ("features", "worst N (L + B) d", "N", "exact", "few labels, no outliers"),
    "typiclust": ("features", "N K d per pass of k-means, K <= 500", "N + K d", "as the paper's code", "first batch"),
    "probcover": (
        "features of length 1",
        "N^2 d; beyond 50k P d, P pairs in near cells",
        "N + pairs in reach; beyond 50k N",
        "exact to 50k; beyond, 95 % of all neighbours are found",
        "first batches",
    ),
    "maxherding": (
        "features",
        "g N d, g <= 20,000",
        "N + g d + 250 MB at most",
        "exact to 20k; beyond, the mean is over 20k samples",
        "few labels per class",
    ),
    "uherding": (
        "features, probabilities",
        "g N d",
        "N + g d + 250 MB at most",
        "as maxherding",
        "features of a network, from first to last",
    ),
    "bald": ("a committee of T", "N T C", "N", "exact", "one sample at a time"),
    "powerbald": ("a committee of T", "N T C", "N", "same law", "batches from a committee"),
    "batchbald": (
        "a committee of T",
        "N T C + evaluations x 10^4 T C",
        "N T C",
        "exact to 10^4 combinations; then sampled",
        "small batches from a committee",
    ),
    "auto": ("features, probabilities", "its part's", "its part's", "its part's", "if you would rather not choose"),
}


def table(found: dict[str, Any]) -> str:
    """The table, in markdown."""
    heads = ["strategy", "needs", "time", "memory", *(f"{size}: s / MB" for size in SIZES), "guarantee", "when"]
    rows = [heads, ["---"] * len(heads)]
    for name, (needs, time, memory, guarantee, when) in SAID.items():
        measured = [cell(found["cases"].get(f"{name}-{size}")) for size in SIZES]
        rows.append([f"`{name}`", needs, time, memory, *measured, guarantee, when])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def cell(case: dict[str, Any] | None) -> str:
    """Seconds and megabytes of one measurement."""
    if case is None:
        return "not run"
    seconds, extra = case["ours"]["seconds"], case["ours"]["extra_mb"]
    return f"{seconds:.2g} / {extra:,}" if seconds < 10 else f"{seconds:.0f} / {extra:,}"


def pairs(found: dict[str, Any]) -> str:
    """What was paired with scikit-activeml, in markdown."""
    heads = ["query", "labelled", "batch", "ours, s", "theirs, s", "times faster", "ours, MB", "theirs, MB"]
    rows = [heads, ["---"] * len(heads)]
    for name, case in found["cases"].items():
        if "theirs" in case:
            ours, theirs = case["ours"], case["theirs"]
            figures = [ours["seconds"], theirs["seconds"], case["times_faster"], ours["extra_mb"], theirs["extra_mb"]]
            rows.append([name, str(case["labelled"]), str(case["batch"]), *(f"{number:,.4g}" for number in figures)])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def quality(found: list[dict[str, Any]], start: str) -> str:
    """Points of AUBC above random, by dataset and strategy, bold where the interval leaves zero out; and their mean."""
    cells = {(one["dataset"], one["strategy"]): one for one in found if one["start"] == start}
    datasets, names = (list(dict.fromkeys(key[place] for key in cells)) for place in (0, 1))
    names = [name for name in names if not name.startswith("auto(") or name == "auto(few=5)"]
    rows = [["dataset", *(f"`{name.partition('(')[0]}`" for name in names)], ["---"] * (len(names) + 1)]
    rows += [[name, *(_judged(cells[name, strategy]) for strategy in names)] for name in datasets]
    means = [mean(cells[name, strategy]["points"] for name in datasets) for strategy in names]
    rows.append(["**mean**", *(f"{value:+.1f}".replace("-", "\N{MINUS SIGN}") for value in means)])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _judged(one: dict[str, Any]) -> str:
    low, high = one["ci95"]
    text = f"{one['points']:+.1f}".replace("-", "\N{MINUS SIGN}")
    return f"**{text}**" if low > 0 or high < 0 else text


def verdicts(found: list[dict[str, Any]]) -> str:
    """Dataset by strategy: points of AUBC with their interval, the label ratio, the verdict if there is one."""
    cells = {(one["dataset"], one["strategy"]): one for one in found}
    datasets, names = (list(dict.fromkeys(key[place] for key in cells)) for place in (0, 1))
    rows = [["dataset", *(f"`{name.partition('(')[0]}`" for name in names)], ["---"] * (len(names) + 1)]
    rows += [[name, *(_verdict(cells[name, strategy]) for strategy in names)] for name in datasets]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _verdict(one: dict[str, Any]) -> str:
    low, high = (100 * end for end in one["ci95"])
    ratio = one["label_ratio"]
    labels = "never" if ratio["never"] else f"{ratio['value']:.2f}x"
    text = f"{100 * one['mean_difference']:+.1f} [{low:.1f}, {high:.1f}] {labels}".replace("-", "\N{MINUS SIGN}")
    return text if one["verdict"] == "undecided" else f"**{text}: {one['verdict']}**"


def gallery(found: dict[str, Any]) -> str:
    """How each strategy did on the toy, and where it asked, in markdown."""
    counts = (12, 24, 60)
    heads = ["strategy", *(f"at {count}" for count in counts), "against random", "cluster", "overlap"]
    rows = [heads, ["---"] * len(heads)]
    for name, one in found.items():
        heights = dict(zip(one["labels"], one["mean"], strict=True))
        low, high = (100 * end for end in one.get("ci95", (0, 0)))
        ahead = f"{100 * one['over_random']:+.1f} [{low:.1f}, {high:.1f}]" if "over_random" in one else ""
        ahead = ahead.replace("-", "\N{MINUS SIGN}")
        asked = [f"{100 * one['lump_after_one_batch']:.0f} %", f"{one['hopeless']:.0f}"]
        rows.append([f"`{name}`", *(f"{100 * heights[count]:.1f}" for count in counts), ahead, *asked])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def between(text: str, begin: str, end: str, new: str) -> str:
    """``text`` with ``new`` in place of what stands between two markers."""
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n\n{new}\n\n{end}{rest.partition(end)[2]}"


def main() -> None:
    """Replace what stands between the markers."""
    speed = json.loads(SPEED.read_text(encoding="utf-8"))
    judged = json.loads(QUALITY.read_text(encoding="utf-8"))
    text = between(DOCS.read_text(encoding="utf-8"), BEGIN, END, f"{table(speed)}\n\n{pairs(speed)}")
    starts = {
        "1/class": "From one label per class, asking as many a round:",
        "5/class": "From five, asking two per class:",
    }
    tables = "\n\n".join(f"{said}\n\n{quality(judged, start)}" for start, said in starts.items())
    DOCS.write_text(between(text, Q_BEGIN, Q_END, tables), encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    for start, path in VERDICTS.items():
        judged = json.loads(path.read_text(encoding="utf-8"))
        page = between(page, f"<!-- from {start} -->", f"<!-- end of {start} -->", verdicts(judged))
    PAGE.write_text(page, encoding="utf-8")
    shown = gallery(json.loads(TOY.read_text(encoding="utf-8")))
    page = between(GALLERY.read_text(encoding="utf-8"), G_BEGIN, G_END, shown)
    GALLERY.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
