"""The core in an environment of its own: light, without torch, and able to do the main job."""

import os
import subprocess
import sys
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """What a plain ``pip install .`` brings, and nothing else.

    nextlabel is built and installed; what it requires, without any extra, is linked from the environment of the tests,
    which has the versions of the lock. Half a gigabyte of copies, compiled anew, would be the same after a minute.
    """
    home = tmp_path_factory.mktemp("empty")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    python = home / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", ROOT]
    subprocess.run(install, check=True)
    (site,) = (home / "lib").glob("python*/site-packages")
    (own,) = (found for found in distributions(path=[str(site)]) if found.name == "nextlabel")
    for found in required(own).values():
        link(found, site)
    return python


def required(root):
    """All that a distribution needs, by name: what pip would install, as each version here is one that is allowed."""
    found, waiting = {}, [root]
    while waiting:
        for line in waiting.pop().requires or ():
            need = Requirement(line)
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                name, there = canonicalize_name(need.name), distribution(need.name)
                assert there.version in need.specifier, f"{need} is wanted, and {there.version} is here"
                if name not in found:
                    found[name] = there
                    waiting.append(there)
    return found


def link(found: Distribution, site):
    """Put a distribution's own folders and files where another environment's are."""
    for name in {file.parts[0] for file in found.files if file.parts[0] not in ("..", "__pycache__")}:
        if not (site / name).exists():  # two may share a folder
            (site / name).symlink_to(Path(found.locate_file(name)).resolve())


def test_the_core_is_light(python, capsys):
    (site,) = python.parents[1].glob("lib/python*/site-packages")
    there = {found.name.lower(): found for found in distributions(path=[str(site)])}
    files = {Path(found.locate_file(file)) for found in there.values() for file in found.files}
    size = sum(path.stat().st_size for path in files if path.exists())
    with capsys.disabled():
        print(f"\ncore install: {len(there)} packages, {size / 1e6:.0f} MB on disk")
    assert "torch" not in there
    assert not [name for name in there if name.startswith("nvidia")]
    assert 25 < len(there) <= 56


def test_the_core_simulates_without_torch(python, tmp_path):
    quick = ["--strategies", "random,margin,badge", "--seeds", "2", "--rounds", "1", "--jobs", "1", "--out", "run"]
    run = [python.parent / "nextlabel", "simulate", "digits", *quick]
    subprocess.run(run, check=True, cwd=tmp_path, env=ENVIRONMENT)
    assert (tmp_path / "run" / "report.html").stat().st_size > 50_000
    assert len((tmp_path / "run" / "rows.jsonl").read_text().splitlines()) == 12


def test_an_extra_is_refused_with_the_command_that_brings_it(python):
    """Also shows that this environment is empty: what the tests themselves have installed is not there."""
    ask = [python, "-c", "import nextlabel; nextlabel.TorchClassifier"]
    told = subprocess.run(ask, capture_output=True, text=True, env=ENVIRONMENT)
    assert "pip install 'nextlabel[torch]'" in told.stderr
