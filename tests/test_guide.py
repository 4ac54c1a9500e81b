"""The guide runs, and says what is true."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from nextlabel.strategies import STRATEGIES

GUIDE = Path(__file__).parents[1] / "guide"
NOTEBOOK = GUIDE / "active_learning.ipynb"
SMALL = "EPOCHS, SEEDS, ROUNDS, MODEL = 1, 2, 2, 'linear'"


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(NOTEBOOK, as_version=4)


def test_the_notebook_runs(notebook, tmp_path, monkeypatch):
    """Every cell, in a kernel of its own, with small settings; on digits, since no flowers lie beside this copy."""
    for name in ("active_ml_utils.py", "data_utils.py", "model_utils.py"):
        (tmp_path / name).write_bytes((GUIDE / name).read_bytes())
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    small = nbformat.from_dict(notebook)
    next(cell for cell in small.cells if "parameters" in cell.metadata.get("tags", [])).source = SMALL
    NotebookClient(small, timeout=110, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    said = "".join(out.get("text", "") for cell in small.cells if cell.cell_type == "code" for out in cell.outputs)
    assert "digits: 1,797 pictures in 10 classes" in said
    assert "indicative" in said  # two seeds


def test_the_notebook_is_committed_with_its_outputs(notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    kinds = {kind for cell in code for out in cell.outputs for kind in out.get("data", {})}
    assert "image/png" in kinds
    assert not [
        out for cell in code for out in cell.outputs if out.output_type == "error" or out.get("name") == "stderr"
    ]


def test_the_notebook_names_nobodys_machine(notebook):
    text = nbformat.writes(notebook)
    assert not re.search(r"/(home|root|work|tmp|Users)/", text)


def test_the_five_strategies_of_the_guide_are_in_the_table():
    sys.path.insert(0, str(GUIDE))
    try:
        from active_ml_utils import STRATEGIES as FIVE
    finally:
        sys.path.remove(str(GUIDE))
    assert len(FIVE) == 5
    assert set(FIVE) <= set(STRATEGIES)


def test_flowers_beside_the_guide_are_not_tracked():
    ignored = subprocess.run(["git", "check-ignore", "-q", "guide/data/flowers/daisy/1.jpg"], cwd=GUIDE.parent)
    assert ignored.returncode == 0
