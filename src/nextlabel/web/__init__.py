"""The labelling page and its HTTP face: a thin skin over a `Session`, behind doors that are shut.

`make_app` makes the application from a session and its doors, `serve` runs it. What is asked, kept and learned is
nobody's business here: a route checks what comes in, asks the session, and checks what goes out.
"""

from nextlabel.web.app import make_app
from nextlabel.web.base import Session
from nextlabel.web.doors import Doors, read_secret
from nextlabel.web.server import Server

__all__ = ["Doors", "Server", "Session", "make_app", "read_secret"]
