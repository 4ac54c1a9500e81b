"""Learning curves of a run for the guide, in both themes: ``python guide/curves.py runs/flowers flowers``.

Names of strategies may follow: then these alone are drawn.
"""

import io
import sys
from pathlib import Path

from PIL import Image

from nextlabel import Run
from nextlabel.report.drawing import DARK, LIGHT, learning_curves, shrink

PICTURES = Path(__file__).parent / "pictures"
# Less than the report's 200 and 256, for a page on the web: 64 colours keep five curves apart, 32 make two reds one.
DPI, COLOURS = 164, 64


def main(folder: str, name: str, *strategies: str) -> None:
    """Write ``pictures/NAME-light.png`` and ``-dark.png``."""
    run = Run.read(Path(folder))
    names = strategies or list(run.manifest["strategies"])
    figure = learning_curves([row for row in run.rows if row["strategy"] in names], names)
    assert figure is not None, "a run has a test set"
    for theme in (LIGHT, DARK):
        out = io.BytesIO()
        figure.draw(theme).savefig(out, dpi=DPI, facecolor=theme.paper)
        with Image.open(out) as picture:
            (PICTURES / f"{name}-{theme.name}.png").write_bytes(shrink(picture, COLOURS))
    print(figure.alt)


if __name__ == "__main__":
    main(*sys.argv[1:])
