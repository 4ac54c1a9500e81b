"""A file that is no model is told, and a model reads no file but those beside it."""

from pathlib import Path

import numpy as np
import pytest
from onnx_files import MATRIX, PICTURES, colours, hub_cache, model, open_onnx, outside, pooled, with_weights, write

from nextlabel.embedders import embedder
from nextlabel.embedders.onnx.embedder import Onnx
from nextlabel.embedders.onnx.writing import field, node
from nextlabel.errors import BadData

pytest.importorskip("onnxruntime")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "models" / "tiny.onnx"


@pytest.mark.parametrize("raw", [pooled()[:-20], b"", b"this is text, and no model", b"\xff" * 50, pooled()[:3]])
def test_a_file_that_is_no_model_is_told(file: Path, raw: bytes) -> None:
    with pytest.raises(
        BadData, match=r"'tiny.onnx'.*(is no ONNX model, or it is cut short|Is it an ONNX model, and whole)"
    ):
        open_onnx(file, raw)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"There is no file '.*none.onnx'"):
        embedder(f"onnx:{tmp_path}/none.onnx")
    with pytest.raises(BadData, match=r"There is no file '.*/~nobody-of-that-name/none.onnx'"):
        embedder("onnx:~nobody-of-that-name/none.onnx")
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(BadData, match=r"'.*folder.onnx' cannot be read"):
        embedder(f"onnx:{tmp_path}/folder.onnx")


@pytest.mark.parametrize("location", ["weights.bin", "sub/weights.bin", "./sub/../weights.bin"])
def test_weights_beside_the_model_are_read(file: Path, location: str) -> None:
    for name in ("weights.bin", "sub/weights.bin"):
        write(file.parent / name, MATRIX.tobytes())
    found = open_onnx(file, with_weights(location))
    assert np.allclose(found.transform(PICTURES), colours() @ MATRIX, atol=1e-5)


def test_changed_weights_make_another_model(file: Path) -> None:
    digests = []
    for factor in (1, 2):
        write(file.with_name("weights.bin"), (factor * MATRIX).tobytes())
        digests.append(open_onnx(file, with_weights("weights.bin")).digest)
    assert digests[0] != digests[1]


@pytest.mark.parametrize("location", ["../weights.bin", "{folder}/weights.bin", "link.bin", "sub/../../weights.bin"])
def test_weights_outside_the_folder_are_refused(file: Path, location: str) -> None:
    away = write(file.parent.parent / "weights.bin", MATRIX.tobytes())
    file.parent.mkdir()
    (file.parent / "link.bin").symlink_to(away)
    with pytest.raises(BadData, match=r"takes weights from '.*', which is not in the model's own folder"):
        open_onnx(file, with_weights(location.format(folder=away.parent)))


def test_weights_of_a_constant_inside_a_branch_are_found(file: Path) -> None:
    """Tensors may lie in a node's attribute, and graphs too: none of them escapes the rule."""
    constant = (
        field(1, "") + field(4, "Constant") + field(5, field(1, "value") + field(5, outside("w", MATRIX, "../w.bin")))
    )
    branch = field(5, field(1, "then_branch") + field(6, field(1, constant)))
    with pytest.raises(BadData, match=r"takes weights from '\.\./w\.bin'"):
        open_onnx(file, model([node("If", "pictures", "features") + branch]))


@pytest.mark.parametrize("location", ["none.bin", "*/_ORT_MEM_ADDR_/*", "sub"])
def test_weights_that_are_missing_are_told(file: Path, location: str) -> None:
    (file.parent / "sub").mkdir(parents=True)
    with pytest.raises(BadData, match=r"keeps weights in '.*', which is missing"):
        open_onnx(file, with_weights(location))


def test_weights_of_a_model_in_the_hub_cache_are_found(tmp_path: Path) -> None:
    """There, a model and its weights are links to files of other names in another folder."""
    files = {"onnx/model.onnx": with_weights("model.onnx_data"), "onnx/model.onnx_data": MATRIX.tobytes()}
    home = hub_cache(tmp_path, "a/b", "0" * 40, files)
    found = Onnx.parse(f"onnx:{home}/snapshots/{'0' * 40}/onnx/model.onnx(size=12)")
    assert np.allclose(found.transform(PICTURES), colours() @ MATRIX, atol=1e-5)
