"""The command beside its page: a link without a browser, invitations by a second command, Ctrl-C."""

import os
import signal
import subprocess
import sys
import webbrowser

import httpx
import pytest
from fastapi import FastAPI
from people import draw_pictures
from served_labelling import COMMAND
from typer.testing import CliRunner

from nextlabel.cli.app import app
from nextlabel.cli.label import Stop, _open_browser
from nextlabel.errors import CannotGo
from nextlabel.web.server import Server, listen

LETTERS = ("w3m", "lynx", "links", "elinks", "www-browser", "xdg-open")  # what Python would start without a screen


def go_in(link):
    """Who it is that a link lets in."""
    url = httpx.URL(link)
    base = f"http://{url.host}:{url.port}"
    with httpx.Client(base_url=base, headers={"origin": base}, timeout=20) as client:
        assert client.get(link, headers={"sec-fetch-mode": "navigate"}).status_code == 303
        return client.get("/api/overview").json()["you"]


def test_without_a_screen_a_link_is_all_and_a_second_command_invites(tmp_path):
    place = draw_pictures(tmp_path / "shapes", 6)
    (tmp_path / "bin").mkdir()
    for name in LETTERS:
        file = tmp_path / "bin" / name
        file.write_text(f"#!/bin/sh\necho {name} >> {tmp_path / 'started'}\n")
        file.chmod(0o755)
    env = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")}
    env["PATH"] = f"{tmp_path / 'bin'}:{env['PATH']}"
    command = [*COMMAND, str(place), "--embedder", "pixels", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as served:
        try:
            assert go_in(served.stdout.readline().strip())
            invited = CliRunner().invoke(app, ["label", str(place), "--invite", "ben", "--invite", "Cyd"])
            assert invited.exit_code == 0, invited.output
            links = [line for line in invited.stdout.splitlines() if line.startswith("http")]
            assert [go_in(one) for one in links] == ["ben", "Cyd"]
            served.send_signal(signal.SIGINT)
            _, said = served.communicate(timeout=30)
        finally:
            served.kill()
    assert (served.returncode, "Every answer is kept" in said) == (130, True)
    assert not (tmp_path / "started").exists()


def test_a_browser_that_cannot_be_started_is_no_failure(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    tried = []

    def fail(link):
        tried.append(link)
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "open", fail)
    _open_browser("http://127.0.0.1:1/")
    assert len(tried) == 1
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    _open_browser("http://127.0.0.1:1/")
    assert len(tried) == 1


def test_a_server_that_ends_by_itself_ends_the_command_with_a_sentence():
    with Server(FastAPI(), listen()) as server:
        server._server.should_exit = True
        with pytest.raises(CannotGo, match=r"ended by itself\. Every answer is kept"):
            Stop().wait(server)
