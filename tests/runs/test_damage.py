"""Whatever somebody did to a run's files: each reader takes them, or says in one sentence why it does not."""

import copy
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from made_up import ARM, ARMS, manifest, write

from nextlabel.cli.simulate import describe_run, run_to_json
from nextlabel.comparison import compare
from nextlabel.errors import BadData, NextlabelError, NotComparable, OtherRun, RunBroken
from nextlabel.report.drawing import confusions, maps
from nextlabel.report.of_run import page, tables
from nextlabel.runs.reading import Run
from nextlabel.runs.recorder import Recorder, part_name
from nextlabel.statistics.standings import standings

ODD = [
    None, True, 0, -1, 1, 3, 19, 20, 10**15, 10**400, 0.5, 1.5, -0.5, 1e300, float("nan"), float("inf"), "", "x", "0",
    "1e999", "random", "\ud800", "\x1b[31m\n", [], {}, [[]], [None], {"": []}, {"x": {}}, {"0": []}, ["0"], [3],
]  # fmt: skip
EXAMPLES = int(os.environ.get("DAMAGES", "30"))


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a value of JSON, the value itself first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, item in inner for place in places(item, (*at, key)))]


@some.composite
def damages(draw: Any, text: str) -> str:
    """One of the text's documents with one value changed or missing; or damaged as text."""
    documents = text.splitlines(keepends=True) if not text.startswith("{\n") else [text]
    i = draw(some.integers(0, len(documents) - 1))
    kind = draw(some.sampled_from(["change", "change", "change", "remove", "raw"]))
    if kind == "raw":
        raw = draw(some.sampled_from(["", "[]", "{", "3", "null", "NaN", "[" * 3000, '"\\ud800"', "{}", "\xff"]))
        return "".join([*documents[:i], raw + "\n", *documents[i + 1 :]])
    found = [json.loads(documents[i])]
    *way, last = (0, *draw(some.sampled_from(places(found[0]))))
    inner: Any = found
    for key in way:
        inner = inner[key]
    if kind == "remove":
        del inner[last]
    else:
        inner[last] = copy.deepcopy(draw(some.sampled_from(ODD)))
    return "".join([*documents[:i], *(json.dumps(one) + "\n" for one in found), *documents[i + 1 :]])


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """A finished run, and one that goes on."""
    folder = tmp_path_factory.mktemp("runs")
    return {True: write(folder / "finished", 3), False: write(folder / "unfinished", 2)}


def look(folder: Path) -> None:
    """All that is said of a run, but for drawing it."""
    run = Run.read(folder)
    found = standings(run.rows, run.manifest["dataset"]["counts"])
    tables.table_rows(run, found)
    page.facts(run, found)
    page.lead(run, found)
    page.command_line(run.manifest)
    confusions.sum_matrices(run.confusions)
    if run.manifest["dataset"]["n"] < 10**6:  # `record` counts the data itself before it draws
        maps.scenes(run)
    json.dumps(run_to_json(run, None), allow_nan=False)
    describe_run(run, None).encode()


def go_on(folder: Path) -> None:
    with Recorder(folder, manifest(), resume=True) as run:
        if not run.is_finished:
            for _, past in run.open_arms(ARMS):
                [line.ids for line in past]


FILES = ["manifest.json", "splits.json", "rows.jsonl", "picks.jsonl", "timings.jsonl", "confusions.jsonl"]


@pytest.mark.filterwarnings("ignore:The run in .* was begun with other versions")  # what was damaged may be one of them
@pytest.mark.parametrize("name", [*FILES, f"parts/{part_name(ARM)}"])
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=some.data())
def test_any_damage_is_one_sentence_or_none(name: str, data: Any, runs: dict[bool, Path], tmp_path: Path) -> None:
    finished = not name.startswith("parts") and (name != "manifest.json" or data.draw(some.booleans()))
    folder = tmp_path / "run"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(runs[finished], folder)
    damaged = data.draw(damages((folder / name).read_text()))
    for reader in (look, compare, go_on) if finished else (go_on,):
        (folder / name).write_bytes(damaged.encode("utf-8", "surrogatepass"))
        try:
            reader(folder)  # type: ignore[operator]
        except (RunBroken, OtherRun, BadData, NotComparable) as error:
            assert_one_sentence(error)


def assert_one_sentence(error: NextlabelError) -> None:
    said = str(error)
    assert said.isprintable(), said
    assert len(said) < 1000, said
