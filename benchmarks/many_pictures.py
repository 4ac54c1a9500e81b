"""What do many pictures cost? ``python benchmarks/many_pictures.py [COUNT]``, 12 minutes, 500 kB of disk a picture.

COUNT (8,000) synthetic JPEG of 500 kB, no two of the same bytes, and a quarter of them: `nextlabel embed` and
`nextlabel predict` of both, each in a process of its own with a cache of its own. From the two peaks of memory follows
what 100,000 would take while they are read; maps of the vectors' file, 5 kB a picture, come on top at the end of
`embed`. Then both once more, where all is known. ``results/many-pictures.json`` keeps what was found.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from PIL import Image

RESULT = Path(__file__).parent / "results" / "many-pictures.json"
DIFFERENT = 50  # pictures that are drawn; the rest are their copies, with a number behind the end of the JPEG
SIDES, QUALITY = (1600, 1200), 82
WANTED = 100_000
OURS = [sys.executable, "-m", "nextlabel"]


def main() -> None:
    """Draw, measure, print, and write the result."""
    count = int(sys.argv[1]) if sys.argv[1:] else 8_000
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        drawn = [draw(seed) for seed in range(DIFFERENT)]
        few, many = fill(home / "few", drawn, count // 4), fill(home / "many", drawn, count)
        model = home / "model.safetensors"
        measure(home / "cache", "train", str(fill(home / "known", drawn, DIFFERENT)), "--out", str(model))
        size = sum(map(len, drawn)) / len(drawn)
        found: dict[str, object] = {"pictures": count, "kilobytes_each": round(size / 1000)}
        for name in ("embed", "predict"):
            steps = [command(name, folder, model, home / f"{name}-{folder.name}") for folder in (few, many)]
            small, large = (measure(home / f"cache-{name}-{i}", *step) for i, step in enumerate(steps))
            found[name] = judge(count // 4, small, count, large)
            found[f"{name}_known"] = measure(home / f"cache-{name}-1", *steps[1])
    RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


def draw(seed: int) -> bytes:
    """A JPEG of about half a megabyte: clouds of colour, and noise."""
    rng = np.random.default_rng(seed)
    clouds = Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8)).resize(SIDES, Image.Resampling.BICUBIC)
    noise = rng.normal(0, 9, (SIDES[1], SIDES[0], 1))
    saved = io.BytesIO()
    Image.fromarray(np.clip(np.asarray(clouds) + noise, 0, 255).astype(np.uint8)).save(saved, "JPEG", quality=QUALITY)
    return saved.getvalue()


def fill(folder: Path, drawn: list[bytes], count: int) -> Path:
    """``count`` pictures of two classes."""
    for i in range(count):
        path = folder / "ab"[i % 2] / f"{i:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(drawn[i % len(drawn)] + b"%d of %d" % (i, count))
    return folder


def command(name: str, folder: Path, model: Path, out: Path) -> list[str]:
    """What is typed."""
    return [name, *([str(model)] if name == "predict" else []), str(folder), "--out", str(out)]


def measure(cache: Path, *words: str) -> dict[str, float]:
    """Seconds, and the peak of memory in MB: all that is resident, and what of it is no map of a file."""
    environment = os.environ | {"NEXTLABEL_CACHE": str(cache)}
    began, peaks = time.perf_counter(), {"VmHWM": 0, "RssAnon": 0}
    with subprocess.Popen([*OURS, *words], env=environment, stdout=subprocess.DEVNULL) as process:
        watch = threading.Thread(target=look, args=(process, peaks))
        watch.start()
        if process.wait():
            raise SystemExit(f"{words[0]} ended with {process.returncode}")
        watch.join()
    return {
        "seconds": round(time.perf_counter() - began, 2),
        "peak_mb": round(peaks["VmHWM"] / 1024),
        "peak_without_maps_mb": round(peaks["RssAnon"] / 1024),
    }


def look(process: "subprocess.Popen[bytes]", peaks: dict[str, int]) -> None:
    """Note the peaks, ten times a second, while the process runs."""
    while process.poll() is None:
        try:
            lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        except OSError:  # it has just ended
            return
        words = dict(line.split(":", 1) for line in lines)
        for name in peaks:
            peaks[name] = max(peaks[name], int(words.get(name, "0 kB").split()[0]))
        time.sleep(0.1)


def judge(few: int, small: dict[str, float], many: int, large: dict[str, float]) -> dict[str, float]:
    """The larger run, and what its memory says of more pictures."""
    more = (large["peak_without_maps_mb"] - small["peak_without_maps_mb"]) / (many - few)
    mapped = (large["peak_mb"] - small["peak_mb"]) / (many - few)
    return {
        **large,
        "pictures_a_second": round(many / large["seconds"], 1),
        "peak_mb_of_a_quarter": small["peak_mb"],
        "without_maps_mb_of_a_quarter": small["peak_without_maps_mb"],
        "mb_more_for_10000": round(10_000 * mapped, 1),
        "without_maps_mb_more_for_10000": round(10_000 * more, 1),
        f"mb_for_{WANTED}": round(large["peak_mb"] + (WANTED - many) * mapped),
    }


if __name__ == "__main__":
    main()
