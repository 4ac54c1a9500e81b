"""Fixtures for all tests: real pictures, small and made on the spot, and a cache of our own."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import new_database, postgresql  # noqa: F401
from hypothesis import HealthCheck, settings
from onnx_files import dinov2_files, hub_cache
from painted import folder_of
from threadpoolctl import threadpool_limits

from nextlabel.embedders import dinov2

# The clock of a busy machine is no fault of the program: no example is too slow, and none is drawn too slowly.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

collect_ignore_glob = ["*/conftest.py"]  # they hold no doctests, and two modules of one name cannot be collected
SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test reads or fills the user's own cache."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEXTLABEL_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session", autouse=True)
def no_umap() -> Iterator[None]:
    """UMAP compiles itself for half a minute at its first use: only its own test, in a process of its own, does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nextlabel.projection.find_umap", lambda: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_works() -> Iterator[None]:
    """A shell starts what runs in the background deaf to Ctrl-C, and its children with it: tests send it and wait."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """For problems as small as these, a second thread costs more than it brings, above all beside other work."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, for this test alone."""
    monkeypatch.setenv("NEXTLABEL_CACHE", str(tmp_path / "own cache"))
    return tmp_path / "own cache"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real data sets, which lies beside a checkout and not in it."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is absent: no real data sets beside this checkout")
    return SHARED


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub cache with a tiny model in the place of DINOv2, and no way to the hub itself."""
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "home" / "hub"))
    return hub_cache(tmp_path / "home" / "hub", dinov2.REPOSITORY, dinov2.REVISION, dinov2_files())


@pytest.fixture
def fruits(tmp_path: Path) -> Path:
    """Three classes of 4, 3 and 2 pictures."""
    return folder_of(tmp_path / "fruits", {"apple": 4, "pear": 3, "quince": 2})


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own, or the reason why there is none."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", folder], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"no disk can be mounted here ({made.stderr.strip()})")
    yield folder
    subprocess.run(["umount", folder], check=True)
