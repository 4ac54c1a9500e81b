"""The model of the guide: define it, train it, evaluate it, keep it.

Thin faces over nextlabel, one function for each step that the guide names.
"""

from pathlib import Path

from data_utils import Ids
from matplotlib.figure import Figure
from torch import nn

from nextlabel import Checkpoint, Cnn, Dataset, Fitted, Pool, Prediction, Recipe, Training, holdout, stream


def define_model(n_classes: int) -> nn.Sequential:
    """The network: three blocks of convolution, 256 features, dropout, a linear head."""
    return Cnn.build(n_classes)


def train_model(dataset: Dataset, pool: Pool, epochs: int = 30, seed: int = 0) -> Training:
    """Train a fresh network on the labelled samples of a pool; the epoch with the best validation F1 is kept."""
    return Cnn(dataset, Recipe(epochs=epochs)).train(pool, seed)


def extract_features(dataset: Dataset, pool: Pool, trained: Training, seed: int = 0) -> Fitted:
    """What the network's last layer sees of every sample, (N, 256), and that layer as a classifier over it."""
    return Cnn(dataset, Recipe()).represent(trained.network, pool, stream(seed, "guide"))


def evaluate_model(dataset: Dataset, trained: Training, ids: Ids) -> dict[str, float | None]:
    """Accuracy, balanced accuracy, macro F1, log loss and calibration error on some samples."""
    assert dataset.pictures is not None, "the guide's data are pictures"
    squares = dataset.pictures.squares(64)[ids]  # (n, 64, 64, 3)
    proba = Checkpoint(trained.network, dataset.classes).probabilities(squares)  # (n, C)
    return holdout(proba, dataset.y[ids])


def plot_training(trained: Training) -> Figure:
    """Loss and macro F1, epoch by epoch; a dotted line marks the epoch that was kept."""
    epochs = trained.history.epochs
    figure = Figure(figsize=(9, 3), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ("loss", "f1"), strict=True):
        for part, colour in (("train", "#5b6570"), ("val", "#0072b2")):
            values = [getattr(one, f"{part}_{name}") for one in epochs]
            if values[0] is not None:
                axes.plot([one.epoch for one in epochs], values, color=colour, label=part)
        kept = "kept" if epochs[0].val_f1 is not None else "kept: the last, as nothing was watched"
        axes.axvline(trained.history.kept, color="#d55e00", linestyle=":", label=kept)
        axes.set(xlabel="epoch", title={"loss": "Loss", "f1": "Macro F1"}[name])
        axes.legend(frameon=False)
    return figure


def save_model(trained: Training, dataset: Dataset, path: str | Path) -> None:
    """Keep a network and the names of its classes in one file that can run nothing (safetensors)."""
    Checkpoint.of(trained.network, dataset).save(Path(path))


def load_model(path: str | Path) -> Checkpoint:
    """Read what `save_model` wrote."""
    return Checkpoint.load(Path(path))


def predict(checkpoint: Checkpoint, where: str | Path) -> list[Prediction]:
    """What a network says of one picture, or of every picture in a folder."""
    return checkpoint.predict(Path(where))
