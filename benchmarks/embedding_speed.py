"""How fast do pictures become features? ``python benchmarks/embedding_speed.py [FOLDER]``, two minutes.

The flowers (or FOLDER) by `efficientnet`, each step in a process of its own with a cache of its own: cold, with all
known, with one picture more. Beside it what the machine gives in the same run: reading and decoding the same files
alone, and the network alone on pictures that are in memory. ``results/embedding-speed.json`` keeps what was found.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scenarios import SHARED

from nextlabel.datasets import load
from nextlabel.datasets.base import Request
from nextlabel.datasets.decoding import square
from nextlabel.datasets.pictures import cores, read_all
from nextlabel.embedders import embed, embedder, sink

RESULT = Path(__file__).parent / "results" / "embedding-speed.json"
NAME = "efficientnet"
PICTURES_ALONE = 512  # that the network is shown from memory


def main() -> None:
    """Measure, print, and write the result."""
    folder = Path(sys.argv[1] if sys.argv[1:] else SHARED / "flowers" / "train")
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "pictures"
        shutil.copytree(folder, copy)
        time.sleep(3)  # files that are younger than two seconds are read again
        found = {
            step: in_own_process(step, copy, Path(place) / "cache") for step in ("decode", "network", "cold", "known")
        }
        first = next(path for path in sorted(copy.rglob("*")) if path.is_file())
        (first.parent / f"more{first.suffix}").write_bytes(first.read_bytes() + b"one more")
        found["one more"] = in_own_process("known", copy, Path(place) / "cache")
    count = found["cold"]["pictures"]
    limit = 1 / (1 / found["decode"]["rate"] + 1 / found["network"]["rate"])
    summary = {
        "pictures": count,
        "cores": cores(),
        "cold_pictures_a_second": round(found["cold"]["rate"], 1),
        "decode_alone_pictures_a_second": round(found["decode"]["rate"], 1),
        "network_alone_pictures_a_second": round(found["network"]["rate"], 1),
        "share_of_what_both_allow": round(found["cold"]["rate"] / limit, 2),
        "all_known_seconds": round(found["known"]["seconds"], 2),
        "one_more_seconds": round(found["one more"]["seconds"], 2),
    }
    RESULT.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(summary, indent=1))


def in_own_process(step: str, folder: Path, cache: Path) -> dict[str, float]:
    """What one step takes, from after the imports to its end."""
    environment = os.environ | {"NEXTLABEL_CACHE": str(cache)}
    command = [sys.executable, __file__, "--step", step, str(folder)]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(told.stdout.splitlines()[-1])
    return found


def decode(folder: Path) -> int:
    """Read all files and make squares of them, on all cores."""
    files = [str(path) for path in sorted(folder.rglob("*")) if path.is_file()]
    return sum(reading.square is not None for reading in read_all(files, 224, {}))


def network(folder: Path) -> int:
    """Run the network on pictures that are in memory, on all cores."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()][
        :: max(1, len(list(folder.rglob("*"))) // 64)
    ]
    some = np.stack([square(path.read_bytes(), 224) for path in files[:64]])
    block = np.concatenate([some] * -(-PICTURES_ALONE // len(some)))[:PICTURES_ALONE]
    embedder(NAME)(load(Request("digits"))).transform(block, {})
    return len(block)


def whole(folder: Path) -> int:
    """From a folder to its features."""
    dataset = load(Request(str(folder), sink=sink(NAME)))
    return len(embed(dataset, NAME).array)


STEPS: dict[str, Callable[[Path], int]] = {"decode": decode, "network": network, "cold": whole, "known": whole}


def take(step: str, folder: Path) -> None:
    """One step, timed and told as JSON."""
    began = time.perf_counter()
    count = STEPS[step](folder)
    seconds = time.perf_counter() - began
    print(json.dumps({"pictures": count, "seconds": seconds, "rate": count / seconds}))


if __name__ == "__main__":
    take(sys.argv[2], Path(sys.argv[3])) if sys.argv[1:2] == ["--step"] else main()
