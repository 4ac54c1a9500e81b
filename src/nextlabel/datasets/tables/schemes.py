"""How the columns of one table became numbers, kept so that those of another table become the same ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Scheme:
    """To come."""

    width: int

    def plain(self) -> dict[str, Any]:
        return {"width": self.width}

    @classmethod
    def read(cls, words: Mapping[str, Any]) -> "Scheme":
        return cls(int(words["width"]))
