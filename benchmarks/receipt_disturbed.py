"""Does the receipt tell the truth where people skip, err and change their minds?

``python benchmarks/receipt_disturbed.py [--seeds N] [--sets a,b] [--kinds a,b] [--out FOLDER]``

Whole labellings through the product's own store, queue and log: a project over a folder of pictures, questions and
answers by the session that the page talks to, each batch chosen one ahead as soon as one is closed, the receipt read
from the log. Only the worker's process is left out: what it does is done here, so that nobody waits for anybody.
Vectors are computed once and kept. Even seeds choose by ``auto``, odd ones by ``margin``.

    plain      none of it
    skips      5 % of the pictures, drawn, are skipped when they are seen first
    discards   the 5 % of the smallest margins under a model of all labels are put aside
    late       a class is added at answer 100; till then its pictures are skipped (seeds 0, 1, 4, 5, …), or called
               another (2, 3, 6, 7, …)
    doubling   half of the folder comes at answer 150
    two        two people take turns, and one of them is wrong about 10 % of the pictures
    grid       at answer 100 up to a hundred more are answered in the grid, where the model is sure and right
    lasso      at answer 100 the hundred pictures nearest to one are drawn around on the map, and asked next

A labelling held where all intervals of ``new`` and ``rest`` that it showed did. The truth is agreement with what that
person would say: of ``new`` on three tenths of the pictures, which were kept out (N' of them: an interval of m answers
is widened by sqrt(1 + m / N')), of ``rest`` on all that have no label. What would be put aside is in neither.
``results/receipt/disturbed.json`` holds the counts, and how often the receipt spoke of it by itself. Labellings are
kept in ``--out``, and gone on with.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
from disturbed_people import DISCARD, LATE, SETS, SKIP, Pictures, Somebody, open_pictures
from threadpoolctl import threadpool_limits

from nextlabel.datasets.base import Dataset
from nextlabel.estimators import estimate
from nextlabel.estimators.base import History
from nextlabel.labelling import LabellingSession, Opened, Wish, open_project
from nextlabel.labelling.choosing import Predictions, choose, make_learner
from nextlabel.labelling.past import Past, World
from nextlabel.labelling.receipts import Receipts
from nextlabel.labelling.scan import scan
from nextlabel.labelling.trainer import AHEAD
from nextlabel.loop.guesses import guess_of
from nextlabel.loop.learner import learn
from nextlabel.pool import Ids
from nextlabel.seeds import stream
from nextlabel.statistics.held import is_right
from nextlabel.store import Choice, File, Question, Visit, visit_store
from nextlabel.wording.receipt import describe_receipt

RESULT = Path(__file__).parent / "results" / "receipt" / "disturbed.json"
KINDS = ("plain", "skips", "discards", "late", "doubling", "two", "grid", "lasso")
TEST, ANSWERS = 0.3, 320  # as many as make 64 audit questions: looks at 30, 38, 47 and 59
DOUBLE, GRID, LASSO = 150, 100, 100
BOTH = ("new", "rest")
Row = dict[str, Any]


class Labelling:
    """One labelling: a project over a folder, whoever answers, and the receipt."""

    def __init__(self, kind: str, seed: int, pictures: Pictures, place: Path) -> None:
        self.kind, self.seed, self.pictures, self.place = kind, seed, pictures, place
        self.somebody = Somebody(kind, seed, pictures)
        order = stream(seed, "test").permutation(len(pictures.y))
        count = round(TEST * len(order))
        self.test, self.inside = np.sort(order[:count]), np.sort(order[count:])
        late = np.sort(order[count + (len(order) - count) // 2 :]) if kind == "doubling" else order[:0]
        self.coming = late
        self._put(np.setdiff1d(self.inside, late))
        self.rows: list[Row] = []
        self.answered, self.drew = 0, False
        self.predicted: Predictions | None = None

    def _put(self, ids: Ids) -> None:
        """Lay pictures into the folder, under names that say nothing but their number."""
        self.place.mkdir(exist_ok=True)
        for i in ids.tolist():
            file = self.pictures.files[i]
            os.symlink(file, self.place / f"{i:05}{file.suffix}")

    def play(self) -> Row:
        """From the first question to the last."""
        settings = {"embedder": "pixels", "seed": self.seed, "strategy": "margin" if self.seed % 2 else "auto"}
        wish = Wish(self.place, classes=self.somebody.first_classes(), settings={**settings, "follow_links": True})
        opened = open_project(wish)
        with contextlib.closing(opened.project.store), visit_store(opened.address) as visit, threadpool_limits(1):
            self._open(opened, visit)
            while self.answered < ANSWERS and self._answer():
                pass
            self._follow()
        return {"kind": self.kind, "seed": self.seed, "answers": self.answered, "looks": self.rows, "said": self._say()}

    def _open(self, opened: Opened, visit: Visit) -> None:
        self.project, self.visit, self.past = opened.project, visit, Past()
        self.session = LabellingSession(opened.project, opened.address)  # not entered: it has no worker
        self.people = [self.session.invite(name, uuid.uuid4().hex) for name in ("ada", "ben")]
        self._read()

    def _read(self) -> None:
        """All samples that are there, with the vectors that are kept."""
        there = [one for one in self.project.samples if one.gone is None]
        numbers = [int(Path(one.path).stem) for one in there]
        draws = np.array([one.draw for one in there])
        # Without a digest it counts as not read yet, and is not chosen; these say that no two are alike.
        files = [File(one.path, f"{i:064x}") for one, i in zip(there, numbers, strict=True)]
        self.project.register(files, whole=True)
        self.numbers = np.array(numbers)
        self.world = World(np.array([one.id for one in there]), self.pictures.X[numbers], draws)
        self.dataset = Dataset("pictures", np.full(len(there), -1), (), "", table=self.world.features)
        self.learner = make_learner(self.project.settings, self.dataset)
        self.receipts = Receipts(self.world, self.dataset)

    def _answer(self) -> bool:
        """One answer, after what comes before it; False where nothing is left to ask."""
        self._disturb()
        while self.session._queue.open_batches(self.project.now()) <= AHEAD and self._choose():
            pass  # as `Trainer.advance` has it
        second = self.kind == "two" and self.answered % 2 == 1
        annotator = self.people[second]
        questions = self.session.questions(annotator, 1)
        if not questions:
            return False
        said = self.somebody.say(int(Path(questions[0]["path"]).stem), self.answered, second)
        self.session.answer(annotator, self._write(questions[0], said))
        self.answered += said not in (SKIP, DISCARD)
        return True

    def _write(self, question: Mapping[str, Any], said: str) -> Row:
        kind = said if said in (SKIP, DISCARD) else "label"
        return {
            "client": str(uuid.uuid4()),
            "ask": question["ask"],
            "sample": question["sample"],
            "kind": kind,
            "class_id": self._classes()[said] if kind == "label" else None,
            "note": None,
            "how": "key",
            "shown_at": None,
            "answered_at": None,
        }

    def _classes(self) -> dict[str, int]:
        return {one.name: one.id for one in self.project.state.classes.active()}

    def _disturb(self) -> None:
        """What happens once, on the way."""
        late = self.somebody.late
        if late is not None and self.answered >= LATE and (name := self.pictures.classes[late]) not in self._classes():
            self.session.add_class(self.people[0], name)
        if len(self.coming) and self.answered >= DOUBLE:
            self._put(self.coming)
            self.coming = self.coming[:0]
            scan(self.project)
            self._read()
        if self.kind == "grid" and LATE <= self.answered < LATE + GRID and self.predicted is not None:
            self._answer_grid(self.predicted)
        if self.kind == "lasso" and self.answered >= LATE and not self.drew:
            self.drew = True
            self._draw_around()

    def _draw_around(self) -> None:
        """What lies near a picture, which is what a map shows together; none has to be without a label."""
        X = self.world.features
        spot = stream(self.seed, "lasso").integers(len(X))
        near = np.argsort(((X - X[spot]) ** 2).sum(axis=1), kind="stable")[:LASSO]
        self.session.lasso(self.people[0], self.world.ids[near].tolist())

    def _answer_grid(self, seen: Predictions) -> None:
        """What the model is surest of, class by class, where it is right."""
        names = {one: name for name, one in self._classes().items()}
        surest = np.argsort(-seen.scores, kind="stable")
        right: dict[int, list[int]] = {one: [] for one in names}
        for sample, class_id in zip(seen.samples[surest].tolist(), seen.classes[surest].tolist(), strict=True):
            i = int(Path(self.project.path(sample)).stem)
            if sum(map(len, right.values())) < GRID and self.somebody.say(i, self.answered) == names[class_id]:
                right[class_id].append(sample)
        for class_id, samples in right.items():
            grid = {"client": str(uuid.uuid4()), "class_id": class_id, "right": samples, "wrong": []}
            self.answered += len(self.session.answer_grid(self.people[0], grid)["events"])
        self.predicted = None

    def _choose(self) -> int:
        """The next batch, as the worker chooses it, and the receipt after it; how many it asks."""
        self.past.follow(self.visit)
        known, state = self.past.build_pool(self.world), self.past.state
        chosen = choose(known, self.world, self.learner, self.past.rounds())
        asked = chosen.asked
        scores = np.full(len(asked.ids), np.nan) if asked.scores is None else asked.scores
        questions = [
            Question(i, why, None if score != score else score, seen)
            for i, why, score, seen in zip(
                asked.ids.tolist(), asked.why, scores.tolist(), chosen.probabilities, strict=True
            )
        ]
        if questions:
            last = self.past.last_batch
            choice = Choice(state.upto, chosen.strategy, chosen.chooser, state.settings_id, asked.tau, last_batch=last)
            self.project.add_batch(choice, questions)
            self.predicted = chosen.predictions or self.predicted
            self._follow()
        return len(questions)

    def _follow(self) -> None:
        """Read the receipt; where it took a look, judge what it says."""
        history = self.history = self.receipts.follow(self.visit)
        # A world that is read anew sees all looks again, and they were judged.
        if history.looks and history.looks[-1].m > (self.rows[-1]["audit"] if self.rows else 0):
            self.rows.append(self._judge(history))

    def _judge(self, history: History) -> Row:
        """The figures of the last look, beside the truth."""
        past = self.receipts.past
        known = past.build_pool(self.world)
        fitted = learn(known.pool, self.learner, max(past.rounds() - 1, 0))
        names = [past.state.classes.by_id[one].name for one in known.classes]
        open_rows = np.array([past.state.verdict(i).kind in ("open", "skip") for i in self.world.ids.tolist()])
        figures, row = estimate(history), Row(labelled=history.looks[-1].labelled, audit=history.looks[-1].m)
        for name, ids in {"new": self.test, "rest": self.numbers[open_rows]}.items():
            ids, answers = self.somebody.truth(ids)
            guess = guess_of(type(fitted)(self.pictures.X, fitted.clf, fitted.committee), ids)
            truth = float(np.mean([names[code] == one for code, one in zip(guess.tolist(), answers, strict=True)]))
            figure = {end: getattr(figures[name], end) for end in ("value", "low", "high", "silent")}
            figure |= {"audit": row["audit"], "truth": truth, "of": len(ids)}
            row[name] = figure | {"held": figure["silent"] is not None or is_right(name, figure, len(ids))}
        return row

    def _say(self) -> dict[str, str]:
        """The lines on how good it is, as they are read at the end."""
        lines = describe_receipt(estimate(self.history), "picture", self.history.joined)
        return {line.name: line.words for line in lines if line.name in (*BOTH, "joined")}


def play_all(sets: Sequence[str], kinds: Sequence[str], seeds: int, out: Path) -> Iterator[tuple[str, Row]]:
    """Every labelling, those that were kept as they are."""
    for seed in range(seeds):
        for name in sets:
            for kind in kinds:
                file = out / f"{name}-{kind}-{seed}.json"
                if not file.exists():
                    began, cpu = time.perf_counter(), time.process_time()
                    with tempfile.TemporaryDirectory(dir=out) as place:
                        found = Labelling(kind, seed, open_pictures(name, out), Path(place) / "pictures").play()
                    file.write_text(json.dumps(found, indent=1) + "\n")
                    spent = f"{time.perf_counter() - began:.0f} s, {time.process_time() - cpu:.0f} of a core"
                    print(f"{name} {kind} {seed}: {spent}", file=sys.stderr, flush=True)
                yield name, json.loads(file.read_text())


def summarize(labellings: Sequence[Row]) -> Row:
    """One kind on one set."""
    looks = [one["looks"] for one in labellings]
    last = [some[-1]["new"] for some in looks if some]
    held = {name: [all(look[name]["held"] for look in some) for some in looks] for name in BOTH}
    return {
        "labellings": len(labellings),
        "held": sum(map(all, zip(*held.values(), strict=True))),
        **{f"{name} held": sum(some) for name, some in held.items()},
        "rest shown": sum(any(look["rest"]["silent"] is None for look in some) for some in looks),
        "looks": sum(map(len, looks)),
        "half-width of new at the last look": round(median((one["high"] - one["low"]) / 2 for one in last), 3),
        "value less truth, mean": round(mean(one["value"] - one["truth"] for one in last), 3),
        "said": [one["said"] for one in labellings],
    }


def main() -> None:
    """Play what is not played yet, then write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "receipt-disturbed")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--kinds", default=",".join(KINDS))
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    found: dict[str, dict[str, list[Row]]] = {}
    for name, row in play_all(asked.sets.split(","), asked.kinds.split(","), asked.seeds, asked.out.absolute()):
        found.setdefault(name, {}).setdefault(row["kind"], []).append(row)
        before = json.loads(RESULT.read_text())["sets"] if RESULT.exists() else {}
        for one, kinds in found.items():
            before[one] = before.get(one, {}) | {kind: summarize(rows) for kind, rows in kinds.items()}
        RESULT.write_text(json.dumps({"answers": ANSWERS, "sets": before}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
