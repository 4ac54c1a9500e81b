"""What a classifier was made with, for whoever wonders later why it rounds otherwise."""

import platform

import numpy as np
import PIL
import scipy
import sklearn

from nextlabel import __version__


def made_with() -> dict[str, str]:
    """Versions by library."""
    return {
        "nextlabel": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
        "Pillow": PIL.__version__,
    }
