"""What a classifier was made with, for whoever wonders later why it rounds otherwise."""

import platform
from importlib.metadata import version

LIBRARIES = ("nextlabel", "numpy", "scipy", "scikit-learn", "scikit-activeml", "Pillow", "safetensors")


def made_with() -> dict[str, str]:
    """Versions by library."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}
