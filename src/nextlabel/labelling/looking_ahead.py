"""What the worker computes for whoever asks whether asking will go on helping: the check, on the labelling's own audit.

The pilot is the audit answers. They were drawn at random, and what they say was never seen by the choice of questions,
so they stand for the whole folder as no other label does.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from nextlabel.checking import Outlook, check
from nextlabel.errors import NextlabelError
from nextlabel.knobs.pilot import BUDGET, Pilot
from nextlabel.labelling.past import Past, World
from nextlabel.loop.guesses import Answers
from nextlabel.pool import Ids, Pool
from nextlabel.wording.checking import describe_check, headline

if TYPE_CHECKING:
    from nextlabel.labelling.worker import Worker

AHEAD = 300  # labels beyond those that there are, as far as is looked
JOBS = 2  # processes of their own: whoever answers meanwhile is given the next batch by this one


def look_ahead(worker: "Worker") -> dict[str, Any]:
    """The outlook as the page shows it, or the sentence that says why there is none."""
    assert worker.opened is not None, "nobody is asked before something was read"
    past = Past()
    past.follow(worker.visit)
    try:
        outlook = foresee(past, worker.opened[0], JOBS)
    except NextlabelError as error:
        return {"silent": str(error)}
    return {"outlook": write_outlook(outlook)}


def foresee(past: Past, world: World, jobs: int) -> Outlook:
    """The check of a labelling as it stands. Raises `BadData` where there is too little to look at."""
    known = past.build_pool(world)
    pool, names = known.pool, [past.state.classes.by_id[one].name for one in known.classes]
    pilot, rows = Answers.of(pool).audit, rows_in_play(pool)
    terms = Pilot(budget=max(BUDGET, len(pool.labelled()) + AHEAD), seed=past.settings.seed, jobs=jobs)
    return check(pool.features[rows], np.searchsorted(rows, pilot), pool.y[pilot], names, terms)


def rows_in_play(pool: Pool) -> Ids:
    """Samples that are labelled, or may be one day: of what is gone or put aside nothing is foretold."""
    rows: Ids = np.union1d(np.union1d(pool.audit, pool.labelled()), np.flatnonzero(pool.askable))
    return rows


def write_outlook(outlook: Outlook) -> dict[str, Any]:
    """The outlook as JSON, in the words of `nextlabel check`; curves that are no numbers somewhere are left out."""
    found = outlook.plain()
    known = {name: found[name] for name in ("samples", "looked_at", "budget", "metric", "forecast", "notes")}
    played = {arm: curve for arm, curve in found["played"].items() if np.isfinite([*curve.values()]).all()}
    curves = [{"strategy": arm, **curve} for arm, curve in played.items()]
    reasons = [asdict(reason) for reason in describe_check(found)]
    return known | {"audit": found["pilot"], "headline": headline(found), "reasons": reasons, "curves": curves}
