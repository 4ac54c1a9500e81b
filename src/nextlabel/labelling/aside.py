"""What a pool does not say of a labelling, for whoever looks at how good the model is: from the log up to an event."""

from typing import NamedTuple

import numpy as np

from nextlabel.labelling.past import Past, World
from nextlabel.loop.observer import Aside
from nextlabel.pool import Ids, Pool


class _Open(NamedTuple):
    """Rows of samples without a label: ``skipped``, ``discarded`` ones, and ``asked``, of which a question was made."""

    skipped: Ids
    discarded: Ids
    asked: Ids


def read_aside(past: Past, world: World, pool: Pool) -> Aside:
    """What `Observer.see` wants to know beside ``pool``, which was built from the same log and world."""
    rows, on_side = _read_open(past, world), world.draws < past.settings.side
    answered = pool.audit[np.isin(pool.audit, pool.asked[pool.y[pool.asked] >= 0])]
    waiting = np.union1d(pool.audit[pool.y[pool.audit] < 0], rows.skipped[on_side[rows.skipped]])
    # Below the largest draw that was answered: passed over, or new in the folder. A look has to count them.
    behind = waiting[world.draws[waiting] < world.draws[answered].max(initial=-1.0)]
    asked = np.union1d(rows.asked, rows.skipped)  # who passed one over was shown it, in a check, too
    later = rows.skipped[~pool.askable[rows.skipped] & ~np.isin(rows.skipped, pool.audit)]
    away = np.union1d(later, rows.discarded)
    classes = past.state.classes
    return Aside(
        codes=np.array(past.classes() or (0,), dtype=np.int64),
        merged={one: classes.resolve(one) for one, found in classes.by_id.items() if found.merged_into is not None},
        skipped=int(np.isin(behind, asked).sum()),
        later=(int(on_side[later].sum()), int((~on_side[later]).sum())),
        away=away[on_side[away]],
        discarded=int(on_side[rows.discarded].sum()),
        by_hand=past.by_hand,
        joined=int((~np.isin(behind, asked)).sum()),
    )


def _read_open(past: Past, world: World) -> _Open:
    verdicts = past.state.verdicts()
    found = [[one for one, verdict in verdicts.items() if verdict.kind == kind] for kind in ("skip", "discard")]
    return _Open(*(world.rows(np.array(sorted(ids), dtype=np.int64)) for ids in (*found, past.asked_samples())))
