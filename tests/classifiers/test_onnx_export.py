"""A classifier in plain onnxruntime says what `predict` says."""

import json

import numpy as np
import pytest
from flower_beds import plant
from onnx_files import pooled, tokens

from nextlabel import export_onnx, load_dataset, predict, train
from nextlabel.classifiers.onnx import to_onnx
from nextlabel.datasets.pictures import read_each
from nextlabel.datasets.tables import encode_table

onnxruntime = pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def beds(tmp_path_factory):
    root = tmp_path_factory.mktemp("beds")
    return plant(root / "known", 16), sorted(plant(root / "new", 4, seed=1).rglob("*.png"))


def opened(raw):
    return onnxruntime.InferenceSession(raw, providers=["CPUExecutionProvider"])


def probabilities(classifier, files):
    return np.array([list(one.probabilities.values()) for one in predict(classifier, [str(file) for file in files])])


def squares(classifier, files):
    return np.stack([one.square for one in read_each([str(file) for file in files], classifier.input.embedder.size)])


@pytest.mark.parametrize("embedder", ["pixels", "efficientnet", "efficientnet(dims=4)"])
def test_pictures_go_in_and_probabilities_come_out(embedder, beds, tmp_path):
    made = train(load_dataset(beds[0]), {"embedder": embedder, "random_labels": True})
    export_onnx(made, tmp_path / "m.onnx")
    session = opened(str(tmp_path / "m.onnx"))
    (found,) = session.run(["probabilities"], {"pictures": squares(made, beds[1])})
    assert np.abs(found - probabilities(made, beds[1])).max() < 1e-4
    words = session.get_modelmeta().custom_metadata_map
    assert json.loads(words["classes"]) == ["iris", "rose"]
    assert json.loads(words["preprocessing"])["size"] == made.input.embedder.size
    assert words["confidence"] == "probability"


def test_patches_come_out_so_though_rounding_is_made_more_of_by_a_square_root(beds):
    made = train(load_dataset(beds[0]), {"embedder": "patches"})
    (found,) = opened(to_onnx(made)).run(["probabilities"], {"pictures": squares(made, beds[1])})
    expected = probabilities(made, beds[1])
    assert np.abs(found - expected).max() < 1e-4


def test_the_digits_are_grey():
    data = load_dataset("digits")
    made = train(data)
    (found,) = opened(to_onnx(made)).run(["probabilities"], {"pictures": data.pictures.squares(8)[:50]})
    assert (found.argmax(axis=1) == data.y[:50]).mean() > 0.97


def test_a_network_is_drawn_layer_by_layer(beds):
    pytest.importorskip("torch")
    made = train(load_dataset(beds[0]), {"model": "cnn(epochs=1)"})
    (found,) = opened(to_onnx(made)).run(["probabilities"], {"pictures": squares(made, beds[1])})
    assert np.abs(found - probabilities(made, beds[1])).max() < 1e-4


@pytest.mark.parametrize(("raw", "options"), [(pooled(), ""), (tokens(), ""), (tokens(), ", pool='mean'")])
def test_a_head_joins_somebody_elses_model(raw, options, beds, tmp_path):
    (tmp_path / "m.onnx").write_bytes(raw)
    made = train(load_dataset(beds[0]), {"embedder": f"onnx:{tmp_path / 'm.onnx'}(size=12{options})"})
    (tmp_path / "m.onnx").unlink()  # the classifier has it
    session = opened(to_onnx(made))
    how = json.loads(session.get_modelmeta().custom_metadata_map["preprocessing"])
    normal = (squares(made, beds[1]) * how["scale"] - np.array(how["mean"])) / np.array(how["std"])
    pictures = normal.transpose(0, 3, 1, 2).astype(np.float32)
    (found,) = session.run(["probabilities"], {how["input"]: pictures})
    assert np.abs(found - probabilities(made, beds[1])).max() < 1e-4


def test_rows_go_in_with_their_gaps(tmp_path):
    rng = np.random.default_rng(0)
    rows = [f"{'' if i % 7 == 0 else round(rng.normal(i % 2), 3)},{'xyz'[i % 3]},{'ab'[i % 2]}" for i in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["size,kind,label", *rows]))
    made = train(load_dataset(tmp_path / "t.csv"))
    X = encode_table(tmp_path / "t.csv", made.input.scheme)[:, : made.input.scheme.width]
    (found,) = opened(to_onnx(made)).run(["probabilities"], {"rows": X})
    expected = np.array([list(one.probabilities.values()) for one in predict(made, tmp_path / "t.csv")])
    assert np.isnan(X).any()
    assert np.abs(found - expected).max() < 1e-4
