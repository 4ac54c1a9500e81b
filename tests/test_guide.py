"""The guide runs, and says what is true."""

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from painted import folder_of
from scipy.stats import ttest_1samp

from nextlabel.errors import NextlabelError
from nextlabel.runs.reading import Run
from nextlabel.statistics.inference import holm
from nextlabel.statistics.standings import standings
from nextlabel.strategies import STRATEGIES
from nextlabel.wording.numbers import points, span

GUIDE = Path(__file__).parents[1] / "guide"
PAGE = (GUIDE / "README.md").read_text(encoding="utf-8")
NOTEBOOK = GUIDE / "active_learning.ipynb"
SMALL = "EPOCHS, SEEDS, ROUNDS, MODEL, OUT = 1, 2, 2, 'linear', None"


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(NOTEBOOK, as_version=4)


def test_the_notebook_runs(notebook, tmp_path, monkeypatch):
    """Every cell, in a kernel of its own, with small settings, on the few flowers that lie beside this copy."""
    folder_of(tmp_path / "data" / "flowers", dict.fromkeys(("daisy", "dandelion", "rose", "sunflower", "tulip"), 70))
    for name in ("active_ml_utils.py", "data_utils.py", "model_utils.py"):
        (tmp_path / name).write_bytes((GUIDE / name).read_bytes())
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    small = nbformat.from_dict(notebook)
    next(cell for cell in small.cells if "parameters" in cell.metadata.get("tags", [])).source = SMALL
    NotebookClient(small, timeout=110, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    said = "".join(out.get("text", "") for cell in small.cells if cell.cell_type == "code" for out in cell.outputs)
    assert "flowers: 350 pictures in 5 classes" in said
    assert "indicative" in said  # two seeds


@pytest.fixture
def helpers(monkeypatch):
    monkeypatch.syspath_prepend(GUIDE)
    return importlib.import_module("active_ml_utils"), importlib.import_module("data_utils")


def test_without_flowers_the_guide_shows_digits(helpers, notebook, tmp_path, monkeypatch):
    _, data_utils = helpers
    monkeypatch.setattr(data_utils, "FLOWERS", tmp_path / "flowers")
    assert data_utils.load_dataset(tmp_path / "flowers").name == "digits"
    said = "".join(out.get("text", "") for cell in notebook.cells for out in cell.get("outputs", []))
    assert "digits: 1,797 pictures in 10 classes" in said  # as committed


def test_a_mistyped_folder_is_not_taken_for_the_digits(helpers, tmp_path):
    active_ml_utils, data_utils = helpers
    with pytest.raises(NextlabelError, match="flowrs"):
        data_utils.load_dataset(tmp_path / "flowrs")
    with pytest.raises(NextlabelError, match="flowrs"):
        active_ml_utils.run_experiment(tmp_path / "flowrs", out=tmp_path / "run")


def test_models_that_take_long_say_a_line_a_round(helpers, capsys):
    active_ml_utils, _ = helpers
    active_ml_utils.run_experiment("digits", ("random",), 1, "sklearn:naive_bayes.GaussianNB", batch=20, rounds=2)
    lines = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert lines[-1] == "3 of 3"  # quick ones are told several rounds at a time
    assert set(lines) <= {"1 of 3", "2 of 3", "3 of 3"}


def test_the_notebook_is_committed_with_its_outputs(notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    kinds = {kind for cell in code for out in cell.outputs for kind in out.get("data", {})}
    assert "image/png" in kinds
    shown = [out.data for cell in code for out in cell.outputs if "data" in out]
    assert all("image/png" in data for data in shown)  # a figure is seen, not told of
    assert not [
        out for cell in code for out in cell.outputs if out.output_type == "error" or out.get("name") == "stderr"
    ]


def test_the_page_says_what_the_notebook_found(notebook):
    said = "".join(out.get("text", "") for cell in notebook.cells for out in cell.get("outputs", []))
    gain = re.search(r"and ([\d.]+ \[[\d.]+, [\d.]+\]) in the notebook", " ".join(PAGE.split()))[1]
    assert f"margin: better than random by {gain.replace(' [', ' points of AUBC [')}" in said


def test_the_notebook_names_nobodys_machine(notebook):
    text = nbformat.writes(notebook)
    assert not re.search(r"/(home|root|work|tmp|Users)/", text)


def test_the_five_strategies_of_the_guide_are_in_the_table(helpers):
    five = helpers[0].STRATEGIES
    assert len(five) == 5
    assert set(five) <= set(STRATEGIES)


def test_the_python_of_the_page_runs(capsys):
    for block in re.findall(r"```python\n(.*?)```", PAGE, flags=re.S):
        exec(compile(block, "guide/README.md", "exec"), {})
    assert capsys.readouterr().out == "[4]\n"


def test_every_file_and_picture_of_the_page_exists():
    names = re.findall(r'\]\(([^)#:]+)\)|(?:src|srcset)="([^"]+)"', PAGE)
    assert len(names) > 20
    assert not [name for pair in names if not (GUIDE / (name := "".join(pair))).exists()]


@pytest.mark.parametrize("name", ["flowers-linear", "flowers-efficientnet", "flowers-cnn"])
def test_the_tables_of_the_page_are_the_benchmarks(name):
    """Every cell: macro F1 by number of labels, and the paired difference with its interval."""
    table = (
        PAGE.partition(f"pictures/{name}-dark.png")[2].partition("| strategy |")[2].partition("\n\n")[0].splitlines()
    )
    counts = [count.replace(",", "") for count in re.findall(r"at ([\d,]+)", table[0])]
    found = json.loads((GUIDE.parent / "benchmarks" / "results" / f"{name}.json").read_text())
    assert len(counts) > 3
    assert len(table) == 2 + len(found)
    for line, one in zip(table[2:], found, strict=True):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        heights = [one["f1_macro"][count] for count in counts]
        gap = points(one["over_random"], signed=True) if "over_random" in one else ""
        gap += f" {span(*one['ci95'])}" if "ci95" in one else ""
        assert cells[0] == f"`{one['strategy']}`"
        assert [float(cell) for cell in cells[1:-1]] == pytest.approx(heights, abs=5.6e-4)
        assert gap in cells[-1]
        assert one.get("verdict", "") in cells[-1]
    if name == "flowers-linear":
        saved = re.search(r"(\d+ %) fewer labels( \[.*\])", found[2]["labels"])
        assert f"is open: {saved[1]} fewer, {saved[2].strip()}" in " ".join(PAGE.split())


def test_what_the_page_says_of_the_network_was_measured():
    results = GUIDE.parent / "benchmarks" / "results"
    ours, original, speed = (
        json.loads((results / f"{name}.json").read_text()) for name in ("flowers-cnn", "original", "network-speed")
    )
    table = PAGE.partition("| labels | published")[2].partition("\n\n")[0].splitlines()[2:]
    assert len(table) > 5
    for line in table:
        count, published, code, here = (cell.strip() for cell in line.strip("|").split("|"))
        count = count.replace(",", "")
        low, high = original["published"].get(count, (None, None))
        assert published == ("" if low is None else f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}")
        assert code == (f"{original['code'][count]:.2f}" if count in original["code"] else "")
        assert here == f"{ours[0]['f1_macro'][count]:.3f} ± {ours[0]['f1_macro_sd'][count]:.3f}"
    words, seconds = " ".join(PAGE.split()), speed["seconds_a_round"]
    entropy = next(one for one in ours if one["strategy"] == "entropy")
    below = points(-entropy["over_random"])
    assert f"it lies below `random` by {below} points (three seeds: {entropy['verdict']})" in words
    assert f"`random` varies by {ours[0]['f1_macro_sd']['465']:.3f} (standard deviation)" in words
    assert f"needs {seconds['137']:.0f} s (at 137 labels) to {seconds['547']:.0f} s (at 547) of both cores" in words
    ends = [one["f1_macro"]["1695"] for one in ours]
    assert f"at 1,695 labels all five stand within {max(ends) - min(ends):.3f} of each other" in words
    assert f"0.60 against {ours[0]['f1_macro']['137']:.2f}" in words


def test_t_tests_of_three_seeds_jump_as_the_page_says():
    run = Run.read(GUIDE.parent / "benchmarks" / "runs" / "flowers-cnn")
    worse = {}
    for last in (465, 875, 1039, 1203):
        rows = [row for row in run.rows if row["labelled"] <= last]
        found = standings(rows, run.manifest["dataset"]["counts"])
        assert not [one for one in found if one.judgement]
        ps = holm({one.strategy: ttest_1samp(one.gaps, 0).pvalue for one in found if one.gaps})
        worse[last] = {one.strategy for one in found if ps.get(one.strategy, 1) < 0.05 and sum(one.gaps) < 0}
    both = {"least_confident", "entropy"}
    assert worse == {465: {"margin"}, 875: {"entropy"}, 1039: {"least_confident"}, 1203: both}
    told = "at 465 labels, it would call `margin` worse than `random`; at 875, `entropy`; at 1,039, `least_confident`"
    assert f"{told}; at 1,203, both of these" in " ".join(PAGE.split())


def test_what_the_page_says_of_the_toy_was_measured():
    told = json.loads((GUIDE.parent / "benchmarks" / "results" / "toy.json").read_text())
    words = " ".join(PAGE.split())
    for name in ("least_confident", "margin", "entropy", "badge"):
        found = told[name]
        assert f"`{name}` {points(found['over_random'], signed=True)} {span(*found['ci95'])}" in words
    unsure = [told[name] for name in ("least_confident", "margin", "entropy")]
    early = sorted(100 * found["mean"][1] for found in unsure)
    assert f"stand at {early[0]:.1f} to {early[-1]:.1f} %" in words
    sure = told["random"]
    low, high = (100 * end for end in sure["ci95_after_one_batch"])
    assert f"`random` at {100 * sure['mean'][1]:.1f} % [{low:.1f}, {high:.1f}]" in words
    shares = sorted(found["crowded"] for found in unsure)
    assert f"({100 * shares[0]:.0f} to {100 * shares[-1]:.0f} %)" in words
    assert told["badge"]["crowded"] == sure["crowded"] == 0  # "never do"


@pytest.mark.soak  # half a minute of pip's resolver, and a registry that has to answer
def test_the_environment_of_the_page_can_be_compiled(tmp_path):
    """`pip-compile requirements.in`, where the page says, gives the versions of the lock."""
    for name in ("pyproject.toml", "README.md", "LICENSE", "requirements.txt", "src"):
        (tmp_path / name).symlink_to(GUIDE.parent / name)
    (tmp_path / "guide").mkdir()
    (tmp_path / "guide" / "requirements.in").write_bytes((GUIDE / "requirements.in").read_bytes())
    subprocess.run(
        [sys.executable, "-m", "piptools", "compile", "-q", "requirements.in"], cwd=tmp_path / "guide", check=True
    )
    compiled = (tmp_path / "guide" / "requirements.txt").read_text()
    assert "-e ..[torch]" in compiled
    assert re.search(r"^torch==2\.13\.0", compiled, flags=re.M)


def test_flowers_beside_the_guide_are_not_tracked():
    ignored = subprocess.run(["git", "check-ignore", "-q", "guide/data/flowers/daisy/1.jpg"], cwd=GUIDE.parent)
    assert ignored.returncode == 0
