"""The names that ``--help`` shows and the shell completes: here, because the tables load what takes seconds.

A test holds every one of these against its table.
"""

STRATEGY_NAMES = (
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
MODEL_NAMES = ("linear", "cnn")
EMBEDDER_NAMES = ("efficientnet", "patches", "pixels", "dinov2", "use", "tfidf")
ORACLE_NAMES = ("truth", "noisy", "replay")
DATASET_NAMES = ("digits",)
AREA_NAMES = ("mean", "lu2023")
SPLIT_NAMES = ("folders", "random")
CPU = "cpu"
DEVICE_NAMES = (CPU, "cuda", "mps")
