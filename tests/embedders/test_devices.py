"""Where networks compute: batches of a GPU, what is kept apart, and what is said where there is none."""

import pickle

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from onnx_files import PICTURES, pooled, write
from typer.testing import CliRunner

from nextlabel.cli.app import app
from nextlabel.embedders import embedder
from nextlabel.embedders.efficientnet.embedder import EfficientNet
from nextlabel.embedders.onnx.batches import run_batches
from nextlabel.embedders.reduction import settings_of
from nextlabel.errors import BadSpecification, CannotGo, UnknownName

runtime = pytest.importorskip("onnxruntime")
HAS_GPU = "CUDAExecutionProvider" in runtime.get_available_providers()
without_gpu = pytest.mark.skipif(HAS_GPU, reason="this machine has a GPU")
NO_GPU = r"onnxruntime \S+ finds no 'cuda' device on this machine.*install onnxruntime-gpu"


@example(count=17, batch=5, device="cuda")
@example(count=16, batch=16, device="cuda")
@given(st.integers(1, 70), st.integers(1, 40), st.sampled_from(["cpu", "cuda"]))
def test_every_batch_is_full_and_every_picture_has_its_own_vector(count, batch, device):
    shapes, told = set(), []

    def run(pictures):
        shapes.add(len(pictures))
        return pictures.reshape(len(pictures), -1)[:, :3].astype(np.float32)

    pictures = PICTURES[:count]
    found = run_batches(run, pictures, batch, device, told.append)
    assert np.array_equal(found, pictures.reshape(count, -1)[:, :3])
    assert (shapes, sum(told)) == ({batch}, count)


def test_the_device_is_a_setting_only_where_it_rounds_otherwise(tmp_path):
    file = write(tmp_path / "model.onnx", pooled())
    for name in ("efficientnet(device='{}')", f"onnx:{file}(size=12, device='{{}}')"):
        here, there = (embedder(name.format(device))(None) for device in ("cpu", "cuda:1"))
        assert settings_of(there) == settings_of(here) | {"device": "cuda:1"}


def test_an_option_behind_a_name_wins_and_others_have_none():
    assert embedder("efficientnet(device='cpu')", "cuda")(None).device == "cpu"
    assert embedder("efficientnet", "cuda")(None).device == "cuda"
    reduced = embedder("efficientnet(dims=7)", "cuda")(None)
    assert settings_of(reduced)["device"] == "cuda"
    embedder("patches", "cuda")
    with pytest.raises(BadSpecification, match="has no option 'device'"):
        embedder("patches(device='cuda')")


def test_a_wrong_device_is_told_before_anything_is_read(tmp_path):
    file = write(tmp_path / "model.onnx", pooled())
    for name in ("efficientnet(device='gpu')", "dinov2(device='gpu')", f"onnx:{file}(device='gpu')"):
        with pytest.raises(UnknownName, match=r"No device is called 'gpu'\. Known: cpu, cuda, mps"):
            embedder(name)


@without_gpu
def test_who_has_no_gpu_can_send_an_embedder_and_not_use_it(tmp_path):
    file = write(tmp_path / "model.onnx", pooled())
    for name in ("efficientnet", f"onnx:{file}(size=12)"):
        sent = pickle.loads(pickle.dumps(embedder(name, "cuda")(None)))
        assert sent.device == "cuda"
        with pytest.raises(CannotGo, match=NO_GPU):
            sent.transform(np.zeros((1, sent.size, sent.size, 3), np.uint8))
    with pytest.raises(CannotGo, match="finds no 'mps' device"):
        EfficientNet.of("lite0", "mps").transform(PICTURES[:1])


@without_gpu
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("simulate digits --device gpu", 2, "No device is called 'gpu'. Known: cpu, cuda, mps"),
        ("simulate digits --model cnn --device cuda --no-report", 1, "Torch finds no 'cuda' device"),
        ("simulate FOLDER --start 1/class --test 1/class --batch 1 --device cuda --no-report", 1, "onnxruntime"),
        ("embed FOLDER --out OUT --device cuda", 1, "onnxruntime"),
        ("embed FOLDER --out OUT --device cuda --jobs 2", 1, "onnxruntime"),
    ],
)
def test_commands_end_with_one_sentence(words, code, said, fruits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    places = {"FOLDER": str(fruits), "OUT": str(tmp_path / "features")}
    ran = CliRunner().invoke(app, [places.get(word, word) for word in words.split()])
    assert (ran.exit_code, said in ran.stderr, "Traceback" in ran.stderr) == (code, True, False)
    assert not (tmp_path / "features").exists()


@pytest.mark.skipif(not HAS_GPU, reason="onnxruntime has no GPU here")
def test_a_gpu_gives_the_vectors_of_the_processor_but_for_their_last_digits():
    here, there = (EfficientNet.of("lite0", device) for device in ("cpu", "cuda"))
    pictures = np.random.default_rng(0).integers(0, 256, (40, here.size, here.size, 3), np.uint8)
    vectors = there.transform(pictures)
    assert np.array_equal(there.transform(pictures[5:8]), vectors[5:8])
    assert np.allclose(vectors, here.transform(pictures), atol=1e-3)
