"""What a labelling is set to: kept as events of its store, so that each batch is chosen by what held then."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

SIDE = 0.2  # share of the samples that are the audit's, fixed when a project begins


@dataclass(frozen=True)
class Settings:
    """All settings of a labelling.

    ``project`` its own random name; ``seed``: everything random follows from it; ``kind`` of its samples, with
    ``text_column`` where they are rows of a table; ``side`` the share of the samples that no strategy sees, and
    ``audit_share`` that of the questions that go there; ``strategy`` chooses, ``cold`` until two classes are known,
    ``batch`` samples at once, by a ``model`` on what ``embedder`` makes of them (None: what suits them). ``overlap``:
    the share of the questions that two people answer. ``predictions``: show the model's before the answer.
    ``follow_links``: links that leave the folder are read.

    >>> Settings(seed=7).changed({"batch": 20, "colour": "blue"}).batch  # what an older version kept is passed over
    20
    """

    project: str = ""
    seed: int = 0
    kind: Literal["picture", "text"] = "picture"
    text_column: str | None = None
    follow_links: bool = False
    side: float = SIDE
    audit_share: float = 0.2
    strategy: str = "auto"
    cold: str = "maxherding"
    batch: int = 10
    model: str = "linear"
    embedder: str | None = None
    overlap: float = 0.0
    demo: bool = False
    predictions: bool = False
    show_names: bool = False
    goal: int | None = None
    error_value: float | None = None
    label_cost: float | None = None
    actions: Mapping[str, str] = field(default_factory=dict)

    def changed(self, changes: Mapping[str, Any]) -> "Settings":
        """These settings, some of them changed."""
        known = {one.name for one in fields(self)}
        return replace(self, **{name: value for name, value in changes.items() if name in known})


def read_settings(kept: Mapping[str, Any]) -> Settings:
    """The settings that a state holds."""
    return Settings().changed(kept)
