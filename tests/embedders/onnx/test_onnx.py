"""An ONNX model gives what plain numpy gives, and its features are never mistaken for those of another."""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from onnx_files import MATRIX, MEAN_COLOUR, PICTURES, TOKENS, colours, model, open_onnx, pooled, several, tokens, write
from typer.testing import CliRunner

from nextlabel.cli.app import app
from nextlabel.datasets import load
from nextlabel.datasets.base import Dataset, Request
from nextlabel.embedders import cache, embed
from nextlabel.embedders.onnx.embedder import IMAGENET, Onnx
from nextlabel.embedders.onnx.writing import node, tensor, value
from nextlabel.errors import BadData, MissingExtra, Mistake

pytest.importorskip("onnxruntime")

QUICK = "--strategies random --seeds 1 --rounds 1 --test 1/class --start 1/class --batch 1 --jobs 1 --no-report"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "models" / "tiny.onnx"


@pytest.fixture
def dataset(fruits: Path, own_cache: Path) -> Dataset:
    return load(Request(str(fruits)))


def test_vectors_are_taken_as_they_are(file: Path) -> None:
    features = open_onnx(file, pooled()).transform(PICTURES)
    assert (features.dtype, features.shape) == (np.float32, (70, 8))
    assert np.allclose(features, colours() @ MATRIX, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "expected"), [("", colours() + TOKENS), ("(pool='mean')", colours() + TOKENS / 2)]
)
def test_tokens_give_the_first_or_their_mean(file: Path, settings: str, expected: np.ndarray) -> None:
    assert np.allclose(open_onnx(file, tokens(), settings).transform(PICTURES), expected, atol=1e-5)


def test_a_map_gives_its_mean(file: Path) -> None:
    steps = [node("Relu", "pictures", "once"), node("Concat", "once once once", "map", axis=1)]
    found = open_onnx(file, model(steps, outputs=[value("map", "N", 9, "H", "W")]))
    normal = (PICTURES / 255 - np.array(IMAGENET["mean"])) / np.array(IMAGENET["std"])
    assert found.pool == "mean"
    expected = np.tile(np.maximum(normal, 0).mean(axis=(1, 2)), (1, 3))
    assert np.allclose(found.transform(PICTURES), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("names", "settings", "times"),
    [
        (("logits", "other"), "", 2),
        (("logits", "embedding"), "", 2),
        (("embedding", "image_embeds", "pooler_output"), "", 3),
        (("logits", "embedding"), "(output='logits')", 1),
    ],
)
def test_the_most_fitting_output_is_chosen(file: Path, names: tuple[str, ...], settings: str, times: int) -> None:
    found = open_onnx(file, several(*names), settings)
    assert found.output == names[times - 1]
    assert np.allclose(found.transform(PICTURES), times * colours(), atol=1e-5)


def test_a_picture_gives_the_same_bits_in_any_company(file: Path) -> None:
    found = open_onnx(file, pooled())
    together = found.transform(PICTURES)
    assert np.array_equal(found.transform(PICTURES[40:45]), together[40:45])
    assert np.array_equal(np.concatenate([found.transform(PICTURES[i : i + 1]) for i in range(70)]), together)


@pytest.mark.parametrize("batch", [1, 4, 50])
def test_a_fixed_batch_is_filled_up(file: Path, batch: int) -> None:
    told: list[int] = []
    features = open_onnx(file, pooled(batch=batch)).transform(PICTURES, report=told.append)
    assert np.allclose(features, colours() @ MATRIX, atol=1e-5)
    assert sum(told) == len(features) == 70
    assert np.array_equal(open_onnx(file, pooled(batch=batch)).transform(PICTURES[33:36]), features[33:36])


def test_nothing_is_printed_or_warned(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_onnx(file, pooled()).transform(PICTURES)
        with pytest.raises(BadData, match="cannot open"):
            open_onnx(file, model([node("NoSuchThing", "pictures", "features")]))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("shape", [(-1, -1, -1, 12), ("N", "C", 12, "W"), (1, 3, 12, 12)])
def test_a_length_that_is_told_once_is_enough(file: Path, shape: tuple[int | str, ...]) -> None:
    found = open_onnx(file, model(MEAN_COLOUR, [value("pictures", *shape)], [value("colour", "N", 9)]))
    assert found.size == 12
    assert np.allclose(found.transform(PICTURES), colours(), atol=1e-5)


def test_the_models_own_size_is_taken(file: Path) -> None:
    assert open_onnx(file, pooled(side=12)).size == 12
    assert open_onnx(file, pooled()).size == 224
    with pytest.raises(Mistake, match="takes pictures of 12 x 12 and no others, and size=24 was asked for"):
        open_onnx(file, pooled(side=12), "(size=24)")


@pytest.mark.parametrize(
    ("library", "name"), [("onnxruntime", "onnx:tiny.onnx"), ("onnxruntime", "dinov2"), ("huggingface_hub", "dinov2")]
)
def test_a_missing_library_is_told(
    file: Path, hub: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, library: str, name: str
) -> None:
    write(file, pooled())
    monkeypatch.chdir(file.parent)
    monkeypatch.setitem(sys.modules, library, None)
    install = "onnxruntime" if library == "onnxruntime" else r"'nextlabel\[dinov2\]'"
    with pytest.raises(MissingExtra, match=rf"needs {library}, which is not installed.*pip install {install}"):
        embed(dataset, name)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "raise ImportError('libfoo.so: cannot open shared object file')",
            r"cannot be loaded \(libfoo.so.*anew: pip in",
        ),
        ("__version__ = '1.10.0'", r"needs onnxruntime 1.24.2 or newer, and 1.10.0 is installed.*--upgrade"),
        ("", r"1.24.2 or newer, and one without a version is installed"),
    ],
)
def test_a_library_that_is_damaged_or_too_old_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, words: str
) -> None:
    (tmp_path / "onnxruntime.py").write_text(code)
    monkeypatch.delitem(sys.modules, "onnxruntime", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtra, match=words):
        Onnx.parse(f"onnx:{write(tmp_path / 'tiny.onnx', pooled())}")


def test_features_are_named_and_cached_by_content(dataset: Dataset, file: Path) -> None:
    write(file, pooled())
    first = embed(dataset, f"onnx:{file}(size=12)")
    assert first.name == "onnx:tiny.onnx(size=12)"
    assert first.settings["settings"].keys() == {*IMAGENET, "source", "digest", "size", "output", "pool", "onnxruntime"}
    assert str(file.parent) not in json.dumps(first.settings)
    elsewhere = write(file.parent / "sub" / "tiny.onnx", pooled())
    assert embed(dataset, f"onnx:{elsewhere}(size=12)").path == first.path
    write(file, pooled(weights=tensor("matrix", 2 * MATRIX)))
    changed = embed(dataset, f"onnx:{file}(size=12)")
    assert changed.path != first.path
    assert np.allclose(changed.array, 2 * first.array, atol=1e-5)


def simulated(*words: str | Path) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["simulate", *map(str, words), *QUICK.split()])
    return found.exit_code, found.output


def test_a_model_is_told_before_pictures_are_read(tmp_path: Path) -> None:
    for name, said in (
        ("onnx", "names no file"),
        (f"onnx:{tmp_path}/none.onnx", "There is no file"),
        ("dinov3", "dinov2"),
    ):
        code, output = simulated(tmp_path / "no such folder", "--embedder", name)
        assert (code, said in " ".join(output.split())) == (1 if "none" in name else 2, True), output


def test_a_run_goes_on_only_with_the_same_model(fruits: Path, own_cache: Path, file: Path, tmp_path: Path) -> None:
    words = (fruits, "--embedder", f"onnx:{write(file, pooled())}(size=12)", "--out", tmp_path / "run")
    code, output = simulated(*words)
    line = "'tiny.onnx' sees pictures of 12 x 12 with mean 0.485/0.456/0.406"
    assert (code, " ".join(output.split()).count(f"Note: {line}")) == (0, 1)
    kept = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert [note for note in kept["dataset"]["warnings"] if note.startswith(line)]
    assert (
        json.loads((tmp_path / "run" / "rows.jsonl").read_text().splitlines()[0])["embedder"]
        == "onnx:tiny.onnx(size=12)"
    )
    moved = file.rename(tmp_path / "tiny.onnx")
    assert simulated(fruits, "--embedder", f"onnx:{moved}(size=12)", "--out", tmp_path / "run", "--resume")[0] == 0
    write(file, several("features"))
    code, output = simulated(*words, "--resume")
    assert (code, "holds another experiment: the embedder's" in " ".join(output.split())) == (2, True)


def test_a_folder_of_features_comes_with_what_was_assumed(
    fruits: Path, own_cache: Path, file: Path, tmp_path: Path
) -> None:
    words = ["embed", str(fruits), "--embedder", f"onnx:{write(file, pooled())}(size=12)", "--out", str(tmp_path / "f")]
    found = CliRunner().invoke(app, words)
    assert (found.exit_code, "Assumed, as nothing says so: mean and std" in " ".join(found.output.split())) == (0, True)


def test_every_setting_is_cached_by(file: Path, dataset: Dataset) -> None:
    calls: list[str] = ["(size=12)", "(size=14)", "(size=12, mean=0)", "(size=12, std=1)", "(size=12, scale=1)"]
    paths = {cache.embed_cached("onnx", open_onnx(file, pooled(), call), dataset.pictures).path for call in calls}
    assert len(paths) == len(calls)
