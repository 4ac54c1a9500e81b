"""Do the strategies select well? ``python benchmarks/selection_quality.py [KIND] [--out FOLDER]``.

Ten strategies and `auto` against random, with the linear model: ten seeds, starting from one label per class (and
asking as many a round) and from five (asking two per class); fifteen rounds. And margin against badge in four large
batches, of twenty per class. KIND is one of

- ``plain``, the default: three sets of pictures on patches, the digits, eight tables on their own features, scaled;
  those of ``study.toml``, which `nextlabel simulate` plays, too;
- ``efficientnet``: eight sets of pictures on features of a network that knows the world, groups on one side of a split;
- ``texts``: docstrings by topic and by library (`text_embedders.py`), short and long, on `use` and on `tfidf`.

``results/selection-quality.json`` (``selection-quality-KIND.json``) holds, for each, the paired difference of AUBC to
random with its interval; the ``.csv`` beside it every seed's. Runs are kept in ``--out`` and gone on with where they
stopped.
"""

import argparse
import csv
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import text_embedders
from scenarios import SHARED

from nextlabel import Experiment, Plan, read_study, record
from nextlabel.experiment import Crew
from nextlabel.knobs.columns import Columns
from nextlabel.statistics.curves import aubc, curves, primary
from nextlabel.statistics.inference import estimate
from nextlabel.statistics.looks import EVERY_LOOK
from nextlabel.statistics.standings import paired_differences

RESULTS = Path(__file__).parent / "results"
PICTURES = {"flowers": "flowers/train", "clothing": "clothing/train", "sign-digits": "sign-digits"}
MORE = {  # sets of pictures beside those: where they lie, and what in a path is one plant, one smear, one person
    "recycling": ("recycling/train", None),
    "math-symbols": ("math-symbols/train", None),
    "blood-cells": ("blood-cells/train", r"([^/-]*)-"),
    "coffee-leaves": ("coffee-leaves/train", r"([^/-]*)-"),
    "drawn-shapes": ("drawn-shapes/train", r"-([^/-]*)-"),
}
JUDGED = (
    "least_confident",
    "margin",
    "entropy",
    "badge",
    "coreset",
    "typiclust",
    "probcover",
    "maxherding",
    "uherding",
    "powerbald",
)
# Texts are many and their features wide: those arms of which somebody could say "use this one", and no thresholds.
JUDGED_ON_TEXTS = ("least_confident", "margin", "badge", "coreset", "typiclust", "maxherding", "uherding", "auto")
SWITCHES = tuple(f"auto(few={few})" for few in (2, 5, 10, 20))
# On vectors of one length, as embedders give them, `auto` is `uherding`: here it is asked as it is elsewhere.
SWITCHES_ELSEWHERE = tuple(f"auto(few={few}, directions=False)" for few in (2, 5, 10, 20))
STARTS = {"1/class": "1/class", "5/class": "2/class"}  # starting labels: samples asked a round
LARGE = "5/class, by 20/class"


def experiments(kind: str, out: Path) -> dict[tuple[str, str], Experiment]:
    """By dataset and start."""
    datasets = KINDS[kind](out)
    switches = SWITCHES if kind == "plain" else SWITCHES_ELSEWHERE
    judged = JUDGED_ON_TEXTS if kind == "texts" else (*JUDGED, *switches)
    grid = {
        (name, start): replace(dataset, strategies=("random", *judged), start=start, plan=Plan(batch=batch, rounds=15))
        for name, dataset in datasets.items()
        for start, batch in STARTS.items()
    }
    few, large = ("random", "margin", "badge"), Plan(batch="20/class", rounds=4)
    return grid | {(name, LARGE): replace(grid[name, "5/class"], strategies=few, plan=large) for name in datasets}


def plain(out: Path) -> dict[str, Experiment]:
    """Three sets of pictures, the digits, and eight tables."""
    study = read_study(Path(__file__).with_name("study.toml"))
    return dict(zip(study.names, study.experiments, strict=True))


def on_efficientnet(out: Path) -> dict[str, Experiment]:
    """Eight sets of pictures."""
    places = {name: (path, None) for name, path in PICTURES.items()} | MORE
    return {
        name: Experiment(str(SHARED / path), name=name, embedder="efficientnet", groups=groups)
        for name, (path, groups) in places.items()
    }


def texts(out: Path) -> dict[str, Experiment]:
    """Four sets of texts, each on two embedders."""
    found = {}
    for question in ("topic", "library"):
        for length in ("short", "long"):
            table = out / f"{question}-{length}.csv"
            if not table.exists():  # some texts hold numbers that are drawn as their library is imported
                text_embedders.write_table(table, question, length == "short")
            for embedder in ("use", "tfidf"):
                name = f"{table.stem}-{embedder}"
                columns = Columns(text_column="text")
                found[name] = Experiment(str(table), name=name, embedder=embedder, table=columns)
    return found


KINDS: dict[str, Callable[[Path], dict[str, Experiment]]] = {
    "plain": plain,
    "efficientnet": on_efficientnet,
    "texts": texts,
}


def folder(start: str) -> str:
    """A name for the folder of a run: ``5/class`` is ``5-class``."""
    return re.sub(r"\W+", "-", start)


def main() -> None:
    """Play what is not played yet, then write both result files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "selection-quality")
    parser.add_argument("kind", nargs="?", choices=KINDS, default="plain")
    asked = parser.parse_args()
    stem = "selection-quality" if asked.kind == "plain" else f"selection-quality-{asked.kind}"
    out = asked.out
    out.mkdir(parents=True, exist_ok=True)
    judged: list[dict[str, Any]] = []
    areas: list[dict[str, Any]] = []
    for (name, start), experiment in experiments(asked.kind, out).items():
        began = time.perf_counter()
        run = record(experiment, out / f"{name}-{folder(start)}", Crew(jobs=2, threads=1), resume=True).run
        print(f"{name} from {start}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        metric = primary(run.manifest["dataset"]["counts"])
        found = curves(run.rows, metric)
        for strategy, seeds in found.items():
            cell = {"dataset": name, "start": start, "strategy": strategy}
            areas += [
                cell | {"seed": seed, "aubc": round(area, 5)}
                for seed, curve in seeds.items()
                if (area := aubc(curve.labelled, curve.values)) is not None
            ]
            gap = estimate(paired_differences(seeds, found["random"]), EVERY_LOOK)
            if strategy != "random" and gap and gap.low is not None and gap.high is not None:
                ends = [round(100 * gap.low, 4), round(100 * gap.high, 4)]
                judged.append(
                    cell | {"metric": metric, "seeds": gap.seeds, "points": round(100 * gap.mean, 4), "ci95": ends}
                )
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{stem}.json").write_text(json.dumps(judged, indent=1) + "\n", encoding="utf-8")
    with (RESULTS / f"{stem}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(areas[0]))
        writer.writeheader()
        writer.writerows(areas)


if __name__ == "__main__":
    main()
