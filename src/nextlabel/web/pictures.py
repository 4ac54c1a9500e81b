"""Pictures as a browser may have them: asked for by id, read within their folder, encoded anew.

Never the original bytes: they may be HTML by another name, and their metadata say where somebody lives.
"""

import hashlib
import io
import logging
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from nextlabel.datasets.decoding import Unreadable, fit_within
from nextlabel.errors import Outside
from nextlabel.files.confine import confine
from nextlabel.text import printable
from nextlabel.web.base import Session

SIDES = (160, 320, 640, 960, 1280, 1920, 2560, 3840)  # pixels; few, so that a browser's cache meets them again
LARGEST_FILE = 500_000_000  # bytes
QUALITY = 85

log = logging.getLogger("nextlabel.web")


@dataclass(frozen=True)
class Encoded:
    """A picture as it goes out; ``tag`` is the same for as long as its file is."""

    body: bytes
    tag: str
    whole: bool = True  # False: a placeholder, since the file cannot be shown


def round_side(side: int) -> int:
    """The next of `SIDES`.

    >>> round_side(1), round_side(1000), round_side(9_999)
    (160, 1280, 3840)
    """
    return next((each for each in SIDES if each >= side), SIDES[-1])


def tag_of(session: Session, sample: int, side: int) -> str:
    """A sample's file never changes (a changed one is another sample), so its id tells; across projects their names.

    On another scale of its folder it is another picture.
    """
    scales = sorted(session.scales.items(), key=lambda item: item[0])
    return f'"{hashlib.sha256(f"{session.project} {sample} {side} {scales}".encode()).hexdigest()[:20]}"'


def read_picture(session: Session, sample: int, side: int) -> Encoded:
    """The sample's picture as JPEG, or a placeholder that says why there is none; raises `NotThere`."""
    tag = tag_of(session, sample, side)
    relative, may_link_out = session.locate(sample)
    try:
        file = confine(session.root, relative, may_link_out)
        if file.stat().st_size > LARGEST_FILE:
            raise Unreadable(f"has more than {LARGEST_FILE:,} bytes")
        return Encoded(_jpeg(fit_within(file.read_bytes(), side, session.scales)), tag)
    except FileNotFoundError:
        why = "is gone"
    except OSError as error:
        why = f"cannot be read ({(error.strerror or 'unknown error').lower()})"
    except Outside:
        why = "is a link that leaves the folder"
    except Unreadable as error:
        why = str(error)
    log.warning("sample %d: %s %s", sample, printable(relative), why)
    return Encoded(_placeholder(why), tag, whole=False)


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _placeholder(why: str) -> bytes:
    picture = Image.new("RGB", (640, 480), "#e9edf1")
    draw = ImageDraw.Draw(picture)
    draw.text((320, 225), "This file", "#5b6570", ImageFont.load_default(24), anchor="mm")
    words = printable(why).encode("ascii", "replace").decode()[:60]  # Pillow's own font has few letters
    draw.text((320, 260), words, "#5b6570", ImageFont.load_default(20), anchor="mm")
    return _jpeg(picture)
