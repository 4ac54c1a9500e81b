import importlib.util
import json
import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from nextlabel import read_study
from nextlabel.runs.reading import Run
from nextlabel.strategies import STRATEGIES

FILE = Path(__file__).parents[1] / "benchmarks" / "scenarios.py"


@pytest.fixture(scope="module")
def scenarios():
    spec = importlib.util.spec_from_file_location("scenarios", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_strategy_is_measured_or_excluded_with_a_reason(scenarios):
    run = {name for experiment in scenarios.SCENARIOS.values() for name in experiment.strategies}
    assert run.isdisjoint(scenarios.EXCLUDED)
    assert set(STRATEGIES) == run | set(scenarios.EXCLUDED)


def test_every_scenario_has_a_result(scenarios):
    results = FILE.parent / "results"
    assert {path.stem for path in results.glob("*.json")} >= set(scenarios.SCENARIOS)


def test_kept_runs_name_nobodys_machine():
    manifests = list((FILE.parent / "runs").glob("*/manifest.json"))
    assert manifests
    assert not [path for path in manifests if re.search(r"/(home|root|work|tmp|Users)/", path.read_text())]


def test_a_long_scenario_was_played_to_its_end_and_its_result_is_what_its_rows_say(scenarios, monkeypatch):
    monkeypatch.syspath_prepend(FILE.parent)
    run = importlib.import_module("run")
    for name in scenarios.LONG:
        played, meant = Run.read(FILE.parent / "runs" / name), scenarios.SCENARIOS[name]
        rounds = [(row["strategy"], row["seed"], row["round"]) for row in played.rows]
        assert rounds == list(product(meant.strategies, meant.seeds, range(meant.plan.rounds + 1)))
        kept = json.loads((FILE.parent / "results" / f"{name}.json").read_text())
        assert json.loads(json.dumps(run.figures(played))) == kept


def test_the_study_is_the_grid_that_the_docs_are_made_of(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(FILE.parent)
    grid = importlib.import_module("selection_quality").experiments("plain", tmp_path)
    for start, typed in (("1/class", {}), ("5/class", {"start": "5/class", "batch": "2/class"})):
        study = read_study(FILE.parent / "study.toml", typed)
        assert [grid[name, start] for name in study.names] == list(study.experiments)


def test_every_strategy_has_its_line_in_the_table_of_costs():
    text = (FILE.parents[1] / "docs" / "strategies.md").read_text(encoding="utf-8")
    table = text.partition("### What they cost")[2].partition("### ")[0]
    assert not [name for name in STRATEGIES if f"| `{name}` |" not in table]


def evidence(name):
    return json.loads((FILE.parent / "results" / "evidence" / f"{name}.json").read_text())


def test_verdicts_are_as_right_as_the_page_says():
    page = (FILE.parents[1] / "docs" / "comparing.md").read_text(encoding="utf-8")
    alarms = evidence("null")
    assert 0.03 <= alarms["false_alarms"] <= 0.07
    assert all(f"{100 * alarms[name]:.1f} %" in page for name in ("false_alarms", "false_alarms_any_of_three"))
    covered = [one["coverage_of_difference"] for one in evidence("coverage")["planted"]]
    assert all(0.93 <= share <= 0.97 for share in covered)
    assert f"{100 * min(covered):.1f} to {100 * max(covered):.1f} %" in " ".join(page.split())


def test_the_formula_for_seeds_gives_the_power_it_promises():
    for one in evidence("power")["by_sd"]:
        asked = one["formula"]
        assert one["found_difference"][str(asked["difference"])] == pytest.approx(0.8, abs=0.04)
        assert one["found_same"][str(asked["same"])] == pytest.approx(0.8, abs=0.04)


def test_pairing_is_worth_what_the_page_says():
    page = " ".join((FILE.parents[1] / "docs" / "comparing.md").read_text(encoding="utf-8").split())
    found = evidence("pairing")
    assert f"the median of {found['cells']} cells" in page
    assert found["median"] == pytest.approx(2, abs=0.05)  # "ten paired seeds are worth twenty"
    worth = found["median_by_dataset"]
    assert (min(worth, key=worth.get), max(worth, key=worth.get)) == ("banana", "digits")
    assert (round(10 * worth["digits"], -1), round(10 * worth["banana"])) == (60, 9)


@pytest.mark.parametrize(("gained", "beyond"), [(3, 0), (10, 1)])
def test_a_miss_within_the_noise_of_the_test_set_is_told_apart(monkeypatch, gained, beyond):
    """Of 100 samples: 3 points more, 1.7 is their standard error; 10, and 3."""
    monkeypatch.syspath_prepend(FILE.parent)
    figure = {"value": 0.2, "high": 1.0}
    hits = {0: {200: np.arange(100) < 50, 300: np.arange(100) < 50 + gained}}
    found = importlib.import_module("receipt").judge_next({0: [{"labelled": 200, "figures": {"next": figure}}]}, hits)
    assert (found["cases"], found["held"], found["misses"], found["beyond noise"]) == (1, 0, 1, beyond)
    assert found["standard error"] == pytest.approx({3: 1.71, 10: 3.0}[gained])
