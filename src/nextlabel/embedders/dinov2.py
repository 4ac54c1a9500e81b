"""`dinov2`: DINOv2-small, trained on 142 million pictures without labels; 384 features. Fetched once, about 90 MB.

M. Oquab et al., "DINOv2: Learning Robust Visual Features without Supervision", 2023; exported to ONNX by onnx-community
on the Hugging Face hub, at one revision. Its makers cut a square from the middle of each picture; here, as for every
embedder, the whole picture is squashed into the square.

``REVISION`` was not compared with the hub itself when this was written, since that could not be reached: many public
projects pin the same one. Whatever was fetched, its hash is in the manifest and in the name of the cached features.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from nextlabel.datasets.base import Dataset
from nextlabel.datasets.pictures import hush
from nextlabel.embedders.onnx.embedder import Onnx
from nextlabel.embedders.onnx.session import import_extra
from nextlabel.errors import BadData
from nextlabel.knobs.kinds import DEVICE
from nextlabel.knobs.names import CPU
from nextlabel.text import printable

REPOSITORY = "onnx-community/dinov2-small"
REVISION = "8b1f705a3a7f6f062f6bdd21986c1583d3ef105d"
MODEL_FILES = ("preprocessor_config.json", "onnx/model.onnx")  # the model last: its path is what is wanted


def small(device: str = CPU) -> Callable[[Dataset], Onnx]:
    """DINOv2-small, from the hub's cache on this machine, or fetched and put there."""
    DEVICE.take("device", device)

    def make(dataset: Dataset) -> Onnx:
        import_extra("onnxruntime", "dinov2")  # before anything is fetched
        # Its makers' files say all that there is to say, so a line on what is used would tell nobody anything.
        return replace(Onnx.load(fetch_model(), f"{REPOSITORY}@{REVISION}", {"device": device}), note="")

    return make


def fetch_model() -> Path:
    """Where the model lies, with its settings in the folder above; raises `BadData` where it cannot be had."""
    download = import_extra(
        "huggingface_hub", "dinov2"
    ).hf_hub_download  # looked up first: that sets up the library's log
    try:
        with _without_reports(), hush("huggingface_hub"):  # retries, tokens, links: what goes wrong in the end is told
            paths = [download(REPOSITORY, file, revision=REVISION, token=False) for file in MODEL_FILES]
    except Exception as error:  # the hub's, its HTTP client's and the system's, according to where it fails
        raise BadData(
            f"DINOv2 is not on this machine and could not be fetched from the Hugging Face hub "
            f"({_reason_of_hub(error)}). Try again with a connection and without HF_HUB_OFFLINE; or set HF_HOME to a "
            f"folder whose hub cache holds {REPOSITORY}; or fetch its {' and '.join(MODEL_FILES)} by hand and use "
            "--embedder onnx:FILE."
        ) from None
    return Path(paths[-1])


@contextmanager
def _without_reports() -> Iterator[None]:
    """The hub's library, which reads its environment when it is imported and may have been by now, reports nothing."""
    constants = import_extra("huggingface_hub.constants", "dinov2")
    before, constants.HF_HUB_DISABLE_TELEMETRY = constants.HF_HUB_DISABLE_TELEMETRY, True
    try:
        yield
    finally:
        constants.HF_HUB_DISABLE_TELEMETRY = before


def _reason_of_hub(error: Exception) -> str:
    cause = error.__cause__ or error  # the hub's own error tells what it did, its cause what went wrong
    first = str(cause).strip().partition("\n")[0].partition(". ")[0]
    return printable(f"{type(cause).__name__}: {first}"[:200].rstrip(". :"))
