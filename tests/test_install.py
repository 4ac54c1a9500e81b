"""The core in an empty environment: light, without torch, and able to do the main job."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    home = tmp_path_factory.mktemp("empty")
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    python = home / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--no-compile", "-c", ROOT / "requirements.txt", ROOT]
    subprocess.run(install, check=True)
    return python


def test_the_core_is_light(python, capsys):
    listed = json.loads(subprocess.check_output([python, "-m", "pip", "list", "--format", "json"]))
    names = {package["name"].lower() for package in listed} - {"pip", "setuptools"}
    size = sum(path.stat().st_size for path in python.parents[1].rglob("*") if path.is_file() and not path.is_symlink())
    with capsys.disabled():
        print(f"\ncore install: {len(names)} packages, {size / 1e6:.0f} MB on disk")
    assert "torch" not in names
    assert not [name for name in names if name.startswith("nvidia")]
    assert len(names) <= 50


def test_the_core_simulates_without_torch(python, tmp_path):
    quick = ["--strategies", "random,margin,badge", "--seeds", "2", "--rounds", "2", "--out", tmp_path / "run"]
    subprocess.run([python.parent / "nextlabel", "simulate", "digits", *quick], check=True, cwd=tmp_path)
    assert (tmp_path / "run" / "report.html").stat().st_size > 50_000
    assert len((tmp_path / "run" / "rows.jsonl").read_text().splitlines()) == 18
