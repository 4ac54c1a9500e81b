"""A demonstration: scikit-learn's digits as pictures, and an oracle that knows what they are."""

import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from nextlabel.datasets.base import Request
from nextlabel.datasets.digits import load_digits

SIDE = 160  # pixels: large enough to be looked at
NAME = "digits"
SETTINGS: Mapping[str, Any] = {"demo": True, "embedder": "pixels", "seed": 7}
PATIENCE = 2.0  # seconds that the oracle waits for a batch


class Answering(Protocol):
    """What an oracle needs of a session."""

    def questions(self, annotator: int, count: int) -> list[dict[str, Any]]: ...

    def answer(self, annotator: int, answer: Mapping[str, Any]) -> dict[str, Any]: ...

    def is_choosing(self) -> bool: ...


def draw_digits(folder: Path) -> None:
    """Write the digits as files whose names say nothing of what they show."""
    dataset = load_digits(Request("digits"))
    assert dataset.pictures is not None, "digits are pictures"
    folder.mkdir(parents=True)
    for i, square in enumerate(dataset.pictures.squares(8)):
        # One channel of three that are alike, hardly compressed: a visitor waits for all of them.
        picture = Image.fromarray(square[:, :, 0]).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        picture.save(folder / f"{i:04}.png", compress_level=1)


class Oracle:
    """Knows the digits by the names of their files."""

    def __init__(self) -> None:
        dataset = load_digits(Request("digits"))
        self.classes = dataset.classes
        self._truth = dataset.y.tolist()

    def answer(self, session: Answering, annotator: int, count: int) -> int:
        """Answer questions in an annotator's name; how many it answered."""
        done = 0
        while done < count:
            questions = session.questions(annotator, min(10, count - done))
            if not questions:
                break
            for question in questions:
                session.answer(annotator, self._answer(question))
                done += 1
            end = time.monotonic() + PATIENCE
            while session.is_choosing() and time.monotonic() < end:  # or chance would ask all of them
                time.sleep(0.02)
        return done

    def _answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        digit = self._truth[int(Path(question["path"]).stem)]
        return {
            "client": str(uuid.uuid4()),
            "ask": question["ask"],
            "sample": question["sample"],
            "kind": "label",
            "class_id": digit,  # classes were added in their order
            "note": None,
            "how": "key",
            "shown_at": None,
            "answered_at": None,
        }
