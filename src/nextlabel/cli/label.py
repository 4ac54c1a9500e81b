"""The labelling page from the command line: opened, served, and closed with everything kept."""

import contextlib
import getpass
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console

from nextlabel.cli.pages import Door
from nextlabel.errors import CannotGo, Mistake, StoreBusy
from nextlabel.files.atomic import write_atomically
from nextlabel.knobs.labelling import Labelling
from nextlabel.labelling.opening import Opened, Wish, open_project
from nextlabel.labelling.places import home_of
from nextlabel.labelling.status import ADDRESS
from nextlabel.store import FILE, visit_store
from nextlabel.store.postgresql import is_address
from nextlabel.text import printable, several, show_path

if TYPE_CHECKING:
    from nextlabel.web.server import Server

PORT = 8642  # where the page is found again, if nobody else is there
HERE = "127.0.0.1"
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")  # one of these names a screen, where there is one
STOPPED = "Stopped. Every answer is kept; the same command goes on where it was."


def run_label(folder: Path | None, page: Labelling, door: Door, demo: bool, loud: Console) -> None:
    """Serve the page until Ctrl-C."""
    if (folder is None) is not demo:
        raise Mistake(
            "Name a folder of pictures, or try --demo, which needs none."
            if folder is None
            else "--demo brings its own pictures. Leave out the folder, or --demo."
        )
    stop = Stop()
    before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        if folder is None:
            _run_demo(page, door, stop, loud)
            return
        place = Path(os.path.abspath(folder.expanduser()))
        wish = Wish(place, door.project, door.store, page.classes or (), page.labels or (), page.settings())
        try:
            opened = open_project(wish)
        except StoreBusy:
            if not door.invite:
                raise
            _invite_beside(place, door, loud)
            return
        _serve(opened, door, stop, loud)
    except KeyboardInterrupt:
        loud.print(STOPPED if folder is not None else "Stopped.", markup=False)
        raise typer.Exit(130) from None
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


class Stop:
    """Ctrl-C, or a polite request to end: the first one ends it, and nothing that comes later disturbs the closing."""

    def __init__(self) -> None:
        self.is_asked = self.is_served = False

    def __call__(self, *_: object) -> None:
        if not self.is_asked:
            self.is_asked = True
            if not self.is_served:
                raise KeyboardInterrupt

    def wait(self, server: "Server") -> None:
        """Until it comes; raises `CannotGo` where the server ends by itself: nobody shall wait before a dead page."""
        self.is_served = True
        while not self.is_asked:
            if not server.is_alive:
                raise CannotGo("The page's server ended by itself. Every answer is kept; the same command goes on.")
            time.sleep(0.2)  # an Event could be locked by the very thread that the signal interrupts
        raise KeyboardInterrupt


def _run_demo(page: Labelling, door: Door, stop: Stop, loud: Console) -> None:
    from nextlabel.labelling.demo import NAME, SETTINGS, Oracle, draw_digits  # scikit-learn's digits take seconds

    loud.print("A demonstration: scikit-learn's digits, in a temporary folder that is gone afterwards.", markup=False)
    home = Path(tempfile.mkdtemp(prefix="nextlabel-demo-"))
    try:
        draw_digits(home / NAME)
        oracle = Oracle()
        wish = Wish(home / NAME, classes=oracle.classes, settings={**SETTINGS, **page.settings()})
        _serve(open_project(wish), door, stop, loud, oracle)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _serve(opened: Opened, door: Door, stop: Stop, loud: Console, oracle: Any = None) -> None:
    from nextlabel.labelling.session import LabellingSession
    from nextlabel.web.app import make_app
    from nextlabel.web.doors import Doors, read_secret
    from nextlabel.web.server import Server

    project = opened.project
    with contextlib.closing(project.store):
        listening = _listen(door)
        port = listening.getsockname()[1]
        open_to_all = door.host in ("0.0.0.0", "::")
        names = () if door.host == HERE or open_to_all else (_bracket(door.host),)
        doors = Doors(port, read_secret(project.home / "secret"), names, any_address=open_to_all)
        with (
            LabellingSession(project, opened.address, oracle) as session,
            Server(make_app(session, doors), listening) as server,
        ):
            base = f"http://{_name_of(door.host)}:{port}"
            for note in opened.notes:
                loud.print(f"Note: {note}", markup=False)
            link = _invite(session, owner(), base)
            _greet(opened, link, door, loud)
            for name in door.invite:
                loud.print(f"For {printable(name)}, once: {_invite(session, name, base)}", markup=False, soft_wrap=True)
            with _address_kept(project.home, base):
                if door.browser:
                    threading.Thread(target=_open_browser, args=(link,), daemon=True).start()
                stop.wait(server)


def _greet(opened: Opened, link: str, door: Door, loud: Console) -> None:
    project = opened.project
    kind = "picture" if project.settings.kind == "picture" else "text"
    count = several(len(project.state.files.there), kind)
    labelled = sum(verdict.kind == "label" for verdict in project.verdicts.values())
    so_far = f", {labelled:,} of them labelled" if labelled else ""
    loud.print(f"{count} in '{printable(project.place.name)}'{so_far}. The page:", markup=False)
    print(link, flush=True)
    if door.host != HERE:
        loud.print("Whoever has a link may label: others on the network reach this page, too.", markup=False)
    if not project.settings.demo:
        where = "the database" if is_address(opened.address) else f"'{show_path(project.home)}'"
        loud.print(
            f"Answers are kept in {where}. Ctrl-C ends this; the same command goes on.",
            markup=False,
        )


def _listen(door: Door) -> socket.socket:
    from nextlabel.web.server import listen

    if door.port is not None:
        return listen(door.port, door.host)
    try:
        return listen(PORT, door.host)
    except CannotGo:
        return listen(0, door.host)


def _invite(session: Any, name: str, base: str) -> str:
    """A link that lets somebody in, once."""
    from nextlabel.web.doors import digest_of, new_token

    token = new_token()
    session.invite(name, digest_of(token))
    return f"{base}/?token={token}"


def _invite_beside(place: Path, door: Door, loud: Console) -> None:
    """Invitations to a project that another process serves: written to its store, which that process reads."""
    home = home_of(place, door.project)
    try:
        base = str(json.loads((home / ADDRESS).read_bytes())["url"])
        urlsplit(base)
    except (OSError, ValueError, KeyError, TypeError):
        raise CannotGo(
            "The project is served, but where is not known. Invite from the page's Settings instead."
        ) from None
    with visit_store(door.store or home / FILE) as visit:
        for name in door.invite:
            loud.print(f"For {printable(name)}, once:", markup=False)
            print(_invite(visit, name, base), flush=True)


@contextlib.contextmanager
def _address_kept(home: Path, base: str) -> Iterator[None]:
    """Where the page is, for a second command."""
    file = home / ADDRESS
    write_atomically(file, json.dumps({"url": base}).encode())
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def owner() -> str:
    """Who starts the page, by the system's name for them."""
    try:
        return getpass.getuser()[:100] or "me"
    except (OSError, KeyError, ImportError):  # no such user, as in some containers
        return "me"


def _bracket(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _name_of(host: str) -> str:
    """The host as others write it; of a server on all addresses, the one by which this machine reaches others."""
    if host not in ("0.0.0.0", "::"):
        return _bracket(host)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        try:
            way.connect(("192.0.2.1", 9))  # an address of documentation; nothing is sent by this
            return str(way.getsockname()[0])
        except OSError:
            return HERE


def _open_browser(link: str) -> None:
    """Where there is none, the link on the terminal is what there is.

    Without a screen there may be one of letters, such as w3m: it would take the terminal, and cannot show the page.
    """
    if sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in SCREENS):
        with contextlib.suppress(webbrowser.Error, OSError):
            webbrowser.open(link)
