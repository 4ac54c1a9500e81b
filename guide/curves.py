"""Learning curves of a run for the guide, in both themes: ``python guide/curves.py runs/flowers flowers``."""

import sys
from pathlib import Path

from nextlabel.report.figures import learning_curves
from nextlabel.runs import Run

PICTURES = Path(__file__).parent / "pictures"


def main(folder: str, name: str) -> None:
    """Write ``pictures/NAME-light.png`` and ``-dark.png``."""
    run = Run.read(Path(folder))
    drawn = learning_curves(run.rows, list(run.manifest["strategies"]))
    assert drawn is not None, "a run has a test set"
    for theme in ("light", "dark"):
        (PICTURES / f"{name}-{theme}.png").write_bytes(getattr(drawn, theme))
    print(drawn.alt)


if __name__ == "__main__":
    main(*sys.argv[1:])
