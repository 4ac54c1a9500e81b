"""What is learned from, what is refused, and when numbers may be called probabilities."""

from collections import Counter

import numpy as np
import pytest
from flower_beds import plant
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from nextlabel import Dataset, evaluate, load_dataset, train
from nextlabel.datasets import load, pictures
from nextlabel.datasets.base import Request
from nextlabel.errors import BadData, Mistake
from nextlabel.files.arrays import read_keys
from nextlabel.knobs.course import Course
from nextlabel.training.calibration import find_temperature
from nextlabel.training.learners import sink


def table(n=60, classes=2, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    X = (rng.normal(size=(n, 3)) + y[:, None]).astype(np.float32)
    names = tuple("abcdef"[:classes])
    from nextlabel.datasets.tables.schemes import Scheme

    return Dataset("points", y, names, "print", table=X, scheme=Scheme(3))


def test_one_class_or_none_is_refused():
    data = table()
    for y, why in ((np.zeros(60, int), "all 60 labels say 'a'"), (np.full(60, -1), "there are none")):
        with pytest.raises(BadData, match=f"needs labels of at least two, and {why}"):
            train(Dataset(**(data.__dict__ | {"y": y})))


def test_three_labels_are_enough_and_not_calibrated():
    data = table()
    y = np.where(np.arange(60) < 3, data.y, -1)
    with pytest.warns(UserWarning, match="Nothing is calibrated, for there are 3 labels: it takes 30 labels"):
        found = train(Dataset(**(data.__dict__ | {"y": y})), {"random_labels": True})
    assert (found.classes, found.confidence) == (("a", "b"), "score")


def test_a_class_without_labels_is_none_of_the_models():
    data = table(classes=3)
    y = np.where(data.y == 1, -1, data.y)
    assert train(Dataset(**(data.__dict__ | {"y": y}))).classes == ("a", "c")


def test_scores_are_probabilities_only_where_labels_are_random():
    assert train(table()).confidence == "score"
    found = train(table(200), {"random_labels": True})
    assert found.confidence == "probability"
    assert found.calibration.labels == 200
    assert 0 < found.calibration.after < 0.2


@given(st.floats(0.2, 5), st.integers(0, 99))
def test_the_temperature_is_the_likeliest(heat, seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (200, 3))
    y = np.array([rng.choice(3, p=np.exp(row)) for row in log_softmax(logits, axis=1)])

    def loss(T):
        return np.log(T) ** 2 / 2 - log_softmax(heat * logits / T, axis=1)[np.arange(200), y].sum()

    best = find_temperature(heat * logits, y)
    assert all(loss(best) <= loss(best * other) + 1e-9 for other in (0.9, 0.99, 1.01, 1.1))


def test_a_few_answers_that_are_all_right_make_no_certainty():
    logits, y = np.array([[3.0, 0.0]] * 36), np.zeros(36, dtype=np.int64)
    sure = 1 / (1 + np.exp(-3.0 / find_temperature(logits, y)))
    assert 0.98 < sure < 0.9995


def test_what_only_a_pickle_could_keep_is_refused():
    with pytest.raises(Mistake, match=r"could only be kept as a pickle.* Train 'linear'"):
        train(table(), {"model": "sklearn:svm.SVC(C=1.0)"})


def test_a_table_wants_no_embedder_and_no_network():
    with pytest.raises(Mistake, match="its features need no embedder"):
        train(table(), {"embedder": "pixels"})
    with pytest.raises(Mistake, match="holds no pictures, and 'cnn' learns from these"):
        train(table(), {"model": "cnn"})


def test_a_table_that_was_reduced_over_its_own_rows_is_refused():
    with pytest.raises(BadData, match="reduced over its own rows"):
        train(Dataset(**(table().__dict__ | {"scheme": None})))


def test_a_folder_that_changes_is_refused(tmp_path, own_cache):
    data = load_dataset(plant(tmp_path / "beds", 3))
    (tmp_path / "beds" / "rose" / "0-00.png").write_bytes((tmp_path / "beds" / "iris" / "0-00.png").read_bytes())
    with pytest.raises(BadData, match="1 picture changed while they were read"):
        train(data, {"embedder": "pixels"})


def test_only_labelled_pictures_are_embedded_where_that_is_enough(tmp_path, own_cache):
    beds = plant(tmp_path / "beds", 3)
    (beds / "unknown.png").write_bytes((plant(tmp_path / "more", 1, ("fern",)) / "fern" / "0-00.png").read_bytes())
    found = train(load_dataset(beds), {"embedder": "pixels"})
    assert len(found.learned_from) == 6
    (features,) = own_cache.glob("features-pixels-*.npy")
    assert np.load(features).shape == (6, 768)


def test_a_network_is_trained_by_the_same_call(tmp_path):
    pytest.importorskip("torch")
    from nextlabel import evaluate, load_classifier, save_classifier

    made = train(load_dataset(plant(tmp_path / "beds", 20)), {"model": "cnn(epochs=4, batch=8, rate=0.003)"})
    save_classifier(made, tmp_path / "m.safetensors")
    found = evaluate(load_classifier(tmp_path / "m.safetensors"), plant(tmp_path / "new", 8, seed=1))
    assert found.accuracy.value > 0.8
    with pytest.raises(Mistake, match="sees the pictures themselves"):
        train(load_dataset(tmp_path / "beds"), {"model": "cnn", "embedder": "pixels"})


# Each picture is decoded once


@pytest.fixture
def decoded(monkeypatch):
    """How many pictures were decoded, by the size of their squares."""
    counts, before = Counter(), pictures.square

    def square(raw, size):
        counts[size] += 1
        return before(raw, size)

    monkeypatch.setattr(pictures, "square", square)
    return counts


def test_a_picture_that_is_learned_or_judged_is_decoded_once(tmp_path, own_cache, decoded):
    beds = plant(tmp_path / "beds", 3)
    (beds / "loose.png").write_bytes((plant(tmp_path / "more", 1, ("fern",)) / "fern" / "0-00.png").read_bytes())
    course = Course(embedder="pixels")
    found = train(load(Request(str(beds), sink=sink(course))), course)
    assert decoded.total() == 7
    decoded.clear()
    assert len(evaluate(found, str(plant(tmp_path / "new", 2, seed=1))).ids) == 4
    assert decoded.total() == 4


def test_answers_in_a_file_say_which_pictures_are_embedded_while_they_are_read(tmp_path, own_cache, decoded):
    names = [f"{i}.png" for i in range(6)]
    (tmp_path / "all").mkdir()
    for name, path in zip(names, sorted(plant(tmp_path / "beds", 3).rglob("*.png")), strict=True):
        (tmp_path / "all" / name).write_bytes(path.read_bytes())
    (tmp_path / "answers.csv").write_text("path,label\n0.png,iris\n1.png,iris\n4.png,rose\n")
    course = Course(embedder="pixels")
    data = load(Request(str(tmp_path / "all"), sink=sink(course), answers=(str(tmp_path / "answers.csv"),)))
    (block,) = own_cache.glob("features-pixels-*.block")
    assert len(read_keys(block) or ()) == 3
    assert len(train(data, course).learned_from) == 3
    assert decoded.total() == 6
