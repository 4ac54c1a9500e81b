"""A model that takes no pictures, or gives no features, is refused in words that help."""

from pathlib import Path

import numpy as np
import pytest
from onnx_files import MEAN_COLOUR, model, open_onnx

from nextlabel.embedders.onnx.writing import field, node, tensor, value
from nextlabel.errors import BadData

pytest.importorskip("onnxruntime")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "models" / "tiny.onnx"


def taking(*inputs: bytes) -> bytes:
    """A model of these inputs, whatever they hold."""
    steps = [node("Shape", f"i{i}", f"o{i}") for i in range(len(inputs))]
    return model(steps, inputs, [value(f"o{i}", "D", kind=7) for i in range(len(inputs))])


SPLIT = [node("SplitToSequence", "pictures", "parts", axis=0)]
SEQUENCE = field(1, "parts") + field(2, field(4, field(1, field(1, field(1, 1)))))


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (taking(value("i0", "N", "T")), r"it takes 'i0' float32 \(N, T\)"),
        (taking(value("i0", "N", 3, 8, 8, kind=7)), r"it takes 'i0' int64 \(N, 3, 8, 8\)"),
        (taking(value("i0", "N", 3, 8, 8, kind=11)), r"it takes 'i0' double \(N, 3, 8, 8\)"),
        (taking(value("i0", "N", 1, 8, 8)), r"it takes 'i0' float32 \(N, 1, 8, 8\)"),
        (taking(value("i0", "N", 8, 16, 3)), "it takes pictures that are 16 wide and 8 high"),
        (taking(value("i0", "N", 3, 2**40, 2**40)), "it takes pictures of 1099511627776 x .*4096 a side are the most"),
        (taking(value("i0", "N", 3, 8, 16)), "it takes pictures that are 16 wide and 8 high"),
        (
            taking(value("i0", "N", 3, 8, 8), value("i1", "N", "T", kind=7)),
            r"it takes 2 inputs \(.*'i1' int64 \(N, T\)",
        ),
        (model([node("Shape", "pictures", "n")], outputs=[value("n", 4, kind=7)]), r"it gives 'n' int64 \(4,\)"),
        (model([node("ReduceMean", "pictures", "m", keepdims=0)], outputs=[value("m")]), r"it gives 'm' float32 \(\)"),
        (model(SPLIT, outputs=[SEQUENCE]), "it gives 'parts' a list"),
    ],
)
def test_what_is_no_image_model_is_told(file: Path, raw: bytes, said: str) -> None:
    with pytest.raises(BadData, match=f"'tiny.onnx' is no image model that can be used here: .*{said}.*Use one that"):
        open_onnx(file, raw)


def test_features_that_are_no_numbers_are_told(file: Path) -> None:
    steps = [*MEAN_COLOUR, node("Sub", "colour colour", "zero"), node("Div", "zero zero", "features")]
    with pytest.raises(BadData, match=r"'tiny.onnx' gives features that are not numbers"):
        open_onnx(file, model(steps, outputs=[value("features", "N", 9)]))


def test_features_without_end_are_refused(file: Path) -> None:
    for most, said in (
        (2**20, r"gives too much of a picture .*: 9,437,184 numbers"),
        (2**36, "breaks down on pictures"),
    ):
        steps = [*MEAN_COLOUR, node("Tile", "colour reps", "features")]
        raw = model(steps, outputs=[value("features", "N", "D")], weights=[tensor("reps", np.array([1, most]))])
        with pytest.raises(BadData, match=said):
            open_onnx(file, raw)


def test_a_size_that_the_model_cannot_take_is_told(file: Path) -> None:
    steps = [node("Flatten", "pictures", "flat"), node("MatMul", "flat matrix", "features")]
    raw = model(steps, weights=[tensor("matrix", np.ones((12, 8), np.float32))])
    assert open_onnx(file, raw, "(size=2)").size == 2
    with pytest.raises(BadData, match=r"'tiny.onnx' breaks down on pictures of 224 x 224 \(.*\). If it was made for"):
        open_onnx(file, raw)


LAST = (
    node("ReduceMean", "pictures", "colour", axes=[1, 2], keepdims=0),
    node("MatMul", "colour matrix", "features"),
)
MATRIX = tensor("matrix", np.ones((3, 8), np.float32))


@pytest.mark.parametrize("shape", [("H", "W", 1), ("H", "W", 4)])
def test_pictures_of_other_channels_than_three_are_told(file: Path, shape: tuple[int | str, ...]) -> None:
    raw = model([node("Shape", "pictures", "n")], [value("pictures", "N", *shape)], [value("n", 4, kind=7)])
    with pytest.raises(BadData, match=r"it takes 'pictures' float32 \(N, H, W, [14]\)"):
        open_onnx(file, raw)


CHANNELS_UNKNOWN = [value("pictures", "N", "H", "W", "C")]


def test_where_a_model_of_unknown_channels_fails_that_is_named(file: Path) -> None:
    fixed = node("MatMul", "flat matrix", "features")
    with pytest.raises(BadData, match=r"breaks down on pictures of 224 x 224 .*It does not say where its channels are"):
        open_onnx(file, model([node("Flatten", "pictures", "flat"), fixed], CHANNELS_UNKNOWN, weights=[MATRIX]))
    raw = model([node("Shape", "pictures", "n")], CHANNELS_UNKNOWN, [value("n", 4, kind=7)])
    with pytest.raises(BadData, match=r"it gives 'n' int64 \(4,\)\. It does not say where its channels are\. Export"):
        open_onnx(file, raw)


def test_a_model_of_unknown_channels_is_tried_with_channels_first(file: Path) -> None:
    raw = model(MEAN_COLOUR, CHANNELS_UNKNOWN, [value("colour", "N", 9)])
    assert (open_onnx(file, raw).size, open_onnx(file, raw).output) == (224, "colour")
