"""What is compared: a bench, which is one dataset with one model and one embedder, and every row on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nextlabel.runs.environment import Environment
from nextlabel.runs.lines import Row

SETTING_COLUMNS = ("model", "embedder")  # of a CSV file, where they may be missing


@dataclass(frozen=True)
class Bench:
    """One dataset with one model and one embedder (both None in a CSV that does not say), and every row on it.

    ``metric`` is the one that verdicts are about; ``whole`` how many samples each seed could label in all, where that
    is known; ``hashes`` the proof that strategies shared split and start, empty for a CSV; ``fingerprint`` the data's
    own; ``made_by`` the implementing class of each strategy; ``origins`` what each run's folder was made with, the
    environment that began it first.
    """

    dataset: str
    model: str | None
    embedder: str | None
    metric: str
    rows: Sequence[Row]
    # From here on, but for `source`, what a CSV file cannot say: empty there, and checks that need it are skipped.
    whole: Mapping[int, int] = field(default_factory=dict)
    hashes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    protocol: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: str | None = None  # the same under two names: one family, one vote
    source: str = ""
    made_by: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, Sequence[Environment]] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str | None, str | None]:
        """Runs with the same key are joined."""
        return self.dataset, self.model, self.embedder

    @property
    def title(self) -> str:
        """In a few words: ``flowers (linear, patches)``."""
        more = ", ".join(word for word in (self.model, self.embedder) if word)
        return f"{self.dataset} ({more})" if more else self.dataset

    @property
    def strategies(self) -> list[str]:
        """In the order of the rows."""
        # A dict and not a set: tables and figures keep the order in which strategies were given.
        return list(dict.fromkeys(row["strategy"] for row in self.rows))

    def seeds(self, strategy: str) -> set[int]:
        """Those that a strategy was played under."""
        return {row["seed"] for row in self.rows if row["strategy"] == strategy}
