"""One known file from the web: over https only, going on where it was interrupted, and kept only if it is that file.

archive = Archive("https://…/flower_photos.tgz", size=228_813_984, sha256="4c54…")
download(archive, Path("flower_photos.tgz.part"))        # returns once every byte is there, and is the right one

By hand, since pooch 1.9 begins anew after an interruption, follows whoever sends it on to http, learns of a wrong file
only when all of it has come, and would bring five packages along.
"""

import contextlib
import hashlib
import re
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from nextlabel.errors import CannotFetch, CannotWrite, Mistake
from nextlabel.files.refusals import FULL
from nextlabel.progress import Progress, quiet
from nextlabel.text import printable

BYTES_AT_ONCE = 2**17
MB = 10**6
TIMEOUT = 30  # seconds without a single byte
TRY_AGAIN = "Give the same command again: it goes on where it stopped."


@dataclass(frozen=True)
class Archive:
    """A file on the web, and what it takes to know it from any other: its size in bytes and its SHA-256."""

    url: str
    size: int
    sha256: str

    @property
    def host(self) -> str:
        """Whom we ask for it."""
        return urlsplit(self.url).hostname or "?"

    @property
    def name(self) -> str:
        """What it is called there."""
        return self.url.rpartition("/")[2]


@contextlib.contextmanager
def keep_others_out(part: Path) -> Iterator[None]:
    """Keep everybody else from ``part``: two who append to it ruin it. Raises `CannotFetch` where somebody is at it."""
    path = part.with_name(f".{part.name}.lock")
    lock = FileLock(path)
    with explain_disk_errors(path):
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise CannotFetch(
                f"Another nextlabel is fetching '{printable(str(part))}' right now. Wait for it, then give the same "
                "command again; or name another folder."
            ) from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows removes no file that is open
            path.unlink()  # before it is released: whoever has opened it by then sees that it is gone, and begins again
        lock.release()


def download(archive: Archive, part: Path, progress: Progress = quiet, context: ssl.SSLContext | None = None) -> None:
    """Make the file ``part`` the whole archive; what an earlier try left there is not fetched again.

    Raises `CannotFetch`; what came by then is kept in ``part``, unless it is whole and yet not this archive.
    """
    if not _is_https(archive.url):
        raise Mistake(f"'{archive.url}' is no https address, so what comes could be anybody's. Use one that is.")
    with explain_disk_errors(part):
        have = part.stat().st_size if part.exists() else 0
    if have != archive.size:
        _fetch(archive, part, have if have < archive.size else 0, progress, context)
    _check_hash(archive, part)


def _is_https(url: str) -> bool:
    return urlsplit(url).scheme == "https"


def _fetch(archive: Archive, part: Path, have: int, progress: Progress, context: ssl.SSLContext | None) -> None:
    answer, start = _open_rest(archive, have, context)
    with answer:
        if answer.length is not None and start + answer.length != archive.size:
            raise CannotFetch(
                f"'{archive.host}' offers {start + answer.length:,} bytes; {archive.name} has {archive.size:,}. "
                "It was replaced, or a log-in page of the network stands in between: open any page in a browser first."
            )
        with explain_disk_errors(part), part.open("ab" if start else "wb") as file:
            for data in _read_chunks(answer, archive, start, progress):
                file.write(data)


def _open_rest(archive: Archive, have: int, context: ssl.SSLContext | None) -> tuple[HTTPResponse, int]:
    """The server's answer, and where in the archive it begins: behind what we have, or else at 0."""
    answer = _request(archive, have, context)
    if answer.status != HTTPStatus.PARTIAL_CONTENT:  # the server takes no notice of ranges, and sends everything
        return answer, 0
    if _is_rest(answer, archive, have):
        return answer, have
    answer.close()
    return _request(archive, 0, context), 0


def _is_rest(answer: HTTPResponse, archive: Archive, have: int) -> bool:
    """Whether a partial answer is the rest of this archive, to its end."""
    match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.headers.get("Content-Range", "").strip())
    return match is not None and [int(number) for number in match.groups()] == [have, archive.size - 1, archive.size]


def _request(archive: Archive, start: int, context: ssl.SSLContext | None) -> HTTPResponse:
    """Ask for the archive from a byte on, or for all of it where the server has no such byte."""
    headers = {"User-Agent": "nextlabel"} | ({"Range": f"bytes={start}-"} if start else {})
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _OnlyHttps())
    try:
        answer: HTTPResponse = opener.open(urllib.request.Request(archive.url, headers=headers), timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if start and error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return _request(archive, 0, context)
        raise CannotFetch(_explain_status(archive, error)) from None
    except (OSError, HTTPException, ValueError) as error:  # ValueError: sent on to an address that is none
        raise CannotFetch(_explain_no_contact(archive, error)) from None
    return answer


class _OnlyHttps(urllib.request.HTTPRedirectHandler):
    """Goes where it is sent, unless that is a place where anybody on the way could change what comes."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if not _is_https(newurl):
            fp.close()
            raise CannotFetch(
                f"'{urlsplit(req.full_url).hostname}' sends us on to '{printable(newurl)}', which is not https, so "
                "what comes could be anybody's. A log-in page of the network may be why: open any page in a browser "
                "first."
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _read_chunks(answer: HTTPResponse, archive: Archive, start: int, progress: Progress) -> Iterator[bytes]:
    """The rest of the archive as it comes, never more than that."""
    done = start
    while done < archive.size:
        progress("Downloading, in MB", done // MB, archive.size // MB)
        try:
            data = answer.read1(min(BYTES_AT_ONCE, archive.size - done))
        except (OSError, HTTPException) as error:
            raise CannotFetch(_explain_interruption(archive, done, _reason_of_failure(error))) from None
        if not data:
            raise CannotFetch(_explain_interruption(archive, done, "the connection was closed"))
        done += len(data)
        yield data


def _check_hash(archive: Archive, part: Path) -> None:
    with explain_disk_errors(part):
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest == archive.sha256:
            return
        part.unlink()  # going on from it could only end here again
    raise CannotFetch(
        f"What came is as long as {archive.name}, but its bytes are others (SHA-256 {digest[:12]}…, not "
        f"{archive.sha256[:12]}…), so it was thrown away. It was damaged on the way, or replaced. Give the same "
        "command again; if it ends like this again, a newer nextlabel may know the new file."
    )


def _explain_status(archive: Archive, error: urllib.error.HTTPError) -> str:
    what = f"'{archive.host}' answered {error.code} {printable(str(error.reason))} when asked for {archive.name}."
    if error.code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return f"{what} It has probably moved; a newer nextlabel may know where to. We asked for {archive.url}"
    if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR or error.code == HTTPStatus.TOO_MANY_REQUESTS:
        return f"{what} It is probably busy. {TRY_AGAIN}"
    return f"{what} A proxy or a firewall may be why: open {archive.url} in a browser."


def _explain_no_contact(archive: Archive, error: Exception) -> str:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, socket.gaierror):
        return f"No address is known for '{archive.host}'. The network is probably down: see whether a browser gets on."
    if isinstance(reason, ssl.SSLCertVerificationError):
        return (
            f"'{archive.host}' could not prove who it is ({reason.verify_message}), so nothing was taken from it. "
            "A proxy that reads along or a clock that is wrong may be why; SSL_CERT_FILE names certificates to trust."
        )
    return (
        f"'{archive.host}' cannot be reached: {_reason_of_failure(reason)}. The network may be down, or a firewall in "
        "between; HTTPS_PROXY names a proxy where one is needed."
    )


def _explain_interruption(archive: Archive, done: int, why: str) -> str:
    return f"{archive.name} stopped coming after {done:,} of {archive.size:,} bytes: {why}. {TRY_AGAIN}"


def _reason_of_failure(error: object) -> str:
    if isinstance(error, TimeoutError):
        return f"there was no answer for {TIMEOUT} seconds"
    if isinstance(error, ConnectionRefusedError):
        return "it refuses to talk to us"
    if isinstance(error, ConnectionError | HTTPException):
        return "the connection was lost"
    return printable(getattr(error, "strerror", None) or str(error) or type(error).__name__)


@contextlib.contextmanager
def explain_disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk says of a path into a sentence."""
    try:
        yield
    except OSError as error:
        shown = printable(str(path))
        if error.errno in FULL:
            raise CannotWrite(
                f"The disk that holds '{shown}' is full. Make room, then give the same command again: what came so far "
                "is kept."
            ) from None
        raise CannotWrite(
            f"'{shown}' cannot be used ({error.strerror or error}). Choose a place that you may write to."
        ) from None
