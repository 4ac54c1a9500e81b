"""The report of a comparison by keyboard alone, in a real browser."""

import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from test_reading import rows, run

from nextlabel import report
from nextlabel.comparison import weigh
from nextlabel.report.drawing import themes

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("no Chromium on this machine: apt-get install chromium", allow_module_level=True)

AXE = files("axe_playwright_python") / "axe.min.js"
FOCUS = """() => {
    const one = document.activeElement
    if (one === document.body) return null
    const style = getComputedStyle(one), place = one.getBoundingClientRect()
    return {
        name: one.getAttribute("aria-label") || one.textContent,
        ring: style.outlineStyle === "solid" && parseFloat(style.outlineWidth) >= 2,
        seen: place.top < innerHeight && place.bottom > 0,
    }
}"""


def walk(page: Any) -> list[str]:
    """What Tab comes by until it leaves the page; whatever has the focus shows it."""
    names: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUS)
        if found is None:
            return names
        assert found["ring"], f"{found['name']} does not show that it has the focus"
        assert found["seen"]
        names.append(found["name"])
    raise AssertionError(f"Tab goes round and round: {names}")


@pytest.fixture
def verdicts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The report on two datasets, in a window as narrow as a phone's, where its tables are wider."""
    monkeypatch.setattr(themes, "DPI", 30)
    two = [run(tmp_path / "one"), run(tmp_path / "two", rows(dataset="other"), fingerprint="g")]
    path = report.write_verdicts(weigh(two), tmp_path / "out")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--disable-gpu"])
        page = browser.new_page(viewport={"width": 390, "height": 800}, bypass_csp=True)  # for axe, which is a script
        page.goto(path.as_uri())
        yield page
        browser.close()


def test_all_of_it_is_reached_by_keyboard(verdicts: Any) -> None:
    page, shut = verdicts, walk(verdicts)
    assert shut.count("Every seed’s curve") == 2
    for summary in page.query_selector_all("summary"):
        summary.focus()
        page.keyboard.press("Enter")
    assert page.evaluate("document.querySelectorAll('details:not([open])').length") == 0
    page.evaluate("const top = document.querySelector('h1'); top.tabIndex = -1; top.focus()")
    opened = walk(page)
    tables = page.evaluate("[...document.querySelectorAll('.scroll')].map(one => one.ariaLabel)")
    assert len(tables) == len(set(tables)) == 5  # two of each dataset, and who beats whom
    assert set(tables) <= set(opened)
    page.focus(f"[aria-label='{tables[0]}']")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")
    page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate("axe.run().then(found => found.violations.map(one => [one.id, one.nodes[0].html]))")
        assert found == []
