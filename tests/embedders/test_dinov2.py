"""DINOv2 comes from the hub once, reports to nobody, and says what to do where the hub is out of reach."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from onnx_files import TOKENS, colours, dinov2_files, hub_cache

from nextlabel.datasets import load
from nextlabel.datasets.base import Dataset, Request
from nextlabel.embedders import dinov2, embed
from nextlabel.errors import BadData

pytest.importorskip("onnxruntime")

QUICK = "--strategies random --seeds 1 --rounds 1 --test 1/class --start 1/class --batch 1 --jobs 1 --no-report"


@pytest.fixture
def dataset(fruits: Path, own_cache: Path) -> Dataset:
    return load(Request(str(fruits)))


def test_dinov2_comes_from_the_hub_cache(hub: Path, dataset: Dataset) -> None:
    found = embed(dataset, "dinov2")
    settings = found.settings["settings"]
    assert (found.name, settings["size"], settings["pool"]) == ("dinov2", 14, "class")
    assert settings["source"] == f"{dinov2.REPOSITORY}@{dinov2.REVISION}"
    expected = colours(dataset.pictures.squares(14), [0.5, 0.4, 0.3], [0.2, 0.3, 0.4]) + TOKENS
    assert np.allclose(found.array, expected, atol=1e-5)


def test_dinov2_reports_to_nobody_and_leaves_the_hubs_library_as_it_was(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    download, before, reports = huggingface_hub.hf_hub_download, dict(os.environ), []

    def watched(*args: object, **kwargs: object) -> str:
        reports.append(not huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY)
        return download(*args, **kwargs)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", watched)
    dinov2.fetch_model()
    assert reports == [False, False]
    assert not huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY
    assert dict(os.environ) == before


@pytest.mark.parametrize("lost", ["onnx/model.onnx", "preprocessor_config.json"])
def test_dinov2_without_the_hub_is_told(hub: Path, dataset: Dataset, lost: str) -> None:
    (hub / "snapshots" / dinov2.REVISION / lost).unlink()
    with pytest.raises(BadData, match=r"could not be fetched from the Hugging Face hub \(.*HF_HOME.*onnx:FILE"):
        embed(dataset, "dinov2")


def elsewhere(home: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Python in a process of its own, since the library reads its environment once."""
    env = os.environ | {"HF_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    return subprocess.run([sys.executable, *words], env=env, capture_output=True, text=True)


def test_the_hubs_own_environment_is_heeded(tmp_path: Path) -> None:
    hub_cache(tmp_path / "hub", dinov2.REPOSITORY, dinov2.REVISION, dinov2_files())
    code = "from nextlabel.embedders import dinov2; print(dinov2.small()(None).size)"
    ran = elsewhere(tmp_path, "-W", "error", "-c", code)
    assert (ran.stdout, ran.stderr) == ("14\n", "")


def test_a_run_without_the_hub_ends_with_a_sentence(fruits: Path, tmp_path: Path) -> None:
    ran = elsewhere(tmp_path, "-m", "nextlabel", "simulate", fruits, "--embedder", "dinov2", *QUICK.split())
    assert ran.returncode == 1
    assert ran.stderr.startswith("Error: DINOv2 is not on this machine")
    assert "Traceback" not in ran.stderr
