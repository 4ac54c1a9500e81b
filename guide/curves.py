"""Learning curves of a run for the guide, in both themes: ``python guide/curves.py runs/flowers flowers``."""

import io
import sys
from pathlib import Path

from PIL import Image

from nextlabel import Run
from nextlabel.report.drawing import learning_curves, shrink

PICTURES = Path(__file__).parent / "pictures"
COLOURS = 32  # enough for five curves and their bands; with twenty rounds, a third less to load than the report's 256
WIDE = 1500  # pixels; the page shows some 900


def main(folder: str, name: str) -> None:
    """Write ``pictures/NAME-light.png`` and ``-dark.png``."""
    run = Run.read(Path(folder))
    figure = learning_curves(run.rows, list(run.manifest["strategies"]))
    assert figure is not None, "a run has a test set"
    for theme in ("light", "dark"):
        with Image.open(io.BytesIO(getattr(figure, theme))) as picture:
            size = (WIDE, WIDE * picture.height // picture.width)
            small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
            (PICTURES / f"{name}-{theme}.png").write_bytes(shrink(small, COLOURS))
    print(figure.alt)


if __name__ == "__main__":
    main(*sys.argv[1:])
