import importlib.util
from pathlib import Path

import pytest

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


def test_every_strategy_has_its_line_in_the_table_of_costs():
    text = (FILE.parents[1] / "docs" / "strategies.md").read_text(encoding="utf-8")
    table = text.partition("### What they cost")[2].partition("### ")[0]
    assert not [name for name in STRATEGIES if f"| `{name}` |" not in table]
