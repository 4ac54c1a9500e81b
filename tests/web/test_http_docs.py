"""docs/http-api.md against the command itself: what stands there runs, and all that there is stands there."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from served import serve
from sites import Site, draw_folder

PAGE = (Path(__file__).parents[2] / "docs" / "http-api.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The page's blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def link(tmp_path: Path) -> Iterator[str]:
    """The link that the page's own command prints, over a folder of twelve pictures."""
    draw_folder(tmp_path / "holiday", 12)
    command = shlex.split(blocks("console")[0])
    assert command[:2] == ["nextlabel", "label"]
    with serve(command[1:], tmp_path) as found:
        yield found


@pytest.mark.skipif(not shutil.which("curl") or not shutil.which("bash"), reason="curl or bash is not installed")
def test_the_examples_run_as_they_stand(link: str, tmp_path: Path) -> None:
    first, *others = [
        block if language == "bash" else f"python - <<'END'\n{block}END\n"
        for language, block in re.findall(r"^```(bash|python)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    ]
    script = "\n".join(["set -e", first, "export PAGE PASS", *others])
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {**os.environ, "PATH": path, "LINK": link, "no_proxy": "127.0.0.1"}
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert done.stdout.count('"why"') == 2  # answers by curl
    assert re.findall(r"(?:left|right)/\d+\.jpg [a-z]", done.stdout)  # by the Python annotator
    assert (tmp_path / "3.jpg").read_bytes()[:3] == b"\xff\xd8\xff"
    assert (tmp_path / "robot.pass").stat().st_mode & 0o777 == 0o600
    rows = (tmp_path / "labels.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "path,label,annotator,note"
    assert {row.split(",")[2] for row in rows[1:]} == {"robot"}


def test_every_route_stands_on_the_page_and_every_route_there_exists(site: Site) -> None:
    routes = set(site.client.get("/openapi.json").json()["paths"])
    told = {re.sub(r"/(\d+|SAMPLE)\b", "/{}", path) for path in re.findall(r"(/(?:api|pictures)/[\w/]+)", PAGE)}
    assert told == {re.sub(r"\{\w+\}", "{}", route) for route in routes}


def test_every_status_stands_on_the_page(site: Site) -> None:
    paths = site.client.get("/openapi.json").json()["paths"]
    statuses = {status for path in paths.values() for way in path.values() for status in way["responses"]}
    assert statuses - set(re.findall(r"\d{3}", PAGE)) <= {"200", "304"}
