"""A page that is served over a folder of drawn pictures, as tests see it."""

import shutil
from pathlib import Path

import httpx
import numpy as np
from folder_session import FolderSession
from PIL import Image, ImageDraw

from nextlabel.web import Doors, Server, make_app
from nextlabel.web.doors import digest_of
from nextlabel.web.server import listen

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TOKEN = "let-me-in"
QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]


class Site:
    """A page that is being served: its session, its address, and a client that has a pass."""

    def __init__(self, session: FolderSession) -> None:
        self.session = session
        self.door = listen()
        self.doors = Doors(self.door.getsockname()[1], b"s" * 32)
        self.session.invite("you", digest_of(TOKEN))
        self.server = Server(make_app(session, self.doors), self.door)
        self.address = f"http://127.0.0.1:{self.server.port}"
        self.link = f"{self.address}/?token={TOKEN}"
        self.client = httpx.Client(
            base_url=self.address, headers={"authorization": f"Bearer {self.doors.make_pass(0)}"}
        )


def draw_folder(root: Path, count: int, size: tuple[int, int] = (320, 240)) -> Path:
    """So many pictures, each of another colour and with its number in it, in two sub-folders."""
    draws = np.random.default_rng(1)
    for i in range(count):
        file = root / ("left" if i % 2 else "right") / f"{i:03}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.new("RGB", size, tuple(int(c) for c in draws.integers(40, 220, 3)))
        ImageDraw.Draw(picture).ellipse((60, 40, 200, 180), fill=tuple(int(c) for c in draws.integers(0, 256, 3)))
        picture.save(file)
    return root
