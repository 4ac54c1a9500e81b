"""One run whose every byte is known: whatever is rebuilt, rows and picks stay what they were.

Numbers hang on the processor: the kernels of OpenBLAS and the vector loops of numpy are held at those of a Haswell,
which any recent x86 has. Another version of a library may round otherwise; then there is nothing to compare with.
"""

import hashlib
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

GOLDEN = json.loads((Path(__file__).parent / "golden" / "digits.json").read_text())
HASWELL = "X86_V3"  # numpy's word for it


def environment():
    """Of a child that computes as a Haswell does: numpy's loops for later processors are switched off."""
    later = [name for name in __cpu_dispatch__[__cpu_dispatch__.index(HASWELL) + 1 :] if __cpu_features__.get(name)]
    return os.environ | {"OPENBLAS_CORETYPE": "Haswell", "NPY_DISABLE_CPU_FEATURES": " ".join(later)}


def why_not():
    """Why this machine cannot give the golden bytes, or nothing."""
    if HASWELL not in __cpu_dispatch__ or not __cpu_features__[HASWELL]:
        return "this processor, or this numpy, has no Haswell kernels"
    kernel = subprocess.run(
        [sys.executable, "-c", "import numpy, threadpoolctl; print(threadpoolctl.threadpool_info())"],
        env=environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    if "'architecture': 'Haswell'" not in kernel.stdout:
        return "numpy's BLAS here has no Haswell kernel"
    others = [f"{name} {version(name)}" for name, known in GOLDEN["versions"].items() if version(name) != known]
    return f"the golden bytes are of other versions than {', '.join(others)}" if others else ""


def test_rows_and_picks_are_the_golden_bytes(tmp_path):
    if reason := why_not():
        pytest.skip(reason)
    subprocess.run(
        [
            sys.executable, "-m", "nextlabel", "simulate", "digits", "--strategies", "random,margin,badge",
            "--seeds", "3", "--rounds", "5", "--batch", "20", "--no-report", "--jobs", "1",
            "--out", str(tmp_path / "run"),
        ],
        env=environment(), check=True, capture_output=True,
    )  # fmt: skip
    digests = {name: hashlib.sha256((tmp_path / "run" / f"{name}.jsonl").read_bytes()) for name in GOLDEN["sha256"]}
    assert {name: digest.hexdigest() for name, digest in digests.items()} == GOLDEN["sha256"]
