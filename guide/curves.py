"""Learning curves of a run for the guide, in both themes: ``python guide/curves.py runs/flowers flowers``."""

import io
import sys
from pathlib import Path

from PIL import Image

from nextlabel import Run
from nextlabel.report.drawing import learning_curves

PICTURES = Path(__file__).parent / "pictures"
COLOURS = 64  # enough for five curves and their bands; with twenty rounds, a fifth less to load than the report's 256


def main(folder: str, name: str) -> None:
    """Write ``pictures/NAME-light.png`` and ``-dark.png``."""
    run = Run.read(Path(folder))
    drawn = learning_curves(run.rows, list(run.manifest["strategies"]))
    assert drawn is not None, "a run has a test set"
    for theme in ("light", "dark"):
        (PICTURES / f"{name}-{theme}.png").write_bytes(smaller(getattr(drawn, theme)))
    print(drawn.alt)


def smaller(png: bytes) -> bytes:
    """The same picture with fewer colours."""
    out = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    main(*sys.argv[1:])
