"""Runs of other versions may be compared, and it is said."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from test_reading import curves, rows, run, table
from typer.testing import CliRunner

from nextlabel.cli.app import app
from nextlabel.comparison import Terms, weigh

HERE = {"nextlabel": "0.1.0", "numpy": "2.4.6", "kernels": "openblas 0.3.31 Haswell", "processor": "a fast one"}
THERE = HERE | {"numpy": "2.5.0"}


def made(folder: Path, *made_with: dict[str, str], strategies: tuple[str, ...] = ("random", "margin")) -> Path:
    """A run with these environments, or an old one that says none."""
    run(folder, rows(strategies))
    told = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(told | ({"made_with": list(made_with)} if made_with else {})))
    return folder


def notes(*runs: Path) -> Any:
    return weigh(runs, Terms()).notes


def test_runs_that_were_made_alike_need_no_word(tmp_path: Path) -> None:
    one = made(tmp_path / "a", HERE)
    other = made(tmp_path / "b", HERE | {"processor": "a slow one"}, strategies=("random", "badge"))
    more = {"kernels": "mkl 2025 Haswell, openblas 0.3.31 Haswell"}  # another library was loaded beside
    beside = made(tmp_path / "c", HERE | more, strategies=("random", "badge"))
    old = made(tmp_path / "old", strategies=("random", "entropy"))  # it does not say, which is no difference
    assert notes(one, other, beside, old) == []


def test_one_line_says_which_runs_came_from_where(tmp_path: Path) -> None:
    first, second = made(tmp_path / "a", HERE), made(tmp_path / "b", HERE, strategies=("random", "badge"))
    third, old = made(tmp_path / "c", THERE, strategies=("random", "entropy")), made(tmp_path / "d")
    (note,) = notes(first, second, third, old)
    assert "\n" not in note
    assert note.endswith(
        f"'{first}' and '{second}' with numpy 2.4.6; '{third}' with numpy 2.5.0; '{old}' with numpy unknown."
    )
    found = CliRunner().invoke(app, ["compare", str(first), str(third)])
    assert found.exit_code == 0
    assert "Note: Not all rows were made alike" in " ".join(found.stderr.split())


def test_a_run_that_mixes_says_so(tmp_path: Path) -> None:
    (note,) = notes(made(tmp_path / "a", HERE, THERE))
    assert note.endswith(f"'{tmp_path / 'a'}' with numpy 2.4.6, later numpy 2.5.0.")


def test_comparing_loads_no_model(tmp_path: Path) -> None:
    """No scikit-learn either: it takes longer to load than all curves to be judged."""
    path = table(tmp_path / "a.csv", *curves(random=0.5, margin=0.6))
    code = (
        "import sys; from nextlabel.cli.app import app\n"
        f"try: app(['compare', {str(path)!r}, {str(run(tmp_path / 'run'))!r}])\n"
        "except SystemExit as end: assert not end.code\n"
        "print([name for name in ('sklearn', 'skactiveml', 'torch', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.endswith("[]\n"), done.stdout + done.stderr
