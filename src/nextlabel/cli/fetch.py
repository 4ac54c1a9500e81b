"""Fetch the flowers, and say what they are."""

import json
import shlex
from pathlib import Path

from rich.console import Console

from nextlabel.cli.progress import show_progress
from nextlabel.datasets.fetching.flowers import Flowers, fetch
from nextlabel.text import printable

CREDITS = """\
They are TensorFlow's flower_photos, all of it, under CC BY 2.0; LICENSE.txt credits the photographers.
The guide's set, imsparsh/flowers-dataset on Kaggle, was made from it: its training part holds 2,746 of them (daisy 501,
dandelion 646, rose 497, sunflower 495, tulip 607). Scores on these and on those are not the same scores."""


AS_IN_THE_GUIDE = "--test 0.1 --val 0.1 --start 0.05 --batch 0.03"


def run_fetch(folder: Path, as_json: bool, loud: Console) -> None:
    """Fetch the flowers into a folder, and say what is in it."""
    with show_progress(loud, quiet=as_json) as progress:
        flowers = fetch(folder, progress=progress)
    # default=str is for the folder, which is a Path.
    print(json.dumps(flowers._asdict(), default=str) if as_json else describe_flowers(flowers))


def describe_flowers(flowers: Flowers) -> str:
    """What the flowers are, how many there are of each, and what to do with them next."""
    folder = printable(str(flowers.folder))
    there = "now holds" if flowers.fetched else "already holds"
    return "\n".join(
        [
            f"'{folder}' {there} {sum(flowers.counts.values()):,} pictures of flowers:",
            *(f"  {name} {count:,}" for name, count in flowers.counts.items()),
            CREDITS,
            # Quoted, to be pasted into a shell as it stands.
            f"Next: nextlabel simulate {shlex.quote(folder)} {AS_IN_THE_GUIDE} --out runs/flowers",
        ]
    )
