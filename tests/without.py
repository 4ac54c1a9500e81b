"""What an installation without some library is like, for processes that a test starts."""

import os
from pathlib import Path

import pytest


def hide_umap(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """UMAP compiles itself for half a minute: maps of processes that start from now on are t-SNE's."""
    (folder / "umap.py").write_text("raise ImportError")
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    patch.setenv("PYTHONPATH", path.rstrip(os.pathsep))
