"""The verb, from runs and curves to records, words, and a report."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from html_reader import Reader
from sklearn.datasets import make_moons
from test_reading import rows, run
from typer.testing import CliRunner

import nextlabel
from nextlabel import Experiment, Plan, record, report
from nextlabel.cli.app import app
from nextlabel.comparison import Terms, compare, weigh
from nextlabel.errors import BadNumber, Mistake, OtherRun, UnknownName
from nextlabel.experiment import Crew
from nextlabel.report.drawing import themes
from nextlabel.statistics.curves import rounds_aubc

KEYS = [
    "dataset", "model", "embedder", "strategy", "against", "metric", "n_seeds", "looks", "mean_difference",
    "ci95", "p_holm", "p_tost", "p_tost_holm", "p_wilcoxon", "label_ratio", "seeds_needed", "seeds_for_same",
    "detectable_difference", "verdict", "negligible",
]  # fmt: skip


@pytest.fixture
def sketchy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures with few pixels, where nobody looks at them."""
    monkeypatch.setattr(themes, "DPI", 30)


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    """Runs on two datasets."""
    return [run(tmp_path / "one"), run(tmp_path / "two", rows(dataset="other"), fingerprint="g")]


def invoke(*args: Any) -> Any:
    return CliRunner().invoke(app, ["compare", *(str(arg) for arg in args)])


def test_a_record_has_what_was_promised(two: list[Path]) -> None:
    found = nextlabel.compare(two)
    assert [list(one) for one in found] == [KEYS] * 2
    first = found[0]
    assert list(first["label_ratio"]) == ["value", "never", "ci95"]
    assert (first["dataset"], first["strategy"], first["against"], first["n_seeds"]) == ("toy", "margin", "random", 10)
    assert first["mean_difference"] == pytest.approx(0.015)  # 2 points above, but for the start
    assert first["verdict"] == "better"
    assert json.loads(json.dumps(found)) == found


def test_the_command_line_prints_the_same_records(two: list[Path]) -> None:
    found = invoke(*two, "--json")
    assert found.exit_code == 0
    assert json.loads(found.stdout) == compare(two)


def test_gates_are_printed_before_verdicts(two: list[Path]) -> None:
    said = invoke(*two).stdout
    places = [said.index(words) for words in ("Gate start, passed", "Gate end, not", "margin: better than", "Over 2")]
    assert places == sorted(places)
    assert "At any look: verdicts and 95 % intervals hold" in said
    assert "At one look: verdicts" in invoke(*two, "--one-look").stdout


def test_against_turns_the_question_round(two: list[Path]) -> None:
    one, other = compare(two[0]), compare(two[0], against="margin")
    assert other[0]["mean_difference"] == -one[0]["mean_difference"]
    assert (other[0]["strategy"], other[0]["verdict"]) == ("random", "worse")


def test_the_margin_is_what_does_not_matter(two: list[Path]) -> None:
    assert compare(two[0], margin=0.03)[0]["negligible"]
    assert not compare(two[0], margin=0.003)[0]["negligible"]


def test_families_share_a_vote(two: list[Path], tmp_path: Path) -> None:
    (tmp_path / "families.json").write_text('{"toys": ["toy", "other"]}')
    assert "in some of 2 settings of one family" in invoke(*two, "--families", tmp_path / "families.json").stdout


@pytest.mark.parametrize(
    ("knobs", "error", "words"),
    [
        ({"margin": 0}, BadNumber, "margin is 0, and must be"),
        ({"margin": 2.5}, BadNumber, "in fractions"),
        ({"aubc": "lu2032"}, UnknownName, "Did you mean 'lu2023'"),
    ],
)
def test_bad_terms_are_refused(knobs: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        Terms(**knobs)
    with pytest.raises(Mistake, match="nothing to compare"):
        compare([])


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"runs": None}, "runs is None, and must be a list of folders"),
        ({"runs": [3]}, "runs is .3., and must be"),
        ({"families": ["toy"]}, "families is .*, and must be a dict"),
        ({"families": {"toys": 3}}, "family 'toys' is 3, and must be a list of names"),
        ({"margin": "x"}, "margin is 'x'"),
        ({"strategies": 3}, "strategies is 3"),
        ({"against": None}, "against is None"),
    ],
)
def test_wrong_types_are_one_sentence(args: dict[str, Any], words: str, two: list[Path]) -> None:
    with pytest.raises(Mistake, match=words):
        compare(**({"runs": two} | args))


def test_one_of_something_is_a_list_of_one(two: list[Path], tmp_path: Path) -> None:
    (tmp_path / "families.json").write_text('{"toys": ["toy"]}')
    lists = compare([two[0]], families={"toys": ["toy"]}, strategies=["margin"], margin=0.01)
    assert compare(two[0], families={"toys": "toy"}, strategies="margin", margin="0.01") == lists  # type: ignore[arg-type]
    assert compare(str(two[0]), families=tmp_path / "families.json", strategies="margin", margin=0.01) == lists


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["nowhere"], 1, "There is no 'nowhere'"),
        (["one", "--against", "entropy"], 2, "has no strategy 'entropy'"),
        (["one", "--margin", "7"], 2, "margin is '7', and must be"),
        (["one", "--families", "nowhere.json"], 1, "cannot be read"),
        (["one", "--out", "one"], 2, "holds no comparison"),
        ([], 2, "Missing argument"),
    ],
)
def test_exit_codes_tell_whose_fault_it_is(
    args: list[str], code: int, words: str, two: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = invoke(*args)
    said = " ".join(found.stderr.split())
    assert (found.exit_code, "Traceback" in said) == (code, False)
    assert words in said


def test_the_report_is_one_file_with_its_numbers_beside_it(two: list[Path], tmp_path: Path, sketchy: None) -> None:
    found = invoke(*two, "--out", tmp_path / "out")
    assert f"Report: {tmp_path / 'out' / 'report.html'}" in found.stdout
    reader = Reader((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    sources = [one["src"] for one in reader.all("img")] + [one["srcset"] for one in reader.all("source")]
    assert len(sources) == 20  # a forest, and curves and seeds of two datasets; light and dark, wide and narrow
    assert all((source or "").startswith("data:image/") for source in sources)
    assert not {"link", "script", "iframe"} & {tag for tag, _ in reader.tags}
    assert len(reader.all("details")) == 4
    assert "margin: better than random by 1.50 points of AUBC" in reader.text
    assert "Indicative" not in reader.text
    assert json.loads((tmp_path / "out" / "verdicts.json").read_text()) == compare(two)


def test_the_numbers_of_the_report_are_those_of_the_records(two: list[Path], tmp_path: Path, sketchy: None) -> None:
    report.write_verdicts(weigh(two), tmp_path / "out")
    texts = {name: (tmp_path / "out" / f"{name}.csv").read_text() for name in report.CSV}
    tables = {name: list(csv.DictReader(text.splitlines())) for name, text in texts.items()}
    judged = [row for row in tables["numbers"] if row["verdict"]]
    assert [float(row["mean_difference"]) for row in judged] == [one["mean_difference"] for one in compare(two)]
    assert {row["axis"] for row in tables["numbers"]} == {"linear", "log"}
    assert [row["wins"] for row in tables["families"] if row["strategy"] == "margin"] == ["2"]
    wins = {(row["winner"], row["loser"]): float(row["share"]) for row in tables["penalties"]}
    assert wins == {("margin", "random"): pytest.approx(2 / 3), ("random", "margin"): 0}
    again = compare(tmp_path / "out" / "curves.csv")
    assert [one["mean_difference"] for one in again] == [one["mean_difference"] for one in compare(two)]


def test_a_report_replaces_an_older_one_only(two: list[Path], tmp_path: Path, sketchy: None) -> None:
    found, out = weigh(two[:1]), tmp_path / "out"
    before = report.write_verdicts(found, out).read_bytes()
    assert report.write_verdicts(found, out).read_bytes() == before
    with pytest.raises(OtherRun, match="holds no comparison"):
        report.write_verdicts(found, two[0])


def test_hostile_names_stay_text(tmp_path: Path, sketchy: None) -> None:
    name = "<script>alert(1)</script>"
    odd = run(tmp_path / "odd", rows(("random", name), dataset='"><img src=x onerror=alert(2)>'))
    reader = Reader(report.write_verdicts(weigh([odd]), tmp_path / "out").read_text(encoding="utf-8"))
    assert not reader.all("script")
    assert name in reader.text
    assert not any(word.startswith("on") for _, attributes in reader.tags for word in attributes)


def published(folder: Path) -> Experiment:
    """The protocol of Lu, Li and Lin (2023) on a small table: their splits, RBF SVC, 20 labels, to the last sample."""
    X, y = make_moons(48, noise=0.2, random_state=0)
    lines = [f"{2 * label - 1} 1:{a:.4f} 2:{b:.4f}" for label, (a, b) in zip(y, X, strict=True)]
    (folder / "moons.svm").write_text("\n".join([*lines, ""]))
    splits = []
    for seed in range(2):
        order = np.random.default_rng(seed).permutation(48).tolist()
        splits.append({"test": order[:20], "start": order[20:40]})
    (folder / "splits.json").write_text(json.dumps(splits))
    return Experiment(
        str(folder / "moons.svm"), ("random", "margin"), (0, 1), "sklearn:svm.SVC(C=1.0, gamma='auto')",
        standardize=True, split=str(folder / "splits.json"), plan=Plan(batch=1, rounds=None),
    )  # fmt: skip


def test_the_published_protocol_runs_as_it_is(tmp_path: Path) -> None:
    recorded = record(published(tmp_path), tmp_path / "run", Crew(jobs=1))
    labelled = [row["labelled"] for row in recorded.run.rows if row["strategy"] == "margin" and row["seed"] == 0]
    assert labelled == list(range(20, 29))
    found = weigh([tmp_path / "run"], Terms(aubc="lu2023"))
    assert [gate.passed for gate in found.gates[:2]] == [True, True]  # the pool is used up, and all meet there
    heights = [[row["accuracy"] for row in recorded.run.rows if (row["strategy"], row["seed"]) == ("margin", seed)]
               for seed in (0, 1)]  # fmt: skip
    theirs = [rounds_aubc(labelled, values) for values in heights]
    assert found.verdicts[0].standings[1].aubc == pytest.approx(np.mean([area for area in theirs if area]))
    assert found.verdicts[0].standings[1].judgement is None  # of two seeds
    assert re.match(
        "margin: .*; 2 seeds: indicative, no verdict",
        invoke(tmp_path / "run", "--aubc", "lu2023").stdout.split("against\n  ")[1],
    )


@pytest.mark.usefixtures("sketchy")
@pytest.mark.parametrize("counts", [[100, 10], [9, 9]])
def test_its_own_curves_give_the_same_verdicts(tmp_path: Path, counts: list[int]) -> None:
    """Balanced accuracy says better, accuracy says worse."""
    found = rows()
    for one in found:
        gap = (0.02 if one["strategy"] == "margin" else 0) * bool(one["round"])
        one |= {"accuracy": 0.8 - gap, "balanced_accuracy": 0.5 + gap}
    folder = run(tmp_path / "one", found)
    told = json.loads((folder / "manifest.json").read_text())
    told["dataset"]["counts"] = counts
    (folder / "manifest.json").write_text(json.dumps(told))
    report.write_verdicts(weigh([folder], Terms()), tmp_path / "out")
    verdicts = [[one["verdict"] for one in compare([path])] for path in (folder, tmp_path / "out" / "curves.csv")]
    assert verdicts == [["better" if counts == [100, 10] else "worse"]] * 2


@pytest.mark.usefixtures("sketchy")
def test_seeds_that_share_no_number_of_labels_have_no_label_ratio(tmp_path: Path) -> None:
    lines = [
        f"toy,{name},{seed},{n + 20 * seed},{0.5 + n / 1000 + 0.01 * (name == 'margin')}"
        for name in ("random", "margin") for seed in range(10) for n in (10, 20)
    ]  # fmt: skip
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["dataset,strategy,seed,labelled,metric", *lines, ""]))
    assert [one["label_ratio"] for one in compare([path])] == [None]
    found = invoke(path, "--out", tmp_path / "out")
    assert (found.exit_code, "margin: better than random" in found.stdout) == (0, True)
    numbers = csv.DictReader((tmp_path / "out" / "numbers.csv").read_text().splitlines())
    assert next(one["verdict"] for one in numbers if one["strategy"] == "margin") == "better"


def test_the_area_of_lu_needs_two_batches(tmp_path: Path) -> None:
    folder = run(tmp_path / "one", [one for one in rows() if one["round"] < 2])
    assert rounds_aubc([10, 20], [0.5, 0.9]) is None
    found = invoke(folder, "--aubc", "lu2023")
    assert (found.exit_code, "after one batch only" in found.stderr) == (2, True)


def test_a_report_is_not_written_over_what_it_is_made_from(two: list[Path], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    table = tmp_path / "out" / "curves.csv"
    table.write_text("dataset,strategy,seed,labelled,metric\n")
    found = invoke(table, "--out", tmp_path / "one" / ".." / "out")
    assert (found.exit_code, "would be written over" in found.stderr) == (2, True)
    assert table.read_text() == "dataset,strategy,seed,labelled,metric\n"


def test_a_family_written_wrong_is_noticed(two: list[Path], tmp_path: Path) -> None:
    (tmp_path / "families.json").write_text('{"F": ["toi", "other"]}')
    assert "'toi', and no such dataset is here" in invoke(*two, "--families", tmp_path / "families.json").stderr


def test_a_margin_beyond_all_numbers_is_refused() -> None:
    with pytest.raises(BadNumber, match="must be a difference of AUBC"):
        Terms(margin=1e-160)


def test_fewer_than_five_seeds_have_no_verdict(tmp_path: Path) -> None:
    folder = run(tmp_path / "one", rows(seeds=range(3)))
    (found,) = compare(folder)
    assert (found["verdict"], found["p_holm"], found["ci95"], found["n_seeds"]) == (None, None, [None, None], 3)
    said = invoke(folder).stdout
    assert "3 seeds cannot tell whether asking beats random: a verdict takes five or more." in said
    assert "margin: +1.50 points of AUBC to random; 3 seeds: indicative, no verdict" in said
    assert compare(folder, one_look=True)[0]["verdict"] is None


def test_verdicts_are_of_the_last_look_and_say_which_seeds_wait(tmp_path: Path) -> None:
    folder, ten = run(tmp_path / "one", rows(seeds=range(12))), run(tmp_path / "ten", rows(seeds=range(10)))
    (found,), (of_ten,), (every,) = compare(folder), compare(ten), compare(folder, one_look=True)
    assert found == of_ten
    assert (found["n_seeds"], found["looks"]) == (10, "any look")
    assert (every["n_seeds"], every["looks"]) == (12, "one look")
    waiting = "12 seeds were played on 'toy', and verdicts are of the first 10"
    assert waiting in " ".join(invoke(folder).stderr.split())
    assert "were played" not in invoke(folder, "--one-look").stderr


def test_runs_of_different_strategies_say_which_they_share(tmp_path: Path) -> None:
    names = ("random", "auto(few=5)", "margin")
    one = run(tmp_path / "one", rows(names))
    other = run(tmp_path / "two", rows(names[:2], dataset="other"), fingerprint="g")
    lone = run(tmp_path / "three", rows(("random", "badge"), dataset="third"), fingerprint="h")
    found = invoke(one, other)
    assert found.exit_code == 2
    assert "those that all share: --strategies 'random,auto(few=5)'" in " ".join(found.stderr.split())
    assert invoke(one, other, "--strategies", "random,auto(few=5)").exit_code == 0
    assert "share nothing but random" in " ".join(invoke(one, lone).stderr.split())
