"""The route of the pictures; it has threads of its own, so that no answer ever waits behind a picture."""

from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from nextlabel.web.base import Session
from nextlabel.web.pictures import read_picture, round_side, tag_of

AT_ONCE = 3  # pictures decoded at once; each may need some hundred megabytes for a moment

picture_router = APIRouter()


def _threads(app: Any) -> CapacityLimiter:
    """One per application, for it belongs to that server's event loop: two servers in one process have two."""
    if not hasattr(app.state, "picture_threads"):
        app.state.picture_threads = CapacityLimiter(AT_ONCE)
    threads: CapacityLimiter = app.state.picture_threads
    return threads


@picture_router.get(
    "/pictures/{sample:int}",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}, 304: {"description": "The browser has it."}},
)
async def picture(
    request: Request,
    sample: Annotated[int, Path(ge=0, le=2**53 - 1)],
    side: Annotated[int, Query(ge=1, le=10_000)] = 1280,
) -> Response:
    """A sample's picture, upright, no side longer than ``side`` (rounded up to one of a few), without metadata."""
    session: Session = request.app.state.session
    side = round_side(side)
    tag = tag_of(session, sample, side)
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag, "cache-control": "private, no-cache"})
    found = await to_thread.run_sync(read_picture, session, sample, side, limiter=_threads(request.app))
    # Asked again each time (two projects may share a port one after the other), and then mostly not sent again.
    kept = {"etag": tag, "cache-control": "private, no-cache"} if found.whole else {"cache-control": "no-store"}
    return Response(found.body, media_type="image/jpeg", headers=kept)
