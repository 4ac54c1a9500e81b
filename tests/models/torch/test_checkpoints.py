import json
import resource

import numpy as np
import pytest
import torch
from painted import paint
from PIL import Image
from safetensors.torch import save_file
from two_colours import BLUE, RED, pool, squares

from nextlabel.datasets import load
from nextlabel.datasets.base import Request
from nextlabel.datasets.greys import Scale
from nextlabel.errors import BadData, CannotWrite, Mistake
from nextlabel.models.recipe import Recipe
from nextlabel.models.torch import cnn
from nextlabel.models.torch.checkpoints import ARCHITECTURE, Checkpoint
from nextlabel.models.torch.training import infer


@pytest.fixture(scope="module")
def found():
    return cnn.train_network(squares(40), pool(40, watch=range(30, 40)), Recipe(epochs=3, batch=8), 0)


def test_a_network_is_saved_and_read_again(found, tmp_path):
    path = tmp_path / "colours.safetensors"
    Checkpoint(found.network, ("blue", "red")).save(path)
    again = Checkpoint.load(path)
    assert again.classes == ("blue", "red")
    one, two = (infer(made, cnn.as_inputs(squares(8)))[0] for made in (found.network, again.network))
    assert (one == two).all()


def test_a_saved_network_tells_pictures_apart(found, tmp_path):
    Checkpoint(found.network, ("red", "blue")).save(tmp_path / "colours.safetensors")
    checkpoint = Checkpoint.load(tmp_path / "colours.safetensors")
    folder = tmp_path / "new"
    paint(folder / "b" / "sky.png", BLUE)
    paint(folder / "rose.jpg", RED)
    (folder / "torn.png").write_bytes(b"no picture")
    said = checkpoint.predict(folder)
    assert [(one.path, one.label) for one in said] == [("b/sky.png", "blue"), ("rose.jpg", "red"), ("torn.png", None)]
    assert said[2].reason == "is not a picture, or its header is damaged"
    assert sum(said[0].probabilities.values()) == pytest.approx(1)
    assert checkpoint.predict(folder / "rose.jpg")[0].label == "red"


def grey(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((64, 64), value, dtype=np.uint16)).save(path)


def test_new_pictures_are_seen_on_the_scale_of_the_old(found, tmp_path):
    for name, value in (("red", 60_000), ("blue", 500)):
        grey(tmp_path / "old" / name / "1.png", value)
    dataset = load(Request(str(tmp_path / "old")))
    Checkpoint.of(found.network, dataset).save(tmp_path / "greys.safetensors")
    again = Checkpoint.load(tmp_path / "greys.safetensors")
    assert again.scales == {"16 bits": Scale(0.0, 65_535.0)}
    grey(tmp_path / "new" / "dark.png", 500)  # on a scale of its own, from 0 to 1023, it would be no dark one
    wanted = again.probabilities(dataset.pictures.squares(cnn.SIZE))[dataset.paths.index("blue/1.png")]
    assert list(again.predict(tmp_path / "new")[0].probabilities.values()) == pytest.approx(wanted.tolist())


@pytest.mark.parametrize(
    "scales", ["[", "3", '{"16 bits": 3}', '{"16 bits": [5, 5]}', '{"16 bits": [0, NaN]}', '{"": ["a", 1]}']
)
def test_scales_that_say_nothing_are_told(found, tmp_path, scales):
    path = tmp_path / "odd.safetensors"
    about = {"architecture": ARCHITECTURE, "classes": '["red", "blue"]', "scales": scales}
    save_file({name: tensor.contiguous() for name, tensor in found.network.state_dict().items()}, path, about)
    with pytest.raises(BadData, match="does not say which greys are black and white"):
        Checkpoint.load(path)


def test_a_file_that_is_no_checkpoint_is_told(found, tmp_path):
    path = tmp_path / "colours.safetensors"
    Checkpoint(found.network, ("red", "blue")).save(path)
    whole = path.read_bytes()
    for content, words in ((whole[:5000], "cut short"), (b"PK\x03\x04 pickle", "cut short"), (b"", "cut short")):
        path.write_bytes(content)
        with pytest.raises(BadData, match=words):
            Checkpoint.load(path)
    with pytest.raises(BadData, match="Is the path right"):
        Checkpoint.load(tmp_path / "nowhere.safetensors")


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({}, "does not say what it is"),
        ({"architecture": "resnet18"}, "another network .resnet18."),
        ({"architecture": "nextlabel cnn 1", "classes": json.dumps(["a", "b"])}, "do not fit"),
        ({"architecture": "nextlabel cnn 1"}, "should be a list of names"),
    ],
)
def test_a_checkpoint_of_another_network_is_told(tmp_path, about, words):
    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors", metadata=about)
    with pytest.raises(BadData, match=words):
        Checkpoint.load(tmp_path / "other.safetensors")


def weights(network):
    return {name: part.contiguous() for name, part in network.state_dict().items()}


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        ("red, blue", "list of names"),
        ("2", "list of names"),
        ('"ab"', "list of names"),
        ("[]", "list of names"),
        ('[["a"], "b"]', "list of names"),
        ("[" * 99999, "list of names"),
        ('["a", "a"]', "2 of them are 'a'"),
        (r'["a", "b\u001b[2J"]', r"control characters in 'b\\x1b\[2J'"),
        ('["a", "b", "c"]', r"'16.bias' is \(2,\) of torch.float32, and for 3 classes"),
    ],
)
def test_names_of_classes_that_cannot_be_are_told(tmp_path, classes, words):
    about = {"architecture": ARCHITECTURE, "classes": classes}
    save_file(weights(cnn.network(2)), tmp_path / "odd.safetensors", metadata=about)
    with pytest.raises(BadData, match=words):
        Checkpoint.load(tmp_path / "odd.safetensors")


def test_a_million_classes_without_weights_cost_no_memory(tmp_path):
    about = {"architecture": ARCHITECTURE, "classes": json.dumps([str(code) for code in range(1_000_000)])}
    save_file({"16.bias": torch.zeros(2)}, tmp_path / "odd.safetensors", metadata=about)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadData, match="do not fit"):
        Checkpoint.load(tmp_path / "odd.safetensors")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000  # KB; the head alone would be 1 GB


def test_weights_that_are_no_numbers_are_told(tmp_path):
    made = cnn.network(2)
    torch.nn.init.constant_(made[0].weight, torch.nan)
    about = {"architecture": ARCHITECTURE, "classes": '["a", "b"]'}
    save_file(weights(made), tmp_path / "nan", metadata=about)
    with pytest.raises(BadData, match=r"'0.weight' holds what is no number"):
        Checkpoint.load(tmp_path / "nan")


def test_a_folder_is_no_checkpoint(tmp_path):
    with pytest.raises(BadData, match="is a folder, not a checkpoint"):
        Checkpoint.load(tmp_path)


def test_loading_draws_nothing(found, tmp_path):
    Checkpoint(found.network, ("red", "blue")).save(tmp_path / "colours.safetensors")
    before = torch.get_rng_state()
    Checkpoint.load(tmp_path / "colours.safetensors")
    assert torch.equal(torch.get_rng_state(), before)


def test_a_saved_network_may_be_read_by_whom_other_files_may(found, tmp_path):
    (tmp_path / "plain").touch()
    Checkpoint(found.network, ("red", "blue")).save(tmp_path / "colours.safetensors")
    assert (tmp_path / "colours.safetensors").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert len(list(tmp_path.iterdir())) == 2  # no draft is left


def test_what_cannot_be_written_is_told(found, tmp_path):
    for path, words in (
        (tmp_path, "is a folder"),
        (tmp_path / "no" / "a", "no folder for"),
        (tmp_path / ("a" * 300), "long"),
    ):
        with pytest.raises(CannotWrite, match=words):
            Checkpoint(found.network, ("red", "blue")).save(path)
    with pytest.raises(Mistake, match="for 3 classes"):
        Checkpoint(found.network, ("red", "blue", "green")).save(tmp_path / "colours.safetensors")
    with pytest.raises(Mistake, match="2 of them are 'red'"):
        Checkpoint(found.network, ("red", "red")).save(tmp_path / "colours.safetensors")


def test_hidden_pictures_are_not_told_apart(found, tmp_path):
    Checkpoint(found.network, ("red", "blue")).save(tmp_path / "colours.safetensors")
    folder = tmp_path / ".new"  # the folder that is asked for may be hidden itself
    for name in ("rose.jpg", "._rose.jpg", ".thumbnails/rose.jpg"):
        paint(folder / name, RED)
    assert [one.path for one in Checkpoint.load(tmp_path / "colours.safetensors").predict(folder)] == ["rose.jpg"]


def test_links_are_followed_and_those_to_nothing_are_told(found, tmp_path):
    Checkpoint(found.network, ("red", "blue")).save(tmp_path / "colours.safetensors")
    paint(tmp_path / "elsewhere" / "rose.jpg", RED)
    folder = tmp_path / "garden"
    folder.mkdir()
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (folder / "round").symlink_to(folder)
    gone, rose = Checkpoint.load(tmp_path / "colours.safetensors").predict(folder)
    assert (gone.path, gone.label, gone.reason) == ("gone.jpg", None, "is a link to nothing")
    assert (rose.path, rose.reason) == ("linked/rose.jpg", None)
    assert rose.label in ("red", "blue")
