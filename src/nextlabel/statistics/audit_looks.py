"""When a figure on audit answers may be shown, and how wide its interval is, while answers keep coming.

Whoever labels looks at the figure again and again. An interval that is right for one look is wrong for sixteen: 1,224
of 1,500 simulated labellings, not 1,425, had no false figure. So there are looks at fixed numbers of answers, and the
level of each is such that all of them hold together in 95 of 100 labellings. In between, the last figure stands.

>>> share_at_look([True] * 25 + [False] * 10) is None, share_at_look([True] * 20) is None
(False, True)
>>> found = share_at_look([True] * 25 + [False] * 10)
>>> found.hits, found.total, round(found.low, 2), round(found.high, 2)
(25, 30, 0.58, 0.97)
"""

from collections.abc import Sequence

import numpy as np

from nextlabel.pool import Ids
from nextlabel.statistics.intervals import Share, clopper_pearson

# About a quarter more each time; numbers of audit answers.
LOOKS = (30, 38, 47, 59, 73, 92, 115, 143, 179, 224, 280, 350, 437, 546, 683, 853)
# From 200,000 simulated paths of max |W(t)| / sqrt(t) over these looks; Bonferroni would ask for .0031.
LEVEL = 1 - 0.00681
FOLDS = 5  # that audit answers are dealt into: each is asked of a model that has not learned its fold


def deal(answers: int) -> Ids:
    """The fold (m,) of each audit answer, by its place: whoever joins later moves nobody.

    >>> deal(7).tolist()
    [0, 1, 2, 3, 4, 0, 1]
    """
    fold: Ids = np.arange(answers) % FOLDS
    return fold


def last_look(answers: int) -> int | None:
    """The number of answers at the last look; None before the first.

    >>> last_look(29), last_look(30), last_look(58), last_look(2_000)
    (None, 30, 47, 853)
    """
    return next((look for look in reversed(LOOKS) if look <= answers), None)


def share_at_look(right: Sequence[bool]) -> Share | None:
    """The share right of the audit answers that were there at the last look, in the order in which they were asked.

    None before the first look. Its interval (Clopper and Pearson, 1934) holds at all looks together, with 95 %.
    """
    look = last_look(len(right))
    return None if look is None else clopper_pearson(sum(map(bool, right[:look])), look, LEVEL)
