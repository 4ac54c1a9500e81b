"""The application: a session behind its doors."""

from importlib import resources
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

import nextlabel
from nextlabel.errors import CannotGo, CannotWrite, Conflict, NextlabelError, NotThere
from nextlabel.text import printable
from nextlabel.web.base import Session
from nextlabel.web.doors import PASS_PATH, SENTENCES, Doors, redeem_token
from nextlabel.web.guard import Guard
from nextlabel.web.picture_routes import picture_router
from nextlabel.web.routes import api_router
from nextlabel.web.shapes import Failure, Pass, Token

STATIC = Path(str(resources.files("nextlabel.web") / "static"))
STATUS: tuple[tuple[type[NextlabelError], int], ...] = (
    (NotThere, 404),
    (Conflict, 409),
    (CannotWrite, 507),
    (CannotGo, 503),
    (NextlabelError, 400),
)


def make_app(session: Session, doors: Doors) -> FastAPI:
    """The page and its API over one session; nobody gets past ``doors``.

    Its schema is at ``/openapi.json``. There is no page of documentation: those load their scripts from elsewhere.
    """
    failures: dict[int | str, dict[str, Any]] = {
        status: {"model": Failure} for status in (400, 401, 403, 404, 409, 413, 422, 503, 507)
    }
    app = FastAPI(
        title="nextlabel",
        version=nextlabel.__version__,
        docs_url=None,
        redoc_url=None,
        responses=failures,
        redirect_slashes=False,
    )
    app.state.session, app.state.doors = session, doors
    app.include_router(api_router)
    app.include_router(picture_router)
    app.add_api_route("/", _open_page, include_in_schema=False)
    app.add_api_route(PASS_PATH, _give_pass, methods=["POST"], response_model=Pass)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_exception_handler(NextlabelError, _explain)
    app.add_exception_handler(RequestValidationError, _explain)
    app.add_exception_handler(HTTPException, _explain)
    app.add_middleware(Guard, doors=doors)
    return app


def _open_page(request: Request, token: str = "") -> Response:
    """The page; a token is exchanged for the cookie, and gone from the address with it."""
    session: Session = request.app.state.session
    doors: Doors = request.app.state.doors
    annotator: int | None = request.state.annotator
    if "token" not in request.query_params:
        if annotator is None:
            return JSONResponse({"error": SENTENCES["pass"]}, 401)
        return FileResponse(STATIC / "index.html", headers={"cache-control": "no-cache"})
    newcomer = redeem_token(token, session.redeem)
    if newcomer is None and annotator is None:
        return JSONResponse({"error": SENTENCES["pass"]}, 401)
    reply = RedirectResponse("/", 303)
    if newcomer is not None:
        reply.set_cookie(
            doors.cookie,
            doors.make_pass(newcomer),
            max_age=365 * 86_400,
            httponly=True,
            samesite="strict",
            secure=doors.secure,
        )
    return reply


def _give_pass(request: Request, said: Token) -> Response | dict[str, str]:
    """A program's way in: the token of a link is exchanged for a pass, once."""
    annotator = redeem_token(said.token, request.app.state.session.redeem)
    if annotator is None:
        return JSONResponse({"error": SENTENCES["pass"]}, 401)
    return {"bearer": request.app.state.doors.make_pass(annotator)}


async def _explain(_request: Request, error: Exception) -> Response:
    """An error as a sentence. What was sent is not sent back: it may be anything."""
    if isinstance(error, NextlabelError):
        status = next(status for kind, status in STATUS if isinstance(error, kind))
        return JSONResponse({"error": printable(str(error))}, status)
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        where = printable(".".join(str(part) for part in first["loc"]))[:100]
        return JSONResponse({"error": f"{where}: {printable(first['msg'])[:200]}."}, 422)
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": f"{error.detail}."}, error.status_code, headers=error.headers)
