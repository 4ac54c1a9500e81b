"""Who may come in: every request passes here before anything else sees it.

A page of another origin can send requests to this machine too, and a name that is bound to 127.0.0.1 afterwards makes
its own pages look like ours. So three things must be right at once, pictures and scripts included: the ``Host`` is one
of ours, the request comes from our own page (or from a program that shows a token), and whoever sends it has a pass.

A pass is an annotator's number, signed with the project's secret. A browser gets it as a cookie in exchange for a
one-time token; a program exchanges its token at `PASS_PATH`, and sends the pass as ``Authorization: Bearer``.
"""

import hashlib
import hmac
import ipaddress
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from starlette.datastructures import Headers

from nextlabel.errors import BadData
from nextlabel.text import show_path

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
SECRET_BYTES = 32
LONGEST_TOKEN = 200  # characters; ours have 43
PASS_PATH = "/api/pass"

Refusal = Literal["host", "origin", "pass"]
SENTENCES: dict[Refusal, str] = {
    "host": "This server is not known under that name. Open the link that `nextlabel label` printed.",
    "origin": "This request does not come from the labelling page itself. Open the link that `nextlabel label` "
    "printed by pasting it into the browser's address bar.",
    "pass": "This link was used before, or belongs to another project. Open the link that `nextlabel label` printed; "
    "starting it again prints a new one.",
}


@dataclass(frozen=True)
class Doors:
    """What is compared with each request.

    ``names`` are further names or addresses that this server was told to answer to; ``any_address`` lets in whoever
    names it by an address, as when it listens on all of them: rebinding needs a name, so an address is no danger.
    """

    port: int
    secret: bytes = field(repr=False)
    names: tuple[str, ...] = ()
    any_address: bool = False
    secure: bool = False  # behind a proxy that speaks https

    @property
    def cookie(self) -> str:
        """The cookie's name. Browsers keep cookies by host and not by port: two projects must not share one."""
        return f"nextlabel-{self.port}"

    def knows_host(self, host: str) -> bool:
        """Is this one of our names, with our port?"""
        name, colon, port = host.rpartition(":")
        if not colon or port != str(self.port):
            return host in self.names if self.secure else False
        return name in (*LOOPBACK, *self.names) or (self.any_address and _is_address(name))

    def make_pass(self, annotator: int) -> str:
        """What lets an annotator in, for as long as the project keeps its secret."""
        return f"{annotator}.{self._sign(annotator)}"

    def read_pass(self, text: str) -> int | None:
        """The annotator whose pass this is; None where it is nobody's."""
        number, _, signature = text.partition(".")
        if not (number.isascii() and number.isdecimal() and len(number) <= 15 and signature.isascii()):
            return None
        return int(number) if hmac.compare_digest(signature, self._sign(int(number))) else None

    def _sign(self, annotator: int) -> str:
        return hmac.new(self.secret, f"pass {annotator}".encode(), hashlib.sha256).hexdigest()

    def judge(self, path: str, method: str, headers: Headers, cookies: Iterable[str]) -> Refusal | int | None:
        """Why a request is refused, or else whose it is; None for whoever opens the page, or asks for a pass.

        The first navigation may come from nowhere: a link that was typed, or opened by the command. So may a POST that
        shows a one-time token: a browser says of each POST where it comes from, so this one is a program's.
        """
        if len(headers.getlist("host")) != 1 or not self.knows_host(headers["host"]):
            return "host"
        bearer = headers.get("authorization", "")
        holder = self.read_pass(bearer.removeprefix("Bearer ")) if bearer.startswith("Bearer ") else None
        first = path == "/" and method == "GET" and headers.get("sec-fetch-mode", "navigate") == "navigate"
        exchange = path == PASS_PATH and method == "POST"
        if not self._is_own(headers, first, program=holder is not None or exchange):
            return "origin"
        if holder is None:
            holder = next((who for text in cookies if (who := self.read_pass(text)) is not None), None)
        return holder if holder is not None or first or exchange else "pass"

    def _is_own(self, headers: Headers, first: bool, program: bool) -> bool:
        scheme = "https" if self.secure else "http"
        own = f"{scheme}://{headers['host']}"
        if "origin" in headers and headers["origin"] != own:
            return False
        if "sec-fetch-site" in headers:
            return headers["sec-fetch-site"] in (("same-origin", "none") if first else ("same-origin",))
        if program or "origin" in headers:
            return True
        # Over http to another machine browsers leave Sec-Fetch-Site out. Our pages send a referrer to themselves.
        away = headers["host"].rpartition(":")[0] not in LOOPBACK
        return away and (first or headers.get("referer", "").startswith(f"{own}/"))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def new_token() -> str:
    """A token for one invitation; the session is given its digest alone."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """What is kept of a token: enough to know it again, too little to use it."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def redeem_token(token: str, redeem: Callable[[str], int | None]) -> int | None:
    """The annotator whose one-time token this is; it is spent by that."""
    return redeem(digest_of(token)) if 0 < len(token) <= LONGEST_TOKEN else None


def read_secret(file: Path) -> bytes:
    """The project's secret, made where there is none, readable by its owner alone; raises `BadData` for a damaged one.

    It belongs into the project's own folder, from which nothing is served.
    """
    if file.exists():
        os.chmod(file, 0o600)
    else:
        _make_secret(file)
    secret = file.read_bytes()
    if len(secret) != SECRET_BYTES:
        raise BadData(f"{show_path(file)} is damaged. Delete it: a new one is made, and links are printed anew.")
    return secret


def _make_secret(file: Path) -> None:
    """Whole on the disk before it has its name; of two that start at once, the first to give the name made it."""
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(secrets.token_bytes(SECRET_BYTES))
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(draft, file)
        except FileExistsError:
            pass  # and that one is read
        except OSError:  # a file system without links
            draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
