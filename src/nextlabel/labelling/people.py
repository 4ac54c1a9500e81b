"""Who labels: names, invitations, and how far two people agree."""

import math
import secrets
from collections import Counter
from collections.abc import Mapping
from typing import Any

from nextlabel.labelling.past import ONE_BY_ONE
from nextlabel.labelling.project import Project

Json = dict[str, Any]
FEWEST_PAIRS = 10
Z = 1.959964  # of a 95 % interval


class People:
    """The annotators of a project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._names: dict[int, str] = {one.id: one.name for one in project.store.annotators()}

    def by_id(self) -> Mapping[int, str]:
        """Names by id; those whom another process invited meanwhile, too."""
        return self._names

    def names(self) -> list[str]:
        """All names, in the order of their invitations."""
        return list(self._names.values())

    def name(self, annotator: int) -> str:
        """Somebody's name."""
        return self._names.get(annotator, "?")

    def invite(self, name: str, digest: str) -> int:
        """Let somebody in, once, by a token of this digest."""
        with self.project.lock:
            found = self.project.store.invite(name, digest)
            self._names[found.id] = found.name
            return found.id

    def redeem(self, digest: str) -> int | None:
        """Whose token has this digest; it is void afterwards."""
        with self.project.lock:
            people = self.project.store.annotators()  # a second command may have invited somebody just now
            self._names = {one.id: one.name for one in people}
            found = next((one for one in people if one.token_hash == digest), None)
            if found is None:
                return None
            self.project.store.invite(found.name, secrets.token_hex(32))
            return found.id

    def agreement(self) -> Json | None:
        """Cohen's kappa between people who answered the same question."""
        pairs = []
        for sample in self.project.verdicts:
            opinions = [class_id for _, class_id in sorted(self._opinions(sample).items())]
            if len(opinions) >= 2:
                pairs.append((opinions[0], opinions[1]))
        return kappa(pairs) if len(pairs) >= FEWEST_PAIRS else None

    def _opinions(self, sample: int) -> dict[int, int]:
        """Each person's own class for a sample; in Review they have seen the other's, and agree all too well."""
        state, found = self.project.state, dict[int, int]()
        for event in state.standing(sample):
            if event.annotator_id is None or event.how not in ONE_BY_ONE or state.is_decision(event):
                continue
            if event.class_id is not None:
                found[event.annotator_id] = state.classes.resolve(event.class_id)
        return found


def kappa(pairs: list[tuple[int, int]]) -> Json | None:
    """Cohen's kappa (1960) with the interval of its large-sample variance (Fleiss, Cohen and Everitt, 1969).

    None where chance alone would agree always, so that it is not defined.

    >>> found = kappa([(0, 0)] * 20 + [(1, 1)] * 15 + [(0, 1)] * 5 + [(1, 0)] * 10)
    >>> round(found["kappa"], 2), round(found["low"], 2), round(found["high"], 2)
    (0.4, 0.15, 0.65)
    """
    n = len(pairs)
    first, second, both = Counter(a for a, _ in pairs), Counter(b for _, b in pairs), Counter(pairs)
    seen = sum(count for (a, b), count in both.items() if a == b) / n
    chance = sum(first[one] * second[one] for one in first) / n**2
    if chance >= 1:
        return None
    value = (seen - chance) / (1 - chance)
    spread = _variance(n, first, second, both, value, chance)
    half = Z * math.sqrt(max(spread, 0.0))
    return {"pairs": n, "kappa": value, "low": max(value - half, -1.0), "high": min(value + half, 1.0)}


def _variance(
    n: int,
    first: Counter[int],
    second: Counter[int],
    both: Counter[tuple[int, int]],
    value: float,
    chance: float,
) -> float:
    diagonal = sum(
        count / n * (1 - (first[a] + second[a]) / n * (1 - value)) ** 2 for (a, b), count in both.items() if a == b
    )
    rest = sum(count / n * ((second[a] + first[b]) / n) ** 2 for (a, b), count in both.items() if a != b)
    return (diagonal + (1 - value) ** 2 * rest - (value - chance * (1 - value)) ** 2) / (n * (1 - chance) ** 2)
