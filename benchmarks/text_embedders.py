"""Which embedder of texts is worth how many labels? ``python benchmarks/text_embedders.py [--out FOLDER]``.

The texts are what every installation has: docstrings of public functions and classes, in one line, their first
paragraph or all of it. Two questions: which part of scipy or scikit-learn something belongs to, which is what the text
is about; and which library it is from, which is how its authors write. `use` and `tfidf`, the linear model, labels
drawn at random, five seeds, as `nextlabel simulate` plays them. ``results/text-embedders.json`` holds the mean accuracy
on the test set, beside the versions that the texts are from: with others they are other texts.
"""

import argparse
import csv
import importlib
import inspect
import json
import pkgutil
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from statistics import fmean
from typing import Any

from nextlabel import Experiment, Plan, record
from nextlabel.experiment import Crew
from nextlabel.knobs.columns import Columns

RESULT = Path(__file__).parent / "results" / "text-embedders.json"
LIBRARIES = ("numpy", "scipy", "sklearn", "matplotlib", "polars", "PIL", "pydantic", "jinja2")
WHOLES = ("scipy", "sklearn")  # whose parts are topics
NAMES = re.compile(
    r"numpy|np\b|scipy|sklearn|scikit-?learn|matplotlib|plt\b|polars|pl\b|PIL|pillow|pydantic|jinja", re.I
)
FEWEST, MOST = 25, 250  # texts of a class
SHORTEST = 20  # letters of a text
STARTS, BATCH, ROUNDS = 70, 300, 3  # labels: 70, 370, 670, 970
SEEDS = range(5)


def main() -> None:
    """Write the texts, play what is not played yet, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "text-embedders")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    found: list[dict[str, Any]] = []
    for question in ("topic", "library"):
        for length in ("short", "long"):
            table = out / f"{question}-{length}.csv"
            write_table(table, question, length == "short")
            found += [play(table, embedder, out) for embedder in ("tfidf", "use")]
    versions = {name: version(name) for name in ("numpy", "scipy", "scikit-learn", "matplotlib", "polars", "Pillow")}
    RESULT.write_text(json.dumps({"texts_from": versions, "found": found}, indent=1) + "\n", encoding="utf-8")


def play(table: Path, embedder: str, out: Path) -> dict[str, Any]:
    """Mean accuracy by number of labels."""
    experiment = Experiment(
        str(table),
        ("random",),
        seeds=tuple(SEEDS),
        embedder=embedder,
        table=Columns(text_column="text"),
        start=STARTS,
        plan=Plan(batch=BATCH, rounds=ROUNDS),
        min_class=FEWEST,
    )
    began = time.perf_counter()
    run = record(experiment, out / f"{table.stem}-{embedder}", Crew(jobs=1), resume=True).run
    print(f"{table.stem}, {embedder}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    about = run.manifest["dataset"]
    labels = sorted({row["labelled"] for row in run.rows})
    means = {str(n): round(fmean(row["accuracy"] for row in run.rows if row["labelled"] == n), 3) for n in labels}
    return {"set": table.stem, "texts": about["n"], "classes": len(about["classes"]), "embedder": embedder} | means


def write_table(path: Path, question: str, short: bool) -> None:
    """The texts with their classes, the same in every run with the same libraries."""
    rows: dict[str, list[str]] = {}
    for library in WHOLES if question == "topic" else LIBRARIES:
        for module, text in sorted(read_docstrings(library)):
            part = ".".join(module.split(".")[:2]) if question == "topic" else library
            words = " ".join((text.split("\n\n")[0] if short else text).split())
            words = NAMES.sub("it", words)  # no text may say what class it is of
            if len(words) >= SHORTEST and (question == "library" or "." in part):
                rows.setdefault(part, []).append(words)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for part, texts in sorted(rows.items()):
            kept = sorted(set(texts))
            # Every k-th, so that no letter of the alphabet is left out.
            writer.writerows([text, part] for text in kept[:: -(-len(kept) // MOST)] if len(kept) >= FEWEST)


def read_docstrings(library: str) -> Iterator[tuple[str, str]]:
    """The public modules of a library, each with the docstrings of what it offers, everything once."""
    root = importlib.import_module(library)
    names = [library, *(info.name for info in pkgutil.iter_modules(root.__path__, f"{library}."))]
    seen = set[int]()
    for name in sorted(names, key=lambda name: (name == library, name)):  # the root last: it offers again what parts do
        if "._" in name or name.endswith((".conftest", ".testing", ".tests", ".__main__", ".report")):
            continue
        try:
            with warnings.catch_warnings(action="ignore"):
                module = importlib.import_module(name)
        except ImportError:  # a part that wants what is not installed
            continue
        for word in sorted(word for word in vars(module) if not word.startswith("_")):
            one = getattr(module, word)
            text = inspect.getdoc(one) if inspect.isroutine(one) or inspect.isclass(one) else None
            home = str(getattr(one, "__module__", None) or "").split(".")[0]
            if text and home == library and id(one) not in seen:
                seen.add(id(one))
                yield name, text


if __name__ == "__main__":
    main()
