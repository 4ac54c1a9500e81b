"""What the pages on verdicts say was measured is what the kept results hold."""

import csv
import importlib
import json
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pytest

from nextlabel.statistics.inference import NARROW, estimate, holm, trial
from nextlabel.statistics.looks import EVERY_LOOK
from nextlabel.wording.numbers import points, span

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
RESULTS = BENCHMARKS / "results"
DOCS = BENCHMARKS.parent / "docs"
COMPARING = (DOCS / "comparing.md").read_text(encoding="utf-8")
RANDOM = (DOCS / "better-than-random.md").read_text(encoding="utf-8")
RECEIPTS = RESULTS / "receipt"
RECEIPT_PAGE = (DOCS / "receipt.md").read_text(encoding="utf-8")
FILES = [f"verdicts-{kind}from-{start}" for kind in ("", "efficientnet-", "texts-") for start in "15"]
CSV = {"efficientnet": "selection-quality-efficientnet.csv", "texts": "selection-quality-texts.csv"}  # by kind
NULL = json.loads((RESULTS / "evidence" / "null.json").read_text())
LOOKS = json.loads((RESULTS / "evidence" / "looks.json").read_text())
LAWS = {
    "t test, renewed": "one_look",
    "**calendar": "calendar",
    "a look at every seed": "every",
    "t mixture": "mixture",
    "spending as Pocock": "pocock",
    "spending as O'Brien": "obrien",
}


def flat(text):
    return " ".join(text.split())


RECEIPT = flat(RECEIPT_PAGE)


def percents(shares, digits=0):
    """Shares in percent, a half rounded up, as on paper: 12.5 is 13."""
    unit = Decimal(1).scaleb(-digits)
    return [str((100 * Decimal(str(share))).quantize(unit, ROUND_HALF_UP)) for share in shares]


def verdicts(name):
    return json.loads((RESULTS / f"{name}.json").read_text())


@pytest.mark.parametrize("law", LAWS)
def test_the_table_of_laws_is_what_was_measured(law):
    row = next(line for line in COMPARING.splitlines() if line.startswith(f"| {law}"))
    _, alarms, *power = row.strip("| ").split(" | ")
    expected = [LOOKS["false_alarms"][kind][LAWS[law]] for kind in ("normal", "heavy", "skewed", "committed")]
    assert alarms == ", ".join(percents(expected, 1)) + " %"
    assert power == [
        f"{one} %" for one in percents(LOOKS["power"]["0.5"][LAWS[law]][n] for n in ("10", "20", "50", "100"))
    ]


def test_what_is_said_around_the_table_of_laws_was_measured():
    text = flat(COMPARING)
    assert f"({LOOKS['simulations']:,} simulations; looks at 10, 15, 20, 30, 50 and 100 seeds;" in text
    assert LOOKS["looks"] == [10, 15, 20, 30, 50, 100]
    one, calendar = (LOOKS["power"]["1.0"][law] for law in ("one_look", "calendar"))
    found, later = percents((one["10"], calendar["15"]))
    assert f"ten seeds find in {found} % at one look, takes fifteen here ({later} %)" in text
    assert calendar["15"] > one["10"] > calendar["10"]
    levels = [f"{EVERY_LOOK.level(seeds):.4f}".lstrip("0") for seeds in (5, 10, 20, 50, 100)]
    assert f"seeds are {', '.join(levels[:-1])} and {levels[-1]}." in text
    kept = dict(zip(LOOKS["looks"], LOOKS["levels"]["calendar"], strict=True))
    assert [kept[seeds] for seeds in (10, 20, 50, 100)] == [
        pytest.approx(EVERY_LOOK.level(seeds), rel=0.01) for seeds in (10, 20, 50, 100)
    ]


def test_the_false_alarms_of_the_null_study_are_those_of_the_page():
    text = flat(COMPARING)
    assert f"of {NULL['comparisons']:,} ten-seed comparisons drawn from 100 seeds of four such arms on digits" in text
    one, ten, looks, three = percents(
        (
            NULL[name]
            for name in (
                "false_alarms",
                "false_alarms_at_the_look_at_ten",
                "false_alarms_over_looks",
                "false_alarms_any_of_three",
            )
        ),
        1,
    )
    assert f"{one} % were called better or worse at one look" in text
    assert f"{ten} % at the look at ten, and {looks} % at any of the looks at 10, 15, 20, 30, 50 and 100 seeds" in text
    assert f"at one look, {three} % had any false alarm" in text
    called = NULL["verdicts"]
    assert (called["better"] + called["worse"]) / NULL["comparisons"] == NULL["false_alarms"]


def test_the_tables_of_verdicts_are_the_files(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    table = importlib.import_module("table")
    for start, path in table.VERDICTS.items():
        made = table.verdicts(json.loads(path.read_text()))
        shown = RANDOM.partition(f"<!-- from {start} -->")[2].partition(f"<!-- end of {start} -->")[0]
        assert shown.strip() == made


@pytest.mark.parametrize("name", FILES)
def test_the_verdicts_are_those_of_the_seeds(name):
    """Every p, interval and verdict anew, from the AUBC of each seed."""
    kind = next((path for kind, path in CSV.items() if kind in name), "selection-quality.csv")
    aubc = defaultdict(dict)
    with (RESULTS / kind).open(newline="") as file:
        for row in csv.DictReader(file):
            if row["start"] == f"{name[-1]}/class":
                aubc[row["dataset"], row["strategy"]][int(row["seed"])] = float(row["aubc"])
    tests = {}
    for one in verdicts(name):
        theirs = aubc[one["dataset"], "random"]
        gaps = [aubc[one["dataset"], one["strategy"]][seed] - theirs[seed] for seed in sorted(theirs)]
        interval = estimate(gaps, EVERY_LOOK)
        assert [interval.mean, interval.low, interval.high] == pytest.approx(
            [one["mean_difference"], *one["ci95"]], abs=2e-5
        )
        assert np.std(gaps, ddof=1) > 12 * NARROW * abs(interval.mean)  # what no t test is made of is far away
        tests[one["dataset"], one["strategy"]] = trial(gaps, 0.0025, EVERY_LOOK).p
    adjusted = holm(tests)
    for one in verdicts(name):
        p = adjusted[one["dataset"], one["strategy"]]
        assert p == pytest.approx(one["p_holm"], rel=0.02, abs=1e-4)
        sure = "undecided" if p >= 0.05 else "better" if one["mean_difference"] > 0 else "worse"
        assert one["verdict"] == sure


def count(cells, verdict):
    return sum(one["verdict"] == verdict for one in cells)


def test_what_the_page_counts_is_in_the_files():
    text = flat(RANDOM)
    network = verdicts(FILES[2]) + verdicts(FILES[3])
    ours = [[one for one in verdicts(name) if one["strategy"] == "uherding"] for name in FILES[2:4]]
    first, then = (count(cells, "better") for cells in ours)
    assert f"better than random on {first} of 8 sets from one label per class and on {then} of 8 from five**" in text
    assert all(one["ci95"][0] > 0 for cells in ours for one in cells)  # "its interval is above zero on all of them"
    assert f"{count(network, 'better')} of {len(network)} cells are better, {first + then} of them" in text
    assert not count(network, "worse")  # "none is worse"
    ratios = [one["label_ratio"]["value"] for cells in ours for one in cells]
    assert f"random needs {min(ratios):.1f} to {max(ratios):.1f} times as many labels" in text
    assert np.median([1 / ratio for ratio in ratios]) == pytest.approx(
        0.5, abs=0.05
    )  # "by the median of the sets, half"
    rest = {}
    for name in FILES[:2]:  # with two classes three strategies are one, and `auto` is margin from five labels on
        rest |= {(name, one["dataset"], one["mean_difference"]): one for one in verdicts(name)}
    better, worse = (count(rest.values(), verdict) for verdict in ("better", "worse"))
    shown = f"ten seeds show something better in {better}, something worse in {worse}, and leave the rest open"
    assert f"of the {len(rest)} cells that are no copies, {shown}" in text


def test_what_the_page_says_of_texts_is_in_the_files():
    text = flat(RANDOM)
    first, then = ([one for one in verdicts(name) if one["strategy"] == "uherding"] for name in FILES[4:])
    assert all(one["mean_difference"] > 0 for one in first + then)  # "above random in all sixteen cells"
    assert f"in {count(first, 'better')} of 8 from one label per class and in {count(then, 'better')} of 8" in text
    labels = [round(100 / one["label_ratio"]["value"]) for one in then]
    assert f"between {min(labels)} and {max(labels)} labels to end where random ends with a hundred" in text
    margin = {one["dataset"]: one["mean_difference"] for one in verdicts(FILES[5]) if one["strategy"] == "margin"}
    more = [one["mean_difference"] - margin[one["dataset"]] for one in then if one["embedder"] == "tfidf"]
    assert f"+{points(np.mean(more))} points on average over these four cells" in text


@pytest.mark.parametrize(
    ("name", "strategy", "said"),
    [
        (FILES[2], "uherding", "it is worth {} points {} and"),
        (FILES[3], "uherding", "and {} points {}, first of all eight"),
        (FILES[3], "margin", "from five labels on** ({} {} and"),
        (FILES[3], "badge", " and {} {}), **`maxherding`"),
        (FILES[2], "maxherding", "before** ({} {})"),
        (FILES[2], "entropy", "from one label {} {} and"),
        (FILES[2], "least_confident", " and {} {})."),
        (FILES[0], "auto(few=5)", "and {} points on average over the twelve families {};"),
        (FILES[0], "margin", "`margin` has {} {}."),
        (FILES[1], "margin", "margin +{} points {}."),
    ],
)
def test_means_over_families_are_those_of_the_files(name, strategy, said):
    mean = estimate([one["mean_difference"] for one in verdicts(name) if one["strategy"] == strategy])
    assert said.format(points(mean.mean), span(mean.low, mean.high)) in flat(RANDOM)


def test_typiclust_asks_for_what_its_authors_code_asks_for():
    found = json.loads((RESULTS / "typiclust-paper.json").read_text())
    plain = [found["by_data"][name] for name in ("digits", "blobs")]
    same, picks = (sum(one[what] for one in plain) for what in ("same", "picks"))
    assert f"made the same {same} of {picks} picks" in (DOCS / "strategies.md").read_text(encoding="utf-8")
    differ = found["differ"]  # only where samples are equally typical
    assert differ["in_the_same_cluster"] == differ["batches"] > 0
    assert differ["ours_over_theirs"] == [1, 1]


def test_what_large_tables_cost_is_what_was_measured():
    page = flat((DOCS / "formats.md").read_text(encoding="utf-8"))
    found = json.loads((RESULTS / "table-speed.json").read_text())
    plain, polars, pandas = found["plain"], *(found["libraries"][name] for name in ("polars", "pandas"))
    assert all(
        found[name]["seconds_worst"] < 1 and found[name]["megabytes_worst"] < 250 for name in ("plain", "quoted")
    )
    assert (
        f"{found['rows']:,} rows and {found['columns']} columns ({plain['megabytes_of_text']} MB) is read in " in page
    )
    assert f"is read in {plain['seconds']:.1f} s and {plain['megabytes']:.0f} MB of memory" in page
    work = [f"{one['cpu_seconds']:.2f} s of processor time and {one['megabytes']:.0f} MB" for one in (polars, pandas)]
    assert f"polars took {work[0]} where pandas took {work[1].replace(' of processor time', '')}," in page
    imports = [f"{one['import_seconds']:.2f} s" for one in (polars, pandas)]
    assert f"{imports[0]} to import where pandas took {imports[1]};" in page
    assert f"the {found['libraries']['nextlabel']['megabytes']:.0f} MB" in page


def test_the_rule_about_the_next_hundred_labels_held_nine_times_in_ten(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    distinct = importlib.import_module("receipt_tables").distinct
    sets = json.loads((RECEIPTS / "coverage.json").read_text())["sets"].values()
    found = [row["next"] for one in sets for _, row in distinct(one)]
    assert 0.9 < sum(one["held"] for one in found) / sum(one["cases"] for one in found) < 2321 / 2373
    assert "take the bound as one that holds nine times in ten" in RECEIPT


def test_the_tables_of_the_receipt_are_what_was_measured(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(BENCHMARKS)
    tables = importlib.import_module("receipt_tables")
    copy = tmp_path / "page.md"
    copy.write_text(RECEIPT_PAGE, encoding="utf-8")
    monkeypatch.setattr(tables, "PAGE", copy)
    tables.main()
    assert copy.read_text(encoding="utf-8") == RECEIPT_PAGE


def test_what_the_choice_of_a_penalty_brings_is_what_was_measured():
    found = json.loads((RESULTS / "asked-penalty.json").read_text())["sets"]
    page = flat((DOCS / "audit.md").read_text(encoding="utf-8"))
    (texts, later), (clouds, seen) = (
        percents(found[name][rule]["100"] for rule in ("as drawn", "as asked")) for name in ("texts by topic", "d31")
    )
    before, after = percents(found["tictactoe"][rule]["200"] for rule in ("as drawn", "as asked"))
    assert f"18 topics had {texts} % of its test set right at 100 labels, and has {later} %" in page
    assert f"(d31) {clouds} %, and {seen} %; tictactoe {before} % at 200, and {after} %" in page
    rest = [one for name, one in found.items() if name not in ("texts by topic", "d31", "tictactoe")]
    assert all(abs(one["as asked"]["from 50 on"] - one["as drawn"]["from 50 on"]) < 0.015 for one in rest)


def test_what_a_choice_out_of_a_store_costs_is_what_was_measured():
    found, page = json.loads((RESULTS / "select-store.json").read_text()), (DOCS / "out-of-core.md").read_text()
    once = found["read and widen"]["seconds"]
    for step, words in {
        "read and widen": "read and widen every block",
        "margin": "`margin`",
        "badge": "`badge`",
    }.items():
        seconds, peak = found[step]["seconds"], found[step]["peak_gb"]
        share = "1" if seconds == once else f"{seconds / once:.2f}"
        assert f"| {words} | {seconds:.1f} | {share} | {peak} GB |" in page


def test_what_a_cluster_costs_is_what_was_measured():
    found, page = json.loads((RESULTS / "cluster-speed.json").read_text()), flat((DOCS / "cluster.md").read_text())
    two, many = (found["grid_seconds"][name] for name in ("two processes", "cluster of two"))
    ours, theirs = found["start_and_20_tasks_seconds"].values()
    for figure in (
        f"{two:.1f} s by two processes",
        f"{many:.1f} s by a local cluster of two",
        f"{ours} s",
        f"{theirs} s",
    ):
        assert figure in page


CHECK_PAGE = (DOCS / "when-asking-does-not-help.md").read_text(encoding="utf-8")
CHECK_RESULTS = {name: json.loads((RESULTS / "check" / f"{name}.json").read_text()) for name in ("targets", "rows")}


def test_the_tables_of_the_check_are_what_was_measured(monkeypatch, tmp_path):
    """Where this fails, `check_fit.py` was run and `check_tables.py` was not."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    tables = importlib.import_module("check_tables")
    copy = tmp_path / "page.md"
    copy.write_text(CHECK_PAGE, encoding="utf-8")
    monkeypatch.setattr(tables, "PAGE", copy)
    tables.main()
    assert copy.read_text(encoding="utf-8") == CHECK_PAGE


def test_what_ships_in_the_check_is_what_was_fitted(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    fitted = importlib.import_module("check_fit")
    cases = [case for case in fitted.read_cases() if case.kind != fitted.HELD_OUT]
    rule, kept = fitted.fit(cases, fitted.PAIR, lambda case: case.gain), json.loads(fitted.KEPT.read_text())
    assert kept["gain"]["intercept"] == pytest.approx(rule.intercept)
    assert kept["gain"]["weights"] == pytest.approx(rule.weights)
    assert kept["validation"]["families"] == len({case.family for case in cases}) == 19
    less, low, _ = kept["validation"]["less_off"]
    assert less > low > 0  # else 1/error alone is what has to ship


def test_what_the_page_says_of_variants_was_measured():
    gains = {
        row["name"]: {arm: np.mean(values) for arm, values in row["gains"].items()} for row in CHECK_RESULTS["targets"]
    }
    pictures = [row["name"] for row in CHECK_RESULTS["targets"] if row["kind"] == "pictures" and "," not in row["name"]]

    def differ(kind, arm):
        gaps = [gains[f"{name}, {kind}"][arm] - gains[name][arm] for name in pictures if f"{name}, {kind}" in gains]
        return f"{np.mean(gaps):+.1f} ± {1.96 * np.std(gaps, ddof=1) / len(gaps) ** 0.5:.1f}".replace(
            "-", "\N{MINUS SIGN}"
        )

    assert f"({differ('noise', 'margin')})" in CHECK_PAGE
    assert f"{differ('near copies', 'margin')} for `margin`, {differ('near copies', 'auto')} for" in flat(CHECK_PAGE)
    assert f"({differ('imbalance 10', 'margin')} for `margin` on pictures" in CHECK_PAGE
    assert f"(`auto` {differ('fewer', 'auto')} on four sets)" in CHECK_PAGE
