"""What cannot be compared is refused in one sentence."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from nextlabel.comparison import compare
from nextlabel.comparison.reading import read, read_families
from nextlabel.errors import BadData, NextlabelError, NotComparable, RunBroken
from nextlabel.runs.lines import Row, lines

SEEDS = range(10)
HASHES = {str(seed): {part: f"{part}{seed}" for part in ("test", "val", "start", "pool")} for seed in SEEDS}


def row(strategy: str, seed: int, k: int, **more: Any) -> Row:
    score = 0.5 + 0.1 * k + 0.01 * seed + (0.02 * bool(k) if strategy != "random" else 0)
    about = {"dataset": "toy", "embedder": "table", "model": "linear"}
    scores = dict.fromkeys(("accuracy", "balanced_accuracy", "f1_macro"), score)
    return about | {"strategy": strategy, "seed": seed, "round": k, "labelled": 10 + 5 * k} | scores | more


def rows(strategies: tuple[str, ...] = ("random", "margin"), seeds: Any = SEEDS, **more: Any) -> list[Row]:
    return [row(name, seed, k, **more) for name in strategies for seed in seeds for k in range(3)]


def run(folder: Path, found: list[Row] | None = None, hashes: Any = HASHES, made_by: str = "A", **knobs: Any) -> Path:
    """A run's folder as simulate leaves it: a manifest and rows, here made up."""
    found = rows() if found is None else found
    names, seeds = (list(dict.fromkeys(one[key] for one in found)) for key in ("strategy", "seed"))
    identity = {"strategies": names, "seeds": seeds, "plan": {"batch": "5"}, "fingerprint": "f"} | knobs
    told = {
        "identity": identity,
        "experiment": {"strategies": names, "seeds": seeds},
        "strategies": {name: {"class": made_by} for name in names},
        "dataset": {"counts": [9, 9], "fingerprint": identity["fingerprint"]},
        "sizes": {"start": 10, "pool": 90},
        "seeds": {str(seed): hashes.get(str(seed), {}) for seed in seeds},
    }
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps(told))
    (folder / "rows.jsonl").write_text(lines(found))
    return folder


def table(path: Path, *more: str, head: str = "dataset,strategy,seed,labelled,metric") -> Path:
    path.write_text("\n".join([head, *more, ""]))
    return path


def curves(**scores: Any) -> list[str]:
    return [
        f"toy,{name},{seed},{n},{score + n / 1000}"
        for name, score in scores.items()
        for seed in range(10)
        for n in (5, 19)
    ]


def refused(error: type[NextlabelError], words: str, *runs: Path, **more: Any) -> None:
    with pytest.raises(error, match=words) as raised:
        compare(runs, **more)
    said = str(raised.value)
    assert "\n" not in said
    assert "Traceback" not in said


def test_other_strategies_and_further_seeds_are_joined(tmp_path: Path) -> None:
    first, second = run(tmp_path / "a"), run(tmp_path / "b", rows(("random", "badge")))
    assert [found["strategy"] for found in compare([first, second])] == ["margin", "badge"]
    third = run(tmp_path / "c", rows(seeds=range(10, 15)))
    assert {found["n_seeds"] for found in compare([first, third])} == {15}


def test_another_protocol_is_refused(tmp_path: Path) -> None:
    other = run(tmp_path / "b", rows(("random", "badge")), plan={"batch": "10"})
    refused(NotComparable, r"different protocols \(batch is '5' there and '10' here\)", run(tmp_path / "a"), other)


def test_a_strategy_of_another_class_is_another_strategy(tmp_path: Path) -> None:
    other = run(tmp_path / "b", rows(seeds=range(3, 7)), made_by="B")
    refused(NotComparable, "'margin' is A in '.*a' and B in '.*b': not the same strategy", run(tmp_path / "a"), other)


def test_another_dataset_of_the_same_name_is_refused(tmp_path: Path) -> None:
    other = run(tmp_path / "b", rows(("random", "badge")), fingerprint="other")
    refused(NotComparable, "its data are others there", run(tmp_path / "a"), other)


@pytest.mark.parametrize(
    ("part", "words"), [("start", "starting set"), ("test", "test set"), ("val", "validation set")]
)
def test_another_split_is_refused(part: str, words: str, tmp_path: Path) -> None:
    hashes = json.loads(json.dumps(HASHES))
    hashes["1"][part] = "else"
    other = run(tmp_path / "b", rows(("badge",)), hashes)
    refused(NotComparable, f"Seed 1 has another {words}", run(tmp_path / "a"), other)


def test_the_same_arm_twice_must_be_the_same(tmp_path: Path) -> None:
    changed = rows()
    changed[-1]["accuracy"] = 0.1
    refused(
        NotComparable,
        "both hold margin under seed 9, and the two differ",
        run(tmp_path / "a"),
        run(tmp_path / "b", changed),
    )
    assert compare([tmp_path / "a", tmp_path / "a"]) == compare(tmp_path / "a")


def test_a_missing_seed_is_refused(tmp_path: Path) -> None:
    other = run(tmp_path / "b", rows(("badge",), seeds=(0, 1)))
    refused(NotComparable, "seed 2 was played by random and not by badge", run(tmp_path / "a"), other)


def test_one_seed_is_refused(tmp_path: Path) -> None:
    refused(NotComparable, r"one seed only \(1\)", run(tmp_path / "a", rows(seeds=(1,))))


def test_a_strategy_that_was_not_played_everywhere_is_refused(tmp_path: Path) -> None:
    first, second = run(tmp_path / "a"), run(tmp_path / "b", rows(("random", "margin", "badge"), dataset="other"))
    refused(NotComparable, "badge was played on 'other' and not on 'toy'", first, second)
    assert len(compare([first, second], strategies=["margin"])) == 2


def test_a_run_still_going_on_is_refused(tmp_path: Path) -> None:
    (run(tmp_path / "a") / "rows.jsonl").rename(tmp_path / "elsewhere")
    refused(BadData, "is not finished", tmp_path / "a")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"dataset": "toy", "strat', "Line 5 of .* is damaged"),
        ("[1, 2]", "Line 5 of .* is damaged"),
        ('{"dataset": "toy"}', "Line 5 of .* is damaged"),
        ("", "Line 5 of .* is damaged"),
    ],
)
def test_a_damaged_row_is_refused(line: str, words: str, tmp_path: Path) -> None:
    path = run(tmp_path / "a") / "rows.jsonl"
    found = path.read_text().splitlines()
    path.write_text("\n".join([*found[:4], line, *found[5:], ""]))
    refused(RunBroken, words, tmp_path / "a")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda found: found + found[4:5], "has a round of random, seed 1, twice"),
        (lambda found: found[:4] + found[5:], "misses a round of random, seed 1, in the middle"),
        (lambda found: found[:-3], "misses margin under seed 9"),
        (lambda found: [one | {"accuracy": 87.0} for one in found], "Line 1 of .* is damaged"),
    ],
)
def test_rows_that_cannot_be_are_refused(change: Any, words: str, tmp_path: Path) -> None:
    folder = run(tmp_path / "a")
    (folder / "rows.jsonl").write_text(lines(change(rows())))
    refused(RunBroken, words, folder)


def test_a_damaged_manifest_is_refused(tmp_path: Path) -> None:
    folder = run(tmp_path / "a")
    for text, words in (
        ('{"dataset": {}}', "not what simulate writes"),
        ("[]", "not what simulate"),
        ("{", "cannot be read"),
    ):
        (folder / "manifest.json").write_text(text)
        refused(RunBroken, words, folder)
    shutil.rmtree(folder)
    refused(BadData, "There is no '", folder)
    folder.mkdir()
    refused(BadData, "There is no run in", folder)


def test_other_numbers_of_labels_are_refused(tmp_path: Path) -> None:
    found = [one | ({"labelled": one["labelled"] + 1} if one["strategy"] == "margin" else {}) for one in rows()]
    refused(NotComparable, "seed 0, margin has other numbers of labels than random", run(tmp_path / "a", found))
    shifted = [line.replace(",19,", ",18,") for line in curves(margin=0.6)]
    odd = table(tmp_path / "odd.csv", *curves(random=0.5), *shifted)
    refused(NotComparable, "other numbers of labels", odd)


def test_no_curve_is_refused(tmp_path: Path) -> None:
    refused(
        NotComparable,
        "scored after one number of labels only",
        run(tmp_path / "a", [one for one in rows() if not one["round"]]),
    )


def test_what_is_compared_with_must_be_there(tmp_path: Path) -> None:
    folder = run(tmp_path / "a")
    refused(
        NotComparable,
        "has no strategy 'entropy' to compare with on 'toy', only random, margin",
        folder,
        against="entropy",
    )
    refused(NotComparable, "has no strategy 'badge', only random, margin", folder, strategies=["badge"])
    refused(NotComparable, "only random, and nothing", folder, strategies=[])


def test_curves_of_others_are_read(tmp_path: Path) -> None:
    path = table(tmp_path / "theirs.csv", *curves(random=0.5, theirs=0.6))
    (found,) = compare(path)
    assert (found["dataset"], found["model"], found["metric"]) == ("toy", None, "metric")
    assert found["mean_difference"] == pytest.approx(0.1)
    assert found["verdict"] == "better"


def test_the_order_of_a_csv_does_not_matter(tmp_path: Path) -> None:
    found = curves(random=0.5, theirs=0.6)
    one, other = table(tmp_path / "a.csv", *found), table(tmp_path / "b.csv", *found[:1], *reversed(found[1:]))
    assert compare(one) == compare(other)


@pytest.mark.parametrize(
    ("head", "more", "words"),
    [
        ("dataset,strategy,seed,labels,metric", [], "lacks the columns labelled"),
        ("dataset,strategy,seed,labelled,auc", [], "lacks the columns metric"),
        ("dataset,strategy,seed,labelled,metric,metric", [], "has the column metric twice"),
        (None, [], "has no rows"),
        (None, ["toy,random,0,5"], "Line 2 of .* has too many or too few cells"),
        (None, ["toy,random,0,5,0.5,1"], "Line 2 of .* has too many or too few cells"),
        (None, ["toy,random,zero,5,0.5"], "Line 2 of .* has 'zero' as its seed"),
        (None, ["toy,random,0,-5,0.5"], "has '-5' as its labelled"),
        (None, ["toy,random,0,5,57.1"], "has '57.1' as its metric. It is a fraction"),
        (None, ["toy,random,0,5,nan"], "has 'nan' as its metric"),
        (None, ["toy,random,0,5,0.5", "toy,random,0,5,0.5"], "Lines 2 and 3 of .* are both of random, seed 0, with 5"),
        (None, ['toy,"random,0,5,0.5'], "is no CSV file"),
    ],
)
def test_a_bad_csv_is_refused(head: str | None, more: list[str], words: str, tmp_path: Path) -> None:
    refused(BadData, words, table(tmp_path / "bad.csv", *more, **({"head": head} if head else {})))


def test_what_is_no_text_is_no_csv(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00\x01")
    refused(BadData, "is no CSV file", tmp_path / "x.csv")


def test_a_run_and_a_csv_of_the_same_bench_are_not_mixed(tmp_path: Path) -> None:
    head = "dataset,model,embedder,strategy,seed,labelled,accuracy"
    path = table(
        tmp_path / "x.csv", *(line.replace("toy,", "toy,linear,table,") for line in curves(badge=0.5)), head=head
    )
    refused(NotComparable, "one is a run and the other a CSV file", run(tmp_path / "a"), path)


def test_the_metric_follows_the_imbalance(tmp_path: Path) -> None:
    folder = run(tmp_path / "a")
    told = json.loads((folder / "manifest.json").read_text())
    told["dataset"]["counts"] = [5, 50]
    (folder / "manifest.json").write_text(json.dumps(told))
    assert read([folder])[0].metric == "balanced_accuracy"


@pytest.mark.parametrize("text", ["{", "[]", '{"a": "iris"}', '{"a": [1]}'])
def test_bad_families_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text(text)
    with pytest.raises(BadData, match=r'Write \{"family": \["dataset", …\]\}'):
        read_families(tmp_path / "f.json")
    with pytest.raises(BadData, match="cannot be read"):
        read_families(tmp_path / "absent.json")


def test_a_number_without_end_is_refused(tmp_path: Path) -> None:
    for long in ("1" * 400, "1" * 5000):
        refused(BadData, "of at most 15 digits", table(tmp_path / "t.csv", f"toy,random,0,{long},0.5"))


def test_a_name_too_long_for_the_disk_is_absent(tmp_path: Path) -> None:
    refused(BadData, "There is no", tmp_path / ("x" * 300))


def test_how_much_a_seed_could_label_is_its_own(tmp_path: Path) -> None:
    folder = run(tmp_path / "run")
    told = json.loads((folder / "manifest.json").read_text())
    by_seed = {str(seed): {"start": 10, "pool": 90 - 10 * seed} for seed in SEEDS}
    (folder / "manifest.json").write_text(json.dumps(told | {"sizes_by_seed": by_seed}))
    assert dict(read([folder])[0].whole) == {seed: 100 - 10 * seed for seed in SEEDS}
