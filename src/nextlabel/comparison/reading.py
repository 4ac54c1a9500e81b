"""Where curves to compare come from: runs of `simulate` and CSV files of others, read, checked and joined.

A `Bench` is one dataset with one model and one embedder. Runs on the same bench are joined: other strategies, or
further seeds. Whatever would make a verdict wrong is refused, in one sentence.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from nextlabel.comparison.bench import Bench
from nextlabel.comparison.csv_files import read_csv
from nextlabel.comparison.joining import join
from nextlabel.comparison.run_folders import read_run
from nextlabel.errors import BadData
from nextlabel.files.strict_json import parse
from nextlabel.text import show_path

__all__ = ["Bench", "read", "read_families"]


def read(paths: Iterable[str | Path]) -> list[Bench]:
    """Every bench in some run folders and CSV files, joined; raises `BadData`, `RunBroken` or `NotComparable`."""
    benches: dict[tuple[str, str | None, str | None], Bench] = {}
    for path in paths:
        # In the order given: the first source of a bench lends it its name in messages, and its arms come first.
        for bench in _read_path(Path(path)):
            benches[bench.key] = join(benches[bench.key], bench) if bench.key in benches else bench
    return list(benches.values())


def _read_path(path: Path) -> list[Bench]:
    if not os.path.exists(path):  # unlike Path's, it minds neither any name nor a folder that may not be read
        raise BadData(f"There is no '{show_path(path)}'. Name a folder that simulate wrote, or a CSV file.")
    return [read_run(path)] if os.path.isdir(path) else read_csv(path)


def read_families(path: Path) -> dict[str, list[str]]:
    """Datasets that share one vote, from a JSON file: ``{"family": ["dataset", …]}``; raises `BadData`."""
    form = 'Write {"family": ["dataset", …]}.'
    try:
        found = parse(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadData(
            f"The families in '{show_path(path)}' cannot be read ({error.strerror}). Is the path right?"
        ) from None
    except ValueError as error:
        raise BadData(f"'{show_path(path)}' is not JSON ({error}). {form}") from None
    # A text is a sequence of letters: {"a": "digits"} would be a family of six datasets.
    if not isinstance(found, dict) or not all(
        isinstance(members, list) and all(isinstance(name, str) for name in members) for members in found.values()
    ):
        raise BadData(f"'{show_path(path)}' does not name families with lists of datasets. {form}")
    return found
