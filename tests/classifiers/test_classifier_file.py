"""A trained classifier comes back out of its file as it was, or is refused in one sentence."""

import errno
import json
import warnings

import numpy as np
import pytest
from flower_beds import plant
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save_file

from nextlabel import load_classifier, load_dataset, predict, save_classifier, train
from nextlabel.classifiers.file import WORDS, to_bytes
from nextlabel.errors import BadData, CannotWrite
from nextlabel.files import atomic


@pytest.fixture(scope="module")
def beds(tmp_path_factory):
    root = tmp_path_factory.mktemp("beds")
    return plant(root / "known", 16), plant(root / "new", 4, seed=1)


@pytest.fixture(scope="module")
def classifier(beds):
    return train(load_dataset(beds[0]), {"embedder": "pixels"})


def said(classifier, where):
    return [(one.path, one.label, tuple(one.probabilities.values())) for one in predict(classifier, where)]


@pytest.mark.parametrize("embedder", ["pixels", "patches", "efficientnet", "efficientnet(dims=4)"])
def test_what_is_read_says_what_was_written(embedder, beds, tmp_path):
    made = train(load_dataset(beds[0]), {"embedder": embedder, "random_labels": True})
    save_classifier(made, tmp_path / "m.safetensors")
    again = load_classifier(tmp_path / "m.safetensors")
    assert said(again, beds[1]) == said(made, beds[1])
    assert (again.classes, again.learned_from) == (made.classes, made.learned_from)
    assert again.about == json.loads(json.dumps(made.about))


def test_the_same_training_gives_the_same_bytes(beds, classifier):
    assert to_bytes(train(load_dataset(beds[0]), {"embedder": "pixels"})) == to_bytes(classifier)


def test_fitted_arrays_are_those_of_the_training(beds):
    """`patches` would fit itself anew to any folder: here a picture says the same in any company."""
    made = train(load_dataset(beds[0]), {"embedder": "patches"})
    alone = said(made, beds[1] / "rose" / "1-00.png")[0][2]
    together = {path: P for path, _, P in said(made, beds[1])}["rose/1-00.png"]
    assert alone == pytest.approx(together, abs=1e-12)


def test_a_file_that_is_none_is_refused(tmp_path, classifier):
    file = tmp_path / "m.safetensors"
    with pytest.raises(BadData, match="There is no model in"):
        load_classifier(file)
    file.write_bytes(to_bytes(classifier)[:-100])
    with pytest.raises(BadData, match="no model, or it is cut short"):
        load_classifier(file)
    file.write_text("a,b\n1,2\n")
    with pytest.raises(BadData, match="no model, or it is cut short"):
        load_classifier(file)
    with pytest.raises(BadData, match="is a folder"):
        load_classifier(tmp_path)
    save_file({"weight": np.zeros(3)}, file)
    with pytest.raises(BadData, match="holds weights, but no model of nextlabel's"):
        load_classifier(file)


def rewritten(classifier, path, change):
    """The file with its words and arrays changed."""
    path.write_bytes(to_bytes(classifier))
    with safe_open(path, "np") as file:
        words = json.loads(file.metadata()[WORDS])
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(words, arrays)
    save_file(arrays, path, {WORDS: json.dumps(words)})
    return path


def test_a_file_of_another_version_is_refused(tmp_path, classifier):
    def later(words, arrays):
        words["format_version"] = 9

    with pytest.raises(BadData, match="version 9 of the format, and this nextlabel reads version 1"):
        load_classifier(rewritten(classifier, tmp_path / "m", later))


@pytest.mark.parametrize("part", ["classes", "about", "pictures", "format_version"])
def test_a_file_without_one_of_its_parts_is_refused(tmp_path, classifier, part):
    def cut(words, arrays):
        del words[part]

    with pytest.raises(BadData, match="does not fit together"):
        load_classifier(rewritten(classifier, tmp_path / "m", cut))


def test_a_head_for_other_classes_or_of_no_numbers_is_refused(tmp_path, classifier):
    def shorten(words, arrays):
        arrays["head.weight"] = arrays["head.weight"][:1].copy()

    def spoil(words, arrays):
        arrays["head.weight"] = arrays["head.weight"] * np.nan

    for change in (shorten, spoil):
        with pytest.raises(BadData, match="does not fit together"):
            load_classifier(rewritten(classifier, tmp_path / "m", change))


def test_features_of_another_version_are_refused(tmp_path, classifier):
    def older(words, arrays):
        words["pictures"]["version"] = 0

    with pytest.raises(BadData, match="'pixels' in version 0, and this nextlabel has version 1"):
        load_classifier(rewritten(classifier, tmp_path / "m", older))


@given(place=st.integers(0, 10**6), bits=st.integers(1, 255))
def test_a_damaged_file_is_refused_or_says_what_it_says(classifier, tmp_path_factory, place, bits):
    """Whatever byte of its head is changed: one sentence, or a classifier that works."""
    raw = bytearray(to_bytes(classifier))
    head = 8 + int.from_bytes(raw[:8], "little")
    raw[place % head] ^= bits
    file = tmp_path_factory.mktemp("damaged") / "m"
    file.write_bytes(raw)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that pictures were made small in another way
        try:
            found = load_classifier(file)
        except BadData:
            return
    assert found.probabilities(np.zeros((1, 768), np.float32)).shape == (1, 2)


def test_another_way_of_making_pictures_small_is_told(tmp_path, classifier):
    def crop(words, arrays):
        words["pictures"]["decoding"] = "2 crop Pillow 11.0"

    with pytest.warns(UserWarning, match="made small in another way"):
        load_classifier(rewritten(classifier, tmp_path / "m", crop))


def test_a_full_disk_leaves_what_was_there(tmp_path, classifier, monkeypatch):
    file = tmp_path / "m.safetensors"
    file.write_bytes(b"the one before")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(CannotWrite, match="is full"):
        save_classifier(classifier, file)
    assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]
    assert file.read_bytes() == b"the one before"


def test_a_place_that_is_none_is_refused(tmp_path, classifier):
    with pytest.raises(CannotWrite, match="is a folder"):
        save_classifier(classifier, tmp_path)
    with pytest.raises(CannotWrite, match="no folder for"):
        save_classifier(classifier, tmp_path / "nowhere" / "m.safetensors")
