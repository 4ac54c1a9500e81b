"""What learns. One name, one model; and any scikit-learn classifier by its dotted name."""

from collections.abc import Mapping

from nextlabel.models.base import Entry
from nextlabel.models.linear import Linear
from nextlabel.models.sklearn import Sklearn
from nextlabel.naming import named

MODELS: Mapping[str, Entry] = {"linear": Entry(lambda dataset, settings: Linear(settings))}


def model(name: str) -> Entry:
    """The model of that name, or the classifier that ``sklearn:dotted.Name(…)`` specifies.

    Raises `UnknownName` or `BadSpecification`, before anything is trained.
    """
    if name.startswith("sklearn:"):
        made = Sklearn(name)  # now, so that a bad name is told now
        return Entry(lambda dataset, settings: made)
    return named(MODELS, name, "model")
