import numpy as np
import pytest
import torch
from painted import folder_of, paint
from torch import nn
from torch.nn import functional
from two_colours import pool, squares

from nextlabel import Experiment, Plan, record, simulate
from nextlabel.cli.simulate import validation_notes
from nextlabel.datasets import load
from nextlabel.datasets.base import Request
from nextlabel.errors import (
    BadNumber,
    BadSpecification,
    CannotGo,
    MissingExtra,
    Mistake,
    TrainingFailed,
    UnknownName,
)
from nextlabel.experiment import Crew
from nextlabel.models import model
from nextlabel.models.recipe import Recipe
from nextlabel.models.torch import cnn
from nextlabel.models.torch.augmentation import augment
from nextlabel.models.torch.checkpoints import Checkpoint
from nextlabel.models.torch.training import Inputs, Lesson, batches, infer, seed_torch, train
from nextlabel.pool import NOBODY, Pool
from nextlabel.scoring.holdout import holdout
from nextlabel.simulation.parts import prepare


@pytest.fixture(scope="module")
def found():
    return cnn.train_network(squares(40), pool(40, watch=range(30, 40)), Recipe(epochs=3, batch=8), 0)


def test_it_has_the_size_that_it_is_known_for():
    weights = sum(part.numel() for part in cnn.network(5).parameters())
    assert weights == 2_192_165  # 2.2 million


def test_it_is_the_network_of_the_guide():
    """Convolution, batch norm, ReLU, pooling, in the order in which everybody writes them."""
    torch.manual_seed(0)
    made = cnn.network(5).eval()
    x = torch.randn(3, 3, 64, 64)
    expected, layers = x, list(made)
    for conv, norm in ((layers[0], layers[1]), (layers[4], layers[5]), (layers[8], layers[9])):
        expected = functional.max_pool2d(functional.relu(norm(conv(expected))), 2)
    expected = layers[16](functional.relu(layers[13](expected.flatten(1))))
    assert torch.allclose(made(x), expected, atol=1e-5)


def test_it_learns_two_colours(found):
    logits, features = infer(found.network, cnn.as_inputs(squares(60)))
    assert (logits.argmax(1) == np.arange(60) % 2).mean() > 0.9
    assert features.shape == (60, 256)
    assert features.min() >= 0


def test_every_epoch_is_told(found):
    assert [one.epoch for one in found.history.epochs] == [1, 2, 3]
    best = max(found.history.epochs, key=lambda one: one.val_f1)
    assert found.history.kept == best.epoch
    assert all(0 <= one.train_f1 <= 1 and one.val_loss >= 0 for one in found.history.epochs)


def test_the_kept_weights_are_those_of_the_best_epoch(found):
    logits, _ = infer(found.network, cnn.as_inputs(squares(40)[30:]))
    kept = found.history.epochs[found.history.kept - 1]
    assert (logits.argmax(1) == np.arange(30, 40) % 2).mean() == pytest.approx(kept.val_accuracy)


def test_epochs_are_chosen_by_macro_f1_over_all_classes():
    y = np.array([0, 0, 1, 1])
    certain = np.eye(3)[y]  # right each time, and the third class is not there
    shown = Inputs(4, lambda rows: torch.from_numpy(certain[rows]).float())
    network = nn.Sequential(nn.Linear(3, 3, bias=False))
    nn.init.eye_(network[0].weight)
    learned = train(network, Lesson(shown, y, shown, y), Recipe(epochs=1, rate=1e-6, decay=0, augment=False))
    assert learned.epochs[0].val_f1 == pytest.approx(holdout(certain, y)["f1_macro"])
    assert learned.epochs[0].val_f1 == pytest.approx(2 / 3)


def test_without_validation_the_last_epoch_is_kept():
    learned = cnn.train_network(squares(10), pool(10), Recipe(epochs=2), 0).history
    assert learned.kept == 2
    assert learned.epochs[0].val_f1 is None


def test_a_validation_sample_without_an_answer_is_not_watched():
    some = pool(12, watch=[8, 9, 10, 11])
    some.y[[9, 11]] = -1
    learned = cnn.train_network(squares(12), some, Recipe(epochs=2), 0).history
    assert {one.val_accuracy for one in learned.epochs} <= {0.0, 0.5, 1.0}
    some.y[[8, 10]] = -1
    assert cnn.train_network(squares(12), some, Recipe(epochs=2), 0).history.kept == 2  # the last


def test_the_same_seed_gives_the_same_bits(found):
    torch.rand(3)
    again = cnn.train_network(squares(40), pool(40, watch=range(30, 40)), Recipe(epochs=3, batch=8), 0)
    for one, two in zip(found.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(one, two)
    other = cnn.train_network(squares(40), pool(40, watch=range(30, 40)), Recipe(epochs=3, batch=8), 1)
    assert not torch.equal(other.network[0].weight, again.network[0].weight)


def test_pictures_are_moved_a_little_and_the_edge_is_filled():
    with seed_torch(0):
        flat = augment(torch.full((50, 3, 64, 64), 0.7))
        x = torch.rand(200, 3, 64, 64)
        moved = augment(x)
    assert torch.allclose(flat, torch.full_like(flat, 0.7), atol=1e-5)
    still = torch.isclose(moved, x, atol=1e-4).flatten(1).all(1).float().mean()
    assert 0.005 < still < 0.12  # 0.3 * 0.3 * 0.5 of them are left as they are


def test_a_mirrored_picture_is_mirrored():
    x = torch.arange(64.0).repeat(300, 3, 64, 1)
    with seed_torch(1):
        moved = augment(x)
    mirrored = torch.isclose(moved, x.flip(3), atol=1e-2).flatten(1).all(1)
    assert mirrored.any()


def test_one_sample_left_over_joins_the_batch_before():
    assert [len(part) for part in batches(np.arange(129), 64)] == [64, 65]
    assert [len(part) for part in batches(np.arange(1), 64)] == [1]
    assert np.concatenate(batches(np.arange(130), 64)).tolist() == list(range(130))


def test_a_class_with_one_picture_is_learned_all_the_same():
    few = Pool(np.zeros((5, 1), np.float32), np.array([0, 1, 0, 0, 0]), np.ones(5, bool), 3)
    assert cnn.train_network(squares(5), few, Recipe(epochs=1, batch=4), 0).history.kept == 1


def test_the_committee_of_a_network_is_its_head_under_dropout(fruits):
    dataset = load(Request(str(fruits)))
    labelled = Pool(np.zeros((9, 1), np.float32), dataset.y, np.ones(9, bool), 3)
    fitted = model("cnn(epochs=1)").make(dataset, {}).fit(labelled, np.random.default_rng(0))
    mean = np.mean([head.coef_ for head in fitted.committee(400)], axis=0)
    assert mean == pytest.approx(fitted.clf.coef_, rel=0.35, abs=0.01)


def test_it_plays_a_whole_experiment_the_same_in_workers(tmp_path):
    folder = folder_of(tmp_path / "pictures", {"a": 12, "b": 12})
    experiment = Experiment(str(folder), ("random", "margin"), seeds=(0,), model="cnn(epochs=2)", val="2/class",
                            test="2/class", start="2/class", plan=Plan(batch=4, rounds=1))  # fmt: skip
    rows = simulate(experiment)
    assert [row["labelled"] for row in rows] == [4, 8, 4, 8]
    assert {row["embedder"] for row in rows} == {"own"}
    assert all("val_f1_macro" in row for row in rows)
    assert record(experiment, tmp_path / "run", Crew(jobs=2)).run.rows == rows


def test_pictures_of_any_kind_are_seen(tmp_path):
    folder = folder_of(tmp_path / "odd", {"a": 4, "b": 4})
    paint(folder / "a" / "grey.png", 128, mode="L")
    paint(folder / "a" / "palette.png", 3, mode="P")
    paint(folder / "a" / "deep.png", 30000, mode="I;16")
    paint(folder / "b" / "print.jpg", (10, 200, 30, 40), mode="CMYK")
    paint(folder / "b" / "clear.png", (10, 200, 30, 40), mode="RGBA")
    paint(folder / "b" / "dot.png", size=(1, 1))
    rows = simulate(Experiment(str(folder), ("random",), seeds=(0,), model="cnn(epochs=1)", val=0, test="2/class",
                               start="3/class", plan=Plan(batch=2, rounds=0)))  # fmt: skip
    assert rows[0]["labelled"] == 6


def test_a_loss_that_is_no_number_is_told():
    huge = Inputs(8, lambda rows: torch.full((len(rows), 3, 64, 64), 3e38))
    with seed_torch(0), pytest.raises(TrainingFailed, match="no number any more"):
        train(cnn.network(2), Lesson(huge, np.arange(8) % 2, huge.at(NOBODY), NOBODY), Recipe(epochs=2, augment=False))


def test_memory_that_runs_out_is_told():
    huge = Inputs(4, lambda rows: torch.empty(2**50))
    with seed_torch(0), pytest.raises(TrainingFailed, match="Memory ran out"):
        train(cnn.network(2), Lesson(huge, np.arange(4) % 2, huge.at(NOBODY), NOBODY), Recipe(epochs=1))


def test_memory_that_runs_out_while_looking_is_told():
    huge = Inputs(4, lambda rows: torch.empty(2**50))
    with pytest.raises(TrainingFailed, match="Memory ran out while the network looked at 64 samples at a time"):
        infer(cnn.network(2), huge)


def test_seeding_the_processor_wakes_no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: pytest.fail(f"{device} was woken"))
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda seed: pytest.fail("every GPU was seeded"))
    monkeypatch.setattr(torch.mps, "manual_seed", lambda seed: pytest.fail("a GPU was seeded"))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with seed_torch(0):
        first = torch.rand(3)
    with seed_torch(0):
        assert torch.equal(torch.rand(3), first)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
def test_a_gpu_trains_keeps_and_tells_apart(tmp_path):
    found = cnn.train_network(squares(9), pool(9), Recipe(epochs=2, device="cuda"), 0)
    assert next(found.network.parameters()).is_cuda
    features = infer(found.network, cnn.as_inputs(squares(9)))[1]
    Checkpoint(found.network, ("a", "b")).save(tmp_path / "network.safetensors")
    kept = Checkpoint.load(tmp_path / "network.safetensors").network
    assert infer(kept, cnn.as_inputs(squares(9)))[1] == pytest.approx(features, rel=1e-2, abs=1e-2)


class TooLarge(nn.Linear):
    """Larger than the device's memory."""

    def to(self, device):
        raise torch.OutOfMemoryError("CUDA out of memory.")


def test_a_device_too_small_for_the_network_is_told():
    shown = Inputs(4, lambda rows: torch.zeros(len(rows), 3))
    with pytest.raises(TrainingFailed, match="Memory ran out"):
        train(TooLarge(3, 2), Lesson(shown, np.arange(4) % 2, shown.at(NOBODY), NOBODY), Recipe(augment=False))


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("cnn(epoch=3)", BadSpecification, "Did you mean 'epochs'"),
        ("cnn(3)", BadSpecification, "Write every option as name=value"),
        ("cnn(epochs=open('x'))", BadSpecification, "not a plain value"),
        ("cnn(epochs=0)", BadNumber, "1 or more"),
        ("cnn(rate=-1)", BadNumber, "above 0"),
        ("cnn(epochs=True)", BadNumber, "whole number"),
        ("cnn(rate=True)", BadNumber, "above 0"),
        ("cnn(augment='no')", BadSpecification, "True or False"),
        ("cnn(augment=1)", BadSpecification, "True or False"),
        ("cnn(device='gpu')", UnknownName, "cpu, cuda, mps"),
        ("cnn(device='cpu:x')", UnknownName, "No device is called 'cpu:x'"),
        ("cnn(device='cuda:-1')", UnknownName, "No device is called 'cuda:-1'"),
        ("cnn(device=7)", UnknownName, "No device is called '7'"),
        ("linear(C=1)", BadSpecification, "It has none"),
        ("cmn", UnknownName, "Did you mean 'cnn'"),
    ],
)
def test_options_that_cannot_be_are_told(text, error, words):
    with pytest.raises(error, match=words):
        model(text)


def test_numbers_of_numpy_are_numbers():
    knobs = {"epochs": np.int64(2), "batch": np.int32(8), "rate": np.float32(0.001), "decay": np.float16(0)}
    learned = cnn.train_network(squares(9), pool(9), Recipe(**knobs, augment=np.bool_(False)), 0).history
    assert [one.epoch for one in learned.epochs] == [1, 2]


def test_a_gpu_beyond_those_here_is_one_sentence(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(CannotGo, match="finds 2 'cuda' devices on this machine, counted from 0, and none is 'cuda:7'"):
        model("cnn(device='cuda:7')")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_an_absent_gpu_is_one_sentence():
    with pytest.raises(CannotGo, match="finds no 'cuda' device on this machine"):
        model("cnn(device='cuda')")


def test_a_table_is_refused_before_anything_is_trained(tmp_path):
    (tmp_path / "t.csv").write_text("x,label\n" + "".join(f"{i % 7},{i % 2}\n" for i in range(40)))
    with pytest.raises(Mistake, match="learns from pictures"):
        simulate(Experiment(str(tmp_path / "t.csv"), ("random",), seeds=(0,), model="cnn"))


def test_without_torch_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"pip install 'nextlabel\[torch\]'"):
        model("cnn")


@pytest.mark.parametrize(("val", "where"), [("0", ""), (None, " under 1 seed (1)")])
def test_a_network_that_nobody_watches_is_told(tmp_path, val, where):
    folder = folder_of(tmp_path / "pictures", {"red": 8, "blue": 8})
    more = {"val": val}
    if val is None:
        (tmp_path / "s.json").write_text(
            '[{"test": [0, 8], "val": [1], "start": [2, 9]}, {"test": [0], "start": [2, 9]}]'
        )
        more = {"split": str(tmp_path / "s.json")}
    experiment = Experiment(
        str(folder), ("random",), seeds=(0, 1), model="cnn(epochs=1)", plan=Plan(batch=1, rounds=0), **more
    )
    assert validation_notes(prepare(experiment)) == [
        f"There are no validation samples{where}, so 'cnn(epochs=1)' kept its last epoch, not its best one."
    ]
