"""The page of `check`."""

from dataclasses import dataclass

from nextlabel.knobs import knob, names, read_knobs
from nextlabel.knobs.kinds import FLAG, number_within, optional, text, whole
from nextlabel.knobs.panels import CHOSEN, COMPUTED, LABELS
from nextlabel.knobs.terms import MARGIN

SIZE, BUDGET = 100, 400


@dataclass(frozen=True)
class Pilot:
    """How the pilot is drawn, and what is asked of it.

    ``pilot`` labels are drawn at random from those that there are, as if they had just been bought; where only some
    samples have labels these are one only with ``labels_are_random``. ``budget`` labels in all, pilot included;
    ``margin`` the difference of AUBC, as a fraction, by which asking has to win.

    >>> Pilot(budget=800).pilot
    100
    """

    pilot: int = knob(
        SIZE, whole(0), "Labels of the pilot: drawn at random, and used as if just bought. 0: vectors alone.", LABELS
    )
    budget: int = knob(BUDGET, whole(2), "Labels in all that you may spend, the pilot's among them.", LABELS)
    labels_are_random: bool = knob(
        False,
        FLAG,
        "Only some samples have labels, and these are a random sample: nobody chose them. They are the pilot then.",
        LABELS,
    )
    margin: float = knob(
        MARGIN,
        number_within(1e-6, 1, "a difference of AUBC in fractions, such as 0.0025"),
        "Difference of AUBC, as a fraction, that asking has to win by.",
        CHOSEN,
    )
    embedder: str | None = knob(
        None,
        optional(text("the name of an embedder, such as 'patches'", "EMBEDDER")),
        "How pictures or texts become features, as for `simulate`: "
        f"{', '.join(f'`{name}`' for name in names.EMBEDDER_NAMES)}, or onnx:FILE. Default: a project's own, else what "
        "suits them.",
        CHOSEN,
        choices=names.EMBEDDER_NAMES,
    )
    seed: int = knob(0, whole(0), "Everything random follows from it.", CHOSEN)
    jobs: int = knob(2, whole(1), "Processes side by side.", COMPUTED)

    def __post_init__(self) -> None:
        read_knobs(self)
