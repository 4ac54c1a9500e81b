"""Near-duplicates across a split are found, however the pictures are stored; and different pictures are none."""

from pathlib import Path

import numpy as np
from painted import noise
from PIL import Image, ImageEnhance

from nextlabel import Crew, Experiment, Plan, record
from nextlabel.datasets import load, twins
from nextlabel.datasets.base import Request


def frames(root: Path) -> Path:
    """Two videos of five frames each, of different classes; and five single pictures in each class."""
    for code, name in enumerate(("a", "b")):
        picture = Image.open(noise(root / name / "v0.png", seed=code, size=8)).resize(
            (40, 40), Image.Resampling.BICUBIC
        )
        for i in range(5):
            ImageEnhance.Brightness(picture).enhance(1 + i / 100).save(root / name / f"v{i}.png")
            single = Image.open(noise(root / name / f"s{i}.png", seed=100 + 10 * code + i, size=8))
            single.resize((40, 40)).save(root / name / f"s{i}.png")
    return root


def test_frames_are_twins_and_others_are_not(tmp_path: Path, own_cache: Path, monkeypatch) -> None:
    data = load(Request(str(frames(tmp_path / "clips"))))
    ids = np.arange(20)
    test = ids[::2]
    found = twins.find_twins(data.pictures, test, np.setdiff1d(ids, test))
    assert found.having == sum("/v" in data.paths[i] for i in test)
    assert found.asked == 10
    monkeypatch.setattr(twins, "BLOCK", 10)  # one column at a time
    assert twins.find_twins(data.pictures, test, np.setdiff1d(ids, test)) == found
    assert list(own_cache.glob("twins-*.npy"))


def test_a_run_tells_of_twins_and_what_to_do(tmp_path: Path) -> None:
    experiment = Experiment(
        str(frames(tmp_path / "clips")), "random", seeds=1, embedder="pixels", plan=Plan(2, rounds=0)
    )
    run = record(experiment, tmp_path / "run", Crew(jobs=1)).run
    (warning,) = run.manifest["dataset"]["warnings"]
    assert "have a near-duplicate among the pictures that are learned from" in warning
    assert "--groups 'REGEX of the path'" in warning
    grouped = Experiment(**(experiment.plain() | {"groups": "^./(v|.*)"}))
    (warning,) = record(grouped, tmp_path / "grouped", Crew(jobs=1)).run.manifest["dataset"]["warnings"]
    assert "Each is on one side of every split" in warning
