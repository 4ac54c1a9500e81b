"""Bytes, halves and channels last are fed as a model wants them; one that would fill the memory is refused first."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from onnx_files import MATRIX, MEAN_COLOUR, PICTURES, colours, model, open_onnx, pooled

from nextlabel.embedders.onnx.embedder import IMAGENET
from nextlabel.embedders.onnx.writing import FLOAT, FLOAT16, UINT8, field, fields, node, tensor, value
from nextlabel.errors import BadData, Mistake

pytest.importorskip("onnxruntime")

RAW = np.tile(PICTURES.mean(axis=(1, 2)), (1, 3)) @ MATRIX  # of pixels as they are
LAST = [node("Transpose", "pictures", "turned", perm=[0, 3, 1, 2])]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "models" / "tiny.onnx"


def taking(kind: int, last: bool, batch: int | str = "N") -> bytes:
    """The model of `pooled`, with an input of that kind; halves are counted in halves to the end."""
    steps = LAST if last else [node("Identity", "pictures", "turned")]
    numbers = "floats" if kind == UINT8 else "turned"
    steps = [*steps, node("Cast", "turned", "floats", to=FLOAT)]
    steps += [node("GlobalAveragePool", numbers, "map"), *MEAN_COLOUR[1:], node("MatMul", "colour matrix", "features")]
    matrix = MATRIX.astype(np.float16 if kind == FLOAT16 else np.float32)
    shape = ("H", "W", 3) if last else (3, "H", "W")
    return model(
        steps,
        [value("pictures", batch, *shape, kind=kind)],
        [value("features", batch, 8, kind=FLOAT16 if kind == FLOAT16 else FLOAT)],
        [tensor("matrix", matrix)],
    )


@pytest.mark.parametrize("batch", ["N", 3])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(("kind", "far"), [(FLOAT, 1e-4), (FLOAT16, 3e-2), (UINT8, 1e-2)])
def test_each_kind_of_input_gives_what_numpy_gives(
    file: Path, kind: int, far: float, last: bool, batch: int | str
) -> None:
    found = open_onnx(file, taking(kind, last, batch), "(size=12)")
    features = found.transform(PICTURES)
    assert features.dtype == np.float32
    assert np.allclose(features, RAW if kind == UINT8 else colours() @ MATRIX, atol=far)


def test_a_model_of_bytes_gets_pixels_as_they_are(file: Path) -> None:
    (file.parent).mkdir()
    file.with_name("preprocessor_config.json").write_text('{"image_mean": [0.5, 0.5, 0.5], "size": 12}')
    found = open_onnx(file, taking(UINT8, last=True))
    assert (found.size, found.mean, found.std, found.scale) == (12, (0, 0, 0), (1, 1, 1), 1)
    assert "pictures of 12 x 12 with its pixels as they are, from 0 to 255" in found.note
    assert found.note.endswith("Nothing of it was assumed.")
    with pytest.raises(Mistake, match=r"mean and std would do nothing: 'tiny\.onnx' takes pixels as they are"):
        open_onnx(file, taking(UINT8, last=True), "(mean=0, std=1)")


@pytest.mark.parametrize("shape", [("H", "W", 3), ("H", 8, 3), (8, "W", 3), (8, 8, 3), ("H", "W", "C")])
def test_channels_last_are_read_however_little_is_said(file: Path, shape: tuple[int | str, ...]) -> None:
    steps = [node("ReduceMean", "pictures", "once", axes=[1, 2], keepdims=0), node("MatMul", "once three", "features")]
    raw = model(steps, [value("pictures", "N", *shape)], weights=[tensor("three", MATRIX[:3])])
    side = 8 if 8 in shape else 224
    squares = np.random.default_rng(2).integers(0, 256, (2, side, side, 3), np.uint8)
    expected = colours(squares)[:, :3] @ MATRIX[:3]
    assert np.allclose(open_onnx(file, raw).transform(squares), expected, atol=1e-4)


def test_a_map_with_channels_last_is_pooled_over_its_places(file: Path) -> None:
    steps = [node("Relu", "pictures", "once"), node("Concat", "once once once", "map", axis=3)]
    found = open_onnx(file, model(steps, [value("pictures", "N", 12, 12, 3)], [value("map", "N", 12, 12, 9)]))
    normal = (PICTURES / 255 - np.array(IMAGENET["mean"])) / np.array(IMAGENET["std"])
    assert np.allclose(found.transform(PICTURES), np.tile(np.maximum(normal, 0).mean(axis=(1, 2)), (1, 3)), atol=1e-5)


HUGE = 2**40
# By our limit, before the system is asked; Windows is asked, and says no.
TOO_MUCH = r"Available memory of \d+ is smaller than requested" if hasattr(os, "sysconf") else ".*memory"
GIVEN = node("ConstantOfShape", "shape", "features")  # as large as the picture's shape and a factor make it
GROW = (node("Shape", "pictures", "sides"), node("Mul", "sides factor", "shape"))
MATMUL = node("MatMul", "colour matrix", "features")
NO_NUMBERS = fields(1, (HUGE, HUGE)) + field(2, FLOAT) + field(8, "matrix")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (pooled(side=HUGE), "takes pictures of 1099511627776 x 1099511627776, and 4096 a side are the most"),
        (pooled(side=224, batch=HUGE), r"wants 1099511627776 pictures of 224 x 224 at a time, [\d,.]+ GiB\. Export"),
        (pooled(weights=NO_NUMBERS), "cannot open"),
        (pooled(weights=NO_NUMBERS.replace(b"matrix", b"others")), "cannot open"),
        (model([*GROW, GIVEN], weights=[tensor("factor", np.array([HUGE, 1, 1, 1]))]), "breaks down on pictures of"),
        (
            model([*GROW, GIVEN], weights=[tensor("factor", np.array([2**22, 1, 1, 1]))]),
            f"breaks down .*ConstantOfShape: {TOO_MUCH}",
        ),
        (model([GIVEN], weights=[tensor("shape", np.array([HUGE, 8]))]), "cannot open|breaks down on pictures of"),
    ],
    ids=["side", "batch", "weights", "weights that nothing uses", "a step", "near", "constant"],
)
def test_what_would_fill_the_memory_is_refused_at_once(file: Path, raw: bytes, said: str) -> None:
    before = time.perf_counter()
    with pytest.raises(BadData, match=said):
        open_onnx(file, raw)
    assert time.perf_counter() - before < 5  # seconds, on a busy machine; memory that is filled takes minutes
