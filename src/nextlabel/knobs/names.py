"""The names that ``--help`` shows and the shell completes: here, because the tables load what takes seconds.

A test holds every one of these against its table.
"""

STRATEGIES = (
    "random",
    "least_confident",
    "margin",
    "entropy",
    "badge",
    "coreset",
    "typiclust",
    "probcover",
    "maxherding",
    "uherding",
    "bald",
    "powerbald",
    "batchbald",
    "auto",
)
MODELS = ("linear", "cnn")
EMBEDDERS = ("patches", "pixels", "dinov2")
ORACLES = ("truth", "noisy", "replay")
DATASETS = ("digits",)
AREAS = ("mean", "lu2023")
