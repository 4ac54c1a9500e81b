"""The outlook as it goes over the wire: whether asking will go on helping, why, and what it was made of."""

from nextlabel.web.shapes import Shape


class Forecast(Shape):
    """What is expected of ``strategy`` against random questions: ``gain`` in points, ``ratio`` of labels.

    Both are the middle and the ends of an interval. ``recommended`` is the strategy, or random; ``knows`` says whether
    the ``chance`` that it wins by more than the margin is far enough from even.
    """

    strategy: str
    recommended: str
    chance: float
    knows: bool
    gain: list[float]
    ratio: list[float]


class Reason(Shape):
    """One thing that was measured, in words, and what follows; ``leans`` above 0 for asking, below 0 against it."""

    name: str
    title: str
    words: str
    advice: str
    leans: int | None


class PlayedCurve(Shape):
    """What a strategy reached when the loop was played on what the audit answers make of the rest."""

    strategy: str
    labelled: list[float]
    mean: list[float]
    low: list[float]
    high: list[float]


class Outlook(Shape):
    """What a look ahead found, from how many ``audit`` answers, as far as ``budget`` labels in all."""

    audit: int
    samples: int
    looked_at: int
    budget: int
    metric: str | None
    headline: str
    forecast: Forecast | None
    reasons: list[Reason]
    curves: list[PlayedCurve]
    notes: list[str]


class OutlookNow(Shape):
    """The last outlook, null before the first; how many audit answers there are by now, and how many are lacking.

    ``silent`` says why the last look found nothing.
    """

    audit: int
    lacking: int
    outlook: Outlook | None
    silent: str | None
