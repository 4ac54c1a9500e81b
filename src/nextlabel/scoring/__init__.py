"""How good is the model? One name, one scorer; each adds its figures to every row of a run."""

from collections.abc import Mapping

from nextlabel.pool import Floats, Labels
from nextlabel.scoring.base import Scorer, Scores
from nextlabel.scoring.holdout import holdout

SCORERS: Mapping[str, Scorer] = {"holdout": holdout}


def scores(proba: Floats, y: Labels) -> Scores:
    """What every scorer of the table says of predictions ``proba`` (n, C) for samples with true codes ``y`` (n,)."""
    return {name: value for scorer in SCORERS.values() for name, value in scorer(proba, y).items()}
