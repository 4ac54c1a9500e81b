"""The metrics of the project, in one table: what each is called, how it is said, and what may be done with it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One metric: its ``name`` in rows and files, and its ``words`` in prose.

    ``score``: a fraction of which more is better, so that curves of it can be compared, and are shown in percent.
    """

    name: str
    words: str
    score: bool = True


# In the order in which a comparison of CSV files takes the first that is there, and in which files list them.
METRICS: Mapping[str, Metric] = {
    one.name: one
    for one in (
        Metric("metric", "score"),  # of a CSV file that does not say which
        Metric("accuracy", "accuracy"),
        Metric("balanced_accuracy", "balanced accuracy"),
        Metric("f1_macro", "macro F1"),
        Metric("log_loss", "log loss", score=False),
        Metric("ece", "calibration error", score=False),
        # What a network chooses its epoch by; of validation samples, so no measure of how good it is.
        Metric("val_f1_macro", "macro F1 on the validation set", score=False),
    )
}
SCORES = tuple(name for name, one in METRICS.items() if one.score)
MAIN = ("accuracy", "f1_macro")  # what a report draws and lists of every run
