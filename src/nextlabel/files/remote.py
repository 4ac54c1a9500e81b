"""Files in a bucket or behind a web address, through fsspec: listed, opened and read, and what goes wrong said plainly.

    is_remote("s3://pictures/flowers")                   # True; a path is not
    [entry.address for entry in find("s3://pictures/flowers")]
    read("https://example.org/rose.jpg")                 # its bytes; asked for again where the net has a bad moment

Who may read is whatever fsspec and its drivers find by themselves: the environment, a profile, a machine's role. None
of it is kept here, or ever written: an address is shown and stored by `without_secrets`. One filesystem is open for
each scheme of a process, and threads share it.
"""

import functools
import importlib
import io
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit, urlunsplit

from nextlabel.errors import BadData, CannotFetch, MissingExtra
from nextlabel.text import printable

T = TypeVar("T")

DRIVERS = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "http": "aiohttp", "https": "aiohttp"}
INSTALLS = {"gcsfs": "pip install gcsfs"}  # what is not in the extra
EXTRA = "pip install 'nextlabel[remote]'"
WEB = ("http", "https")
ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
ATTEMPTS = 4  # of reading one file; drivers try some times by themselves, where they know the trouble
FIRST_WAIT = 0.5  # seconds before the second attempt; twice as long before each further one
CONNECTIONS = 64  # to one store
BLOCK = 2**20  # bytes that are fetched at once of a file that is read in parts
LATER = (408, 425, 429)  # what a web server answers that may do better in a moment, beside 500 and above
FORBIDDEN = (401, 403)
NO_CREDENTIALS = re.compile("Credential|ProfileNotFound|TokenRetrieval|SSO|RefreshError|Unauthorized")  # of drivers


class Entry(NamedTuple):
    """A file in a store: where it is, how many bytes, and a mark that changes when its bytes do ("" where none is)."""

    address: str
    size: int
    mark: str


def is_remote(source: object) -> bool:
    """Is that the address of something elsewhere, and no path?

    >>> is_remote("s3://bucket/folder"), is_remote("https://example.org/list.csv"), is_remote("C:/pictures")
    (True, True, False)
    """
    return isinstance(source, str) and scheme_of(source) in DRIVERS


def scheme_of(address: str) -> str:
    """What stands before ``://``, in lower case; empty for a path.

    >>> scheme_of("S3://bucket"), scheme_of("pictures/a")
    ('s3', '')
    """
    found = ADDRESS.match(address)
    return "" if found is None else found[1].lower()


def without_secrets(address: str) -> str:
    """An address as it may be shown and written down: without a password, a signature, or anything else behind ``?``.

    >>> without_secrets("https://ann:secret@example.org/a.csv?X-Amz-Signature=0123#top")
    'https://example.org/a.csv'
    >>> without_secrets("s3://bucket/what is it?.png"), without_secrets("pictures/a@b?c=1")
    ('s3://bucket/what is it?.png', 'pictures/a@b?c=1')
    """
    scheme = scheme_of(address)
    if scheme not in DRIVERS:
        return address
    if scheme in WEB:
        try:
            parts = urlsplit(address)
        except ValueError:  # such as "http://[a": no address at all
            return f"{scheme}://…"
        return urlunsplit((scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    bucket, slash, name = address[len(scheme) + 3 :].partition("/")
    # A name in a bucket may hold a question mark; what follows one and has an equals sign is a query.
    return f"{scheme}://{bucket.rpartition('@')[2]}{slash}{re.sub(r'[?][^?/]*=.*$', '', name, flags=re.DOTALL)}"


def show(address: str) -> str:
    """An address in a sentence."""
    return printable(without_secrets(address))


def find(address: str) -> list[Entry]:
    """All files below a folder of a bucket, sorted; none where there is no such folder.

    Raises `BadData` where there is no such bucket, it may not be listed, or the address is none of a bucket;
    `CannotFetch` where the store does not answer or knows no credentials, and `MissingExtra`.
    """
    if scheme_of(address) in WEB:
        raise BadData(
            f"'{show(address)}' is no list of pictures (.csv), no archive (.zip) and no .parquet, and the web has no "
            "folders that could be listed. Write a CSV with a column 'url', and name that."
        )
    root = _root(address)
    with _sentences(address):
        try:
            found = _filesystem(scheme_of(address)).find(root, detail=True)
        except FileNotFoundError:
            raise BadData(f"There is no bucket '{show(address)}'. Is it spelled right, and in this account?") from None
        except PermissionError:
            raise BadData(
                f"'{show(address)}' may not be listed with the credentials that were found. Ask its owner, or use "
                "others."
            ) from None
    files = [about for about in found.values() if about.get("type") == "file" and not about["name"].endswith("/")]
    scheme = scheme_of(address)
    return sorted(Entry(f"{scheme}://{about['name']}", int(about.get("size") or 0), _mark(about)) for about in files)


def stat(address: str) -> Entry:
    """One file; raises as `open_file`."""
    with _sentences(address):
        about = _filesystem(scheme_of(address)).info(_path(address))
        return Entry(address, int(about.get("size") or 0), _mark(about))


def read(address: str) -> bytes:
    """The bytes of one file. What may pass is tried `ATTEMPTS` times, with a wait in between.

    Raises `FileNotFoundError` and `PermissionError` where that file is not to be had, `CannotFetch` where the store
    does not answer, and `MissingExtra`.
    """
    filesystem, path = _connect(address), _path(address)
    raw: bytes = _patiently(address, lambda: filesystem.cat_file(path))
    return raw


def read_ranges(address: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    """The bytes of one file from one place to another, of each range; asked for side by side, and raising as `read`."""
    filesystem, path = _connect(address), _path(address)
    starts, ends = [start for start, _ in ranges], [end for _, end in ranges]
    raw: list[bytes] = _patiently(
        address, lambda: filesystem.cat_ranges([path] * len(ranges), starts, ends, on_error="raise")
    )
    return raw


class OpenFile(io.RawIOBase):
    """One file, to be read in parts by whoever seeks in it; opening and reading raise as `read`."""

    def __init__(self, address: str) -> None:
        self.address, filesystem, path = address, _connect(address), _path(address)
        self.file = _patiently(address, lambda: filesystem.open(path, "rb", block_size=BLOCK))

    def read(self, size: int = -1) -> bytes:
        """The next ``size`` bytes, or as many as there are; all that follow where it is below 0."""
        place = self.tell()

        def ask() -> bytes:
            try:
                self.file.seek(place)
                raw: bytes = self.file.read(size)
            except ValueError:  # of fsspec, where a server sends more than it was asked for
                raise BadData(
                    f"The server of '{show(self.address)}' gives files as a whole only, and this one is wanted in "
                    "parts. Download it, and name it here."
                ) from None
            return raw

        return _patiently(self.address, ask)

    def seek(self, place: int, whence: int = 0) -> int:
        """Where it is read next, as files have it."""
        at: int = self.file.seek(place, whence)
        return at

    def tell(self) -> int:
        """Where it is read next."""
        at: int = self.file.tell()
        return at

    def seekable(self) -> bool:
        """Can it be read from anywhere? Of a web server that does not say how long a file is, it cannot."""
        return bool(self.file.seekable())

    def readable(self) -> bool:
        """It can be read."""
        return True

    def close(self) -> None:
        """Let go of it."""
        if not self.closed:
            self.file.close()
        super().close()


def _patiently(address: str, ask: Callable[[], T]) -> T:
    """What comes of asking, again where it may go better in a moment."""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(FIRST_WAIT * 2 ** (attempt - 1))
        try:
            with _sentences(address):
                return ask()
        except _Passing as passing:
            told = passing
    raise CannotFetch(
        f"'{show(address)}' could not be read, {ATTEMPTS} times in a row ({told}). Is the connection down, or the "
        "store too busy? Run the same command again: it goes on where this one stopped."
    )


class _Passing(CannotFetch):
    """A trouble that may be over in a moment."""


@contextmanager
def _sentences(address: str) -> Iterator[None]:
    """What a driver raises, as one of ours that names no credentials: their own words may hold a signed address."""
    try:
        yield
    except (CannotFetch, BadData, MissingExtra, MemoryError):
        raise
    except (FileNotFoundError, PermissionError) as error:
        raise type(error)(show(address)) from None
    except Exception as error:
        status = getattr(error, "status", None)
        if status in FORBIDDEN:
            raise PermissionError(show(address)) from None
        if isinstance(status, int) and 400 <= status < 500 and status not in LATER:
            raise FileNotFoundError(show(address)) from None
        if NO_CREDENTIALS.search(type(error).__name__):
            raise CannotFetch(
                f"No credentials for '{show(address)}' were found ({type(error).__name__}). Set them as for any other "
                "program: in the environment, in a profile, or by this machine's role. A public bucket is read with "
                f"FSSPEC_{scheme_of(address).upper()}_ANON=true."
            ) from None
        raise _Passing(type(error).__name__ if status is None else f"status {status}") from None


def _root(address: str) -> str:
    return _path(address).rstrip("/")


def _path(address: str) -> str:
    """What a driver is given: the web wants all of an address, a bucket goes by its name."""
    return address if scheme_of(address) in WEB else address[len(scheme_of(address)) + 3 :]


def _mark(about: dict[str, Any]) -> str:
    """Size, and the ETag or hash; else the time. An ETag is the same for the same bytes, put there again as before."""
    found = next(
        (about[name] for name in ("ETag", "etag", "md5Hash", "LastModified", "updated") if about.get(name)), ""
    )
    return f"{about.get('size')} {found}" if found else ""


def _connect(address: str) -> Any:
    with _sentences(address):
        return _filesystem(scheme_of(address))


@functools.cache
def _filesystem(scheme: str) -> Any:
    """The driver of a scheme; raises `MissingExtra` where it is not installed."""
    driver = DRIVERS[scheme]
    try:
        fsspec = importlib.import_module("fsspec")
        importlib.import_module(driver)
        # Not fsspec's own cache of filesystems: that has one for each thread, with connections of its own.
        options: dict[str, Any] = {} if scheme in WEB else {"use_listings_cache": False}
        if scheme == "s3":
            options["max_concurrency"] = 1  # of one file: else the size of each is asked for first
            options["config_kwargs"] = {"max_pool_connections": CONNECTIONS}
        return fsspec.filesystem(scheme, skip_instance_cache=True, **options)
    except ImportError as error:
        install = INSTALLS.get(driver, EXTRA)
        raise MissingExtra(
            f"{scheme}:// needs {driver}, which is not installed or cannot be loaded "
            f"({type(error).__name__}). Install it: {install}"
        ) from None
