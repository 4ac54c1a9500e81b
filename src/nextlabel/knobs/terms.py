"""The page of `compare`."""

from collections.abc import Sequence
from dataclasses import dataclass

from nextlabel.knobs import knob, names, read_knobs
from nextlabel.knobs.kinds import FLAG, NAMES, number_within, optional, text
from nextlabel.knobs.panels import COMPARED
from nextlabel.specifications import look_up

MARGIN = 0.0025  # of AUBC: a difference that nobody would change a strategy for


@dataclass(frozen=True)
class Terms:
    """How to compare.

    ``against`` the strategy that the others are measured by; ``margin`` the difference of AUBC, as a fraction, that
    does not matter; ``strategies`` to keep, None for all; ``aubc`` "mean" for the mean height of a curve, or "lu2023"
    for the area of Lu, Li and Lin (2023), which is no height and not comparable with it; ``one_look``: the number of
    seeds was fixed beforehand, and nobody will add to it.
    """

    against: str = knob(
        "random",
        text("the name of a query strategy, such as 'random'", "NAME"),
        "The strategy that the others are measured by.",
        COMPARED,
        choices=names.STRATEGY_NAMES,
    )
    margin: float = knob(
        MARGIN,
        number_within(
            1e-6, 1, "a difference of AUBC in fractions, such as 0.0025"
        ),  # less would plan for endless seeds
        "Difference of AUBC, as a fraction, that does not matter.",
        COMPARED,
    )
    strategies: Sequence[str] | None = knob(
        None, optional(NAMES), "Compare these only, separated by commas.", COMPARED, choices=names.STRATEGY_NAMES
    )
    aubc: str = knob(
        "mean",
        text("'mean' or 'lu2023'", "NAME"),
        "`mean` height of a curve, or `lu2023`: the area of Lu, Li and Lin (2023).",
        COMPARED,
        choices=names.AREA_NAMES,
    )
    one_look: bool = knob(
        False,
        FLAG,
        "The number of seeds was fixed beforehand: plain t intervals, which hold for one look only.",
        COMPARED,
    )

    def __post_init__(self) -> None:
        read_knobs(self)
        look_up(dict.fromkeys(names.AREA_NAMES), self.aubc, "AUBC")
