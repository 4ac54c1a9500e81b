"""What the browser is given: small, whole, licensed, ours."""

import gzip
import re
import subprocess
import sys

from nextlabel.labelling.classes import ACTIONS, KEYS
from nextlabel.web.app import STATIC

MOST = 130_000  # bytes, gzipped


def test_the_page_is_small() -> None:
    files = [file for file in STATIC.rglob("*") if file.suffix in (".js", ".css", ".html", ".png")]
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < MOST


def test_every_library_has_its_licence_and_version_beside_it() -> None:
    for library in (STATIC / "vendor").iterdir():
        assert (library / "LICENSE").stat().st_size > 900
        assert re.fullmatch(rf"{library.name} \d+\.\d+\.\d+\n", (library / "VERSION").read_text())


def test_every_import_is_relative_and_leads_to_a_file() -> None:
    for module in STATIC.rglob("*.js"):
        for target in re.findall(r"^import .*? from \"([^\"]+)\"|\bimport\(", module.read_text(), re.MULTILINE):
            assert target.startswith("."), (module.name, target)
            assert (module.parent / target).is_file(), (module.name, target)


def test_no_module_builds_code_or_markup_from_text() -> None:
    for module in STATIC.glob("*.js"):
        assert not re.search(
            r"\beval\b|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write", module.read_text()
        )


def test_server_and_page_know_the_same_keys() -> None:
    script = (STATIC / "keys.js").read_text()
    assert dict(re.findall(r'\{ name: "(\w+)", key: "([^"]+)"', script)) == ACTIONS
    assert f'const ORDER = "{KEYS}";' in script
    assert not {*KEYS} & {*ACTIONS.values()}


def test_the_page_opens_before_anything_that_learns_is_imported() -> None:
    late = "sklearn", "skactiveml", "torch", "matplotlib"
    code = f"import sys, nextlabel.web; print([name for name in {late} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
