"""What the commands write on a disk that is full or may only be read: nothing, told in one sentence, early."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from flower_beds import plant
from little_room import little_room
from typer.testing import CliRunner, Result

from nextlabel import export_onnx, load_classifier
from nextlabel.cli.app import app
from nextlabel.errors import CannotWrite

WRITERS = {
    "predict": "predict m garden --out found.csv",
    "folders": "predict m garden --copy --to folders sorted",
    "evaluate": "evaluate m garden --out page.html",
    "train": "train known --embedder pixels --out model",
    "onnx": "train known --embedder pixels --out model --onnx model.onnx",
    "embed": "embed known --embedder pixels --out features",
    "select": "select known --embedder pixels --labels answers.csv --out batch.csv",
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures, a model, and features that are kept."""
    folder = plant(tmp_path_factory.mktemp("bench") / "known", 8).parent
    plant(folder / "garden", 4, seed=1)
    (folder / "answers.csv").write_text("path,label\nrose/0-00.png,rose\niris/0-00.png,iris\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run("train known --embedder pixels --out m").exit_code == 0
        assert run("predict m garden").exit_code == 0
    return folder


@pytest.fixture
def here(bench: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("nextlabel.datasets.memory.FRESH", 0)  # else all that is younger than 2 s is noted anew
    monkeypatch.chdir(bench)
    return bench


def run(line: str) -> Result:
    return CliRunner().invoke(app, line.split())


def refused(code: int, words: str, line: str) -> None:
    found = run(line)
    said = " ".join(found.stderr.split())
    assert (found.exit_code, found.stdout) == (code, ""), said
    assert said.startswith("Error: ")
    assert words in said
    assert said.count("Error") == 1
    assert "Note" not in said


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "onnx"])
def test_a_full_disk_leaves_what_was_there(name: str, here: Path, tmp_path: Path) -> None:
    line, out = WRITERS[name].rsplit(maxsplit=1)
    if name != "folders":  # which want an empty place
        assert run(f"{line} {tmp_path / out}").exit_code == 0
    before = contents(tmp_path)
    with little_room(100):
        refused(1, "is full (File too large). Make room, then try again.", f"{line} {tmp_path / out}")
    assert contents(tmp_path) == before


def test_a_full_disk_leaves_an_exported_model(here: Path, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_text("older")
    with little_room(100), pytest.raises(CannotWrite, match=r"'.*model.onnx' is full"):
        export_onnx(load_classifier("m"), tmp_path / "model.onnx")
    assert contents(tmp_path) == {"model.onnx": b"older"}


@pytest.mark.parametrize("name", WRITERS)
def test_a_disk_that_may_only_be_read_is_told_before_anything_is(name: str, here: Path, mount: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", mount], check=True)
    command, _, *rest = WRITERS[name].split()
    # No such data: who looks at the place first does not find that out.
    line = " ".join([command, "m" if command in ("predict", "evaluate") else "none", *rest[:-1], f"{mount}/{rest[-1]}"])
    refused(1, "cannot be written (Read-only file system). Name another", line)
    assert not os.listdir(mount)


def test_a_disk_of_its_own_is_written_to(here: Path, mount: Path) -> None:
    """Neither can it be renamed, nor the folder in which somebody's shell stands."""
    for _ in range(2):
        assert run(f"embed garden --embedder pixels --out {mount}").exit_code == 0
        assert sorted(os.listdir(mount)) == ["embedding.json", "features-000.npy", "samples.csv"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("train known/../answers.csv --out answers.csv", "--out is 'answers.csv', which is read too"),
        ("train known --labels answers.csv --out model --onnx answers.csv", "--onnx is 'answers.csv', which is read"),
        ("train known --out model --onnx ./model", "--onnx is 'model', which is read too"),
        ("predict m garden --out m", "--out is 'm', which is read too"),
        ("evaluate m garden --labels answers.csv --out answers.csv", "--out is 'answers.csv', which is read too"),
        ("select known --labels answers.csv --out answers.csv", "--out is 'answers.csv', which is read too"),
    ],
)
def test_nothing_is_written_over_what_is_read(line: str, words: str, here: Path) -> None:
    before = contents(here)
    refused(2, words, line)
    assert contents(here) == before


@pytest.mark.parametrize("command", ["predict m garden", "evaluate m known", "select garden --batch 2", "train known"])
def test_no_sample_is_written_over(command: str, here: Path) -> None:
    folder = here / ("garden" if "garden" in command else "known")
    sample = next(path for path in sorted(folder.rglob("*.png")))
    before = contents(here)
    refused(2, "which is read too, and would be lost", f"{command} --out {sample.relative_to(here)}")
    assert contents(here) == before


def test_standard_output_that_is_full_is_told(here: Path) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    np.save(here / "X.npy", np.eye(12, dtype=np.float32))
    command = [sys.executable, "-m", "nextlabel", "select", "X.npy", "--strategy", "random"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, " ".join(done.stderr.split())) == (
        1,
        "Error: Standard output goes to a disk that is full (No space left on device). Make room, then try again.",
    )
