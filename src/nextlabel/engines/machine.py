"""What this process computes with: the processor, and the kernels of linear algebra that were chosen for it."""

import platform
from pathlib import Path

from threadpoolctl import threadpool_info

CPUINFO = Path("/proc/cpuinfo")


def kernels() -> list[str]:
    """Every BLAS in this process, such as ``openblas 0.3.31 Haswell``: numpy and scipy bring one each."""
    loaded = [library for library in threadpool_info() if library["user_api"] == "blas"]
    names = ("internal_api", "version", "architecture")  # one of another kind may leave the last out
    return sorted({" ".join(str(library[name]) for name in names if library.get(name)) for library in loaded})


def load_kernels() -> list[str]:
    """The same, in a process that may have loaded none yet."""
    import scipy.linalg  # noqa: F401

    return kernels()


def processor() -> str:
    """The processor's model, which its kernels are chosen by."""
    try:
        lines = CPUINFO.read_text(errors="replace").splitlines()
    except OSError:  # no Linux
        lines = []
    # platform.processor() is empty, or just "x86_64", on most Linux; on ARM there is no "model name" either.
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "") or platform.processor() or platform.machine()
