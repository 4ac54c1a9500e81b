"""What a model is fed with is read from the specification and from beside the model, and never guessed at."""

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx_files import (
    MATRIX,
    PICTURES,
    colours,
    open_onnx,
    pooled,
    write,
)

from nextlabel.embedders import embedder
from nextlabel.embedders.onnx.settings import parse_onnx, read_settings_beside
from nextlabel.errors import BadData, BadSpecification, Mistake, NextlabelError, UnknownName

pytest.importorskip("onnxruntime")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "models" / "tiny.onnx"


def test_settings_are_read_from_the_specification(file: Path) -> None:
    found = open_onnx(file, pooled(), "(size=12, mean=[0.5, 0.4, 0.3], std=0.5, scale=1)")
    assert (found.size, found.mean, found.std, found.scale) == (12, (0.5, 0.4, 0.3), (0.5, 0.5, 0.5), 1)
    expected = colours(PICTURES, found.mean, found.std, 1) @ MATRIX
    assert np.allclose(found.transform(PICTURES), expected, rtol=1e-4)


PIECES = [".onnx", "a", "/", "(", ")", "size=", "mean=", "64", "[", "]", ",", "'", "-1", "0x", "é", " "]
OURS = {"size": 12, "mean": 0.5, "std": 0.25}


@pytest.mark.parametrize(
    "name", ["tiny.onnx.json", "tiny.json", "preprocessor_config.json", "../preprocessor_config.json"]
)
def test_settings_are_read_from_beside_the_model(file: Path, name: str) -> None:
    write(file.parent / name, json.dumps(OURS | {"image_processor_type": "Any"}).encode())
    found = open_onnx(file, pooled())
    assert (found.size, found.mean, found.std, found.scale) == (12, (0.5,) * 3, (0.25,) * 3, 1 / 255)
    assert open_onnx(file, pooled(), "(size=24)").size == 24


def test_the_nearest_json_is_the_one(file: Path) -> None:
    places = ("tiny.onnx.json", "tiny.json", "preprocessor_config.json")
    for size, name in enumerate(places, 1):
        write(file.parent / name, json.dumps({"size": size}).encode())
    for size in (1, 2, 3):
        assert read_settings_beside(file) == {"size": size}
        (file.parent / places[size - 1]).unlink()
    assert read_settings_beside(file) == {}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"size": {"height": 64, "width": 64}}, {"size": 64}),
        ({"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}}, {"size": 224}),
        ({"size": {"shortest_edge": 256}, "crop_size": 224, "do_center_crop": False}, {"size": 256}),
        ({"size": 64, "crop_size": None}, {"size": 64}),
        ({"image_mean": [0, 0.5, 1], "image_std": [1, 2, 3]}, {"mean": (0, 0.5, 1), "std": (1, 2, 3)}),
        ({"image_mean": [9, 9, 9], "do_normalize": False}, {"mean": (0, 0, 0), "std": (1, 1, 1)}),
        ({"rescale_factor": 0.5}, {"scale": 0.5}),
        ({"rescale_factor": 0.5, "do_rescale": False}, {"scale": 1}),
        ({"resample": 3, "do_resize": True}, {}),
    ],
)
def test_the_words_of_hugging_face_are_understood(file: Path, theirs: dict, ours: dict) -> None:
    write(file.with_name("preprocessor_config.json"), json.dumps(theirs).encode())
    assert read_settings_beside(file) == ours


TIMM = {
    "architecture": "tinynet_b",
    "pretrained_cfg": {"input_size": [3, 188, 188], "crop_pct": 0.875, "mean": [0.5, 0.4, 0.3], "std": [0.5, 0.5, 0.5]},
}
USE = {"size": 188, "mean": (0.5, 0.4, 0.3), "std": (0.5, 0.5, 0.5)}
VIT = {"architectures": ["ViTModel"], "image_size": 224, "hidden_size": 768, "model_type": "vit"}  # of transformers


@pytest.mark.parametrize("folder", ["", "../"])
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (TIMM, USE),
        ({"architecture": "older", **TIMM["pretrained_cfg"]}, USE),
        ({"architecture": "plain", "pretrained_cfg": {"mean": [0, 0, 0], "std": None}}, {"mean": (0, 0, 0)}),
        (VIT, {}),
    ],
)
def test_the_words_of_timm_are_understood(file: Path, folder: str, words: dict, expected: dict) -> None:
    write(file.parent / f"{folder}config.json", json.dumps(words).encode())
    assert read_settings_beside(file) == expected


def test_a_config_that_says_nothing_of_pictures_hides_no_other(file: Path) -> None:
    write(file.with_name("config.json"), json.dumps(VIT).encode())
    write(file.parent.parent / "preprocessor_config.json", b'{"size": 64}')
    assert read_settings_beside(file) == {"size": 64}


@pytest.mark.parametrize("shape", [[3, 64, 32], [3, 64], 64, [3, "64", "64"]])
def test_a_shape_of_timm_that_is_no_square_is_told(file: Path, shape: object) -> None:
    words = {"architecture": "a", "pretrained_cfg": {"input_size": shape}}
    write(file.with_name("config.json"), json.dumps(words).encode())
    with pytest.raises(BadData, match=r"'config\.json' beside the model cannot be used: (input_size|size) is "):
        open_onnx(file, pooled())


def test_what_was_assumed_is_told_and_what_was_said_is_not(file: Path) -> None:
    assert open_onnx(file, pooled(), "(size=12, mean=0.5, std=[1, 1, 1])").note == (
        "'tiny.onnx' sees pictures of 12 x 12 with mean 0.5 and std 1, and gives 8 features by its output 'features'. "
        "Nothing of it was assumed."
    )
    assert open_onnx(file, pooled(), "(scale=1)").note == (
        "'tiny.onnx' sees pictures of 224 x 224 with pixels times 1, mean 0.485/0.456/0.406 and std 0.229/0.224/0.225, "
        "and gives 8 features by its output 'features'. Assumed, as nothing says so: size, mean and std. If that is "
        "wrong, write onnx:FILE(size=…, mean=…, std=…)."
    )
    write(file.with_suffix(".json"), b'{"mean": 0, "std": 1}')
    assert (
        "Assumed, as nothing says so: size. If that is wrong, write onnx:FILE(size=…)."
        in open_onnx(file, pooled()).note
    )


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"size": 22', "it is damaged, or no JSON"),
        (b"\xff\xfe\x00", "it is damaged, or no JSON"),
        (b"[" * 100_000, "it is damaged, or no JSON"),
        (b"[224]", "it is a list or a single value, and names no settings"),
        (b'{"size": {"height": 64, "width": 32}}', "size is {'height': 64, 'width': 32}; it takes a whole number"),
        (b'{"size": "224"}', "size is '224'; it takes a whole number from 1 to 4096"),
        (b'{"image_std": [1, 1]}', "std is .1, 1.; it takes one number above 0, or three"),
        (b'{"image_std": 1' + b"0" * 400 + b"}", "std is 10{79}…; it takes one number above 0, or three"),
        (b'{"size": 1' + b"0" * 5000 + b"}", "it is damaged, or no JSON"),
        (b'{"image_mean": [NaN, 0, 0]}', "mean is .nan, 0, 0.; it takes one number, or three"),
        (b'{"do_flip_channel_order": true}', "it wants blue before red"),
    ],
)
def test_a_json_that_cannot_be_used_is_told(file: Path, raw: bytes, said: str) -> None:
    write(file.with_suffix(".json"), raw)
    with pytest.raises(BadData, match=f"'tiny.json' beside the model cannot be used: {said}.*Mend or remove it"):
        open_onnx(file, pooled())


@pytest.mark.parametrize(
    "name",
    ["a.onnx", "my model (2).onnx", 'it\'s [a] "b", c.onnx', "x.onnx(size=3)/m.ONNX", "ü=1, 2).onnx", "a:b.onnx"],
)
@pytest.mark.parametrize("call", ["", "(size=64)", "(output='a.onnx(1)', size=64)"])
def test_any_file_name_is_read(name: str, call: str) -> None:
    found = parse_onnx(f"onnx:models/{name}{call}")
    assert (found.file, found.brackets, found.settings.get("size", 64)) == (f"models/{name}", call, 64)
    assert found.name == f"onnx:{name.rpartition('/')[2]}{call}"
    assert found.path == Path.cwd() / "models" / name


@pytest.mark.parametrize(
    "text",
    ["onnx", "onnx:", "onnx:a.pt", "onnx:a", "onnx:a.onnx(", "onnx:a.onnx()()", "onnx:a.onnx()+1"],
)
def test_a_specification_that_cannot_be_read_is_told(text: str) -> None:
    with pytest.raises(BadSpecification, match=r"names no file that ends in .onnx, or its settings .*Write it like"):
        embedder(text)


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        ("(size=__import__('os'))", BadSpecification, "which is not a plain value"),
        ("(3)", BadSpecification, "has a value without a name"),
        ("(**{})", BadSpecification, "uses .., which is not read here"),
        ("(size=1, size=2)", BadSpecification, "gives size twice"),
        ("(size=None)", BadSpecification, "size is None; it takes a whole number from 1"),
        ("(size='224')", BadSpecification, "size is '224'"),
        ("(scale=True)", BadSpecification, "scale is True"),
        ("(mean={1: 2})", BadSpecification, "mean is .1: 2.; it takes one number, or three"),
        ("(sise=3)", UnknownName, "Did you mean 'size'"),
        ("(size=0)", BadSpecification, "size is 0; it takes a whole number from 1"),
        ("(size=True)", BadSpecification, "size is True"),
        ("(size=2.5)", BadSpecification, "size is 2.5"),
        ("(mean='grey')", BadSpecification, "mean is 'grey'; it takes one number, or three"),
        ("(std=[1, 0, 1])", BadSpecification, "std is .1, 0, 1.; it takes one number above 0"),
        ("(scale=1e999)", BadSpecification, "scale is inf"),
        (f"(scale=1{'0' * 400})", BadSpecification, "scale is 10{79}…; it takes a number above 0"),
        (f"(std=[1, 2, 0x1{'0' * 5000}])", BadSpecification, "std is a number of thousands of digits; it takes one"),
        (f"(size=0x1{'0' * 5000})", BadSpecification, "size is a number of thousands of digits; it takes a whole"),
        ("(pool='max')", BadSpecification, "pool is 'max'; it takes 'class' or 'mean'"),
        ("(output=1)", BadSpecification, "output is 1; it takes the name"),
    ],
)
def test_settings_that_cannot_be_are_told(call: str, kind: type[NextlabelError], said: str) -> None:
    with pytest.raises(kind, match=said):
        embedder(f"onnx:a.onnx{call}")


@settings(max_examples=60)
@given(text=st.text(max_size=30) | st.lists(st.sampled_from(PIECES), max_size=10).map("".join))
def test_any_text_gives_a_value_or_a_mistake(text: str) -> None:
    with contextlib.suppress(Mistake):
        assert parse_onnx(f"onnx:{text}").path.name.lower().endswith(".onnx")


def test_settings_that_would_do_nothing_are_told(file: Path) -> None:
    with pytest.raises(Mistake, match=r"pool='mean' would do nothing: output 'features' .* is one vector a picture"):
        open_onnx(file, pooled(), "(pool='mean')")
    with pytest.raises(UnknownName, match=r"No output of 'tiny.onnx' is called 'feature'. Did you mean 'features'"):
        open_onnx(file, pooled(), "(output='feature')")
