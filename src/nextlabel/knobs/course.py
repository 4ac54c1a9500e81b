"""The page of `train`."""

from dataclasses import dataclass

from nextlabel.knobs import knob, names, read_knobs
from nextlabel.knobs.kinds import FLAG, optional, text, whole
from nextlabel.knobs.panels import CHOSEN, LABELS

LINEAR = "linear"


@dataclass(frozen=True)
class Course:
    """How a classifier is trained.

    ``model`` learns on what ``embedder`` makes of pictures; with ``random_labels`` its probabilities are calibrated by
    cross-validation, which is honest only where nobody, and no query strategy, chose what was labelled.

    >>> Course(model="cnn(epochs=5)").random_labels
    False
    """

    model: str | None = knob(  # None: a project's own, else `LINEAR`
        None,
        optional(text("the name of a model, such as 'linear' or 'cnn(epochs=10)'", "MODEL")),
        "`linear`, or `cnn`, which learns from the pictures themselves (needs torch). Default: a project's own, else "
        "`linear`.",
        CHOSEN,
        choices=names.MODEL_NAMES,
    )
    embedder: str | None = knob(  # None: what suits the dataset
        None,
        optional(text("the name of an embedder, such as 'patches'", "EMBEDDER")),
        "How pictures or texts become features, as for `simulate`: "
        f"{', '.join(f'`{name}`' for name in names.EMBEDDER_NAMES)}, or onnx:FILE. Default: a project's own, else what "
        "suits them.",
        CHOSEN,
        choices=names.EMBEDDER_NAMES,
    )
    random_labels: bool = knob(
        False,
        FLAG,
        "The labels are a random sample of the data: nobody, and no query strategy, chose what to label. Probabilities "
        "are then calibrated on them; else they are called scores.",
        LABELS,
    )
    seed: int = knob(0, whole(0), "Everything random follows from it.", CHOSEN)

    def __post_init__(self) -> None:
        read_knobs(self)
