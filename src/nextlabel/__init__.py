"""Label less, and know how much less.

The names below are the public door; what they are made of may move. Two more rooms are public: `nextlabel.strategies`
(query strategies, drop-ins for scikit-activeml's) and `nextlabel.conformance` (contracts for parts of your own).
Pictures of a run are drawn by `nextlabel.report.drawing`.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nextlabel.checking import Outlook, check
    from nextlabel.classifiers.base import Classifier
    from nextlabel.classifiers.file import load_classifier, save_classifier
    from nextlabel.classifiers.onnx import export_onnx
    from nextlabel.comparison import compare
    from nextlabel.datasets import load_dataset
    from nextlabel.datasets.base import Dataset
    from nextlabel.datasets.splits import Split, split
    from nextlabel.embedders import embed
    from nextlabel.evaluation import evaluate
    from nextlabel.evaluation.base import Evaluation
    from nextlabel.experiment import Crew, Experiment
    from nextlabel.knobs.course import Course
    from nextlabel.knobs.pilot import Pilot
    from nextlabel.loop.asking import ask
    from nextlabel.loop.learner import ActiveLearner, View
    from nextlabel.loop.oracles import Truth
    from nextlabel.loop.rounds import Round, drive, rounds
    from nextlabel.models.base import Fitted
    from nextlabel.models.head import LinearHead
    from nextlabel.models.linear import Linear
    from nextlabel.models.predictions import Prediction
    from nextlabel.models.recipe import Recipe
    from nextlabel.models.torch.checkpoints import Checkpoint
    from nextlabel.models.torch.classifier import TorchClassifier
    from nextlabel.models.torch.cnn import Cnn, Training
    from nextlabel.plan import Plan
    from nextlabel.pool import Pool
    from nextlabel.prediction import predict
    from nextlabel.runs.reading import Run
    from nextlabel.scoring.holdout import holdout
    from nextlabel.seeds import stream
    from nextlabel.selection import select
    from nextlabel.simulation import Recorded, iter_simulate, record, record_study, simulate
    from nextlabel.study import Study, read_study
    from nextlabel.training import train
    from nextlabel.wording.verdicts import summary

__version__ = "0.1.0"

__all__ = [
    "ActiveLearner",
    "Checkpoint",
    "Classifier",
    "Cnn",
    "Course",
    "Crew",
    "Dataset",
    "Evaluation",
    "Experiment",
    "Fitted",
    "Linear",
    "LinearHead",
    "Outlook",
    "Pilot",
    "Plan",
    "Pool",
    "Prediction",
    "Recipe",
    "Recorded",
    "Round",
    "Run",
    "Split",
    "Study",
    "TorchClassifier",
    "Training",
    "Truth",
    "View",
    "ask",
    "check",
    "compare",
    "drive",
    "embed",
    "evaluate",
    "export_onnx",
    "holdout",
    "iter_simulate",
    "load_classifier",
    "load_dataset",
    "predict",
    "read_study",
    "record",
    "record_study",
    "rounds",
    "save_classifier",
    "select",
    "simulate",
    "split",
    "stream",
    "summary",
    "train",
]

# Where each of them lives. A test compares this with what type checkers are told above.
_HOMES = {
    "ActiveLearner": "loop.learner",
    "Checkpoint": "models.torch.checkpoints",
    "Classifier": "classifiers.base",
    "Cnn": "models.torch.cnn",
    "Course": "knobs.course",
    "Crew": "experiment",
    "Dataset": "datasets.base",
    "Evaluation": "evaluation.base",
    "Experiment": "experiment",
    "Fitted": "models.base",
    "Linear": "models.linear",
    "LinearHead": "models.head",
    "Outlook": "checking",
    "Pilot": "knobs.pilot",
    "Plan": "plan",
    "Pool": "pool",
    "Prediction": "models.predictions",
    "Recipe": "models.recipe",
    "Recorded": "simulation",
    "Round": "loop.rounds",
    "Run": "runs.reading",
    "Split": "datasets.splits",
    "Study": "study",
    "TorchClassifier": "models.torch.classifier",
    "Training": "models.torch.cnn",
    "Truth": "loop.oracles",
    "View": "loop.learner",
    "ask": "loop.asking",
    "check": "checking",
    "compare": "comparison",
    "drive": "loop.rounds",
    "embed": "embedders",
    "evaluate": "evaluation",
    "export_onnx": "classifiers.onnx",
    "holdout": "scoring.holdout",
    "iter_simulate": "simulation",
    "load_classifier": "classifiers.file",
    "load_dataset": "datasets",
    "predict": "prediction",
    "read_study": "study",
    "record": "simulation",
    "record_study": "simulation",
    "rounds": "loop.rounds",
    "save_classifier": "classifiers.file",
    "select": "selection",
    "simulate": "simulation",
    "split": "datasets.splits",
    "stream": "seeds",
    "summary": "wording.verdicts",
    "train": "training",
}


def __getattr__(name: str) -> Any:
    """Import a public name at its first use: scikit-activeml alone takes seconds, and ``--help`` needs none of it."""
    if name not in _HOMES:
        raise AttributeError(f"module 'nextlabel' has no attribute '{name}'")
    if _HOMES[name].startswith("models.torch."):
        importlib.import_module("nextlabel.models.recipe").need_torch()
    return getattr(importlib.import_module(f"nextlabel.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """What completion offers: the names are there although nothing is imported yet."""
    return sorted([*globals(), *__all__])
