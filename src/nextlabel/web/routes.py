"""The API: each route asks the session, and is a few lines."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from nextlabel.errors import Conflict
from nextlabel.web import shapes
from nextlabel.web.base import Json, Session
from nextlabel.web.doors import digest_of, new_token
from nextlabel.web.export import write_labels
from nextlabel.web.outlook_shapes import OutlookNow
from nextlabel.web.receipt_shapes import Receipt

GLANCE = 0.3  # seconds between two looks for changes: well under what a person would call late
HEARTBEAT = 50  # glances between two signs of life, by which a connection that broke is noticed
MOST_STREAMS = 32

api_router = APIRouter(prefix="/api")


def _session(request: Request) -> Session:
    session: Session = request.app.state.session
    return session


def _annotator(request: Request) -> int:
    annotator: int = request.state.annotator
    return annotator


Labelling = Annotated[Session, Depends(_session)]
Person = Annotated[int, Depends(_annotator)]
Count = Annotated[int, Query(ge=1, le=200)]


@api_router.get("/overview", response_model=shapes.Overview)
def overview(session: Labelling, person: Person) -> Json:
    """Where the labelling stands."""
    return session.overview(person)


@api_router.post("/scan", response_model=shapes.Scan)
def rescan(session: Labelling, person: Person) -> Json:
    """Look through the folder again, for what joined and what is gone."""
    return session.rescan(person)


@api_router.get("/questions", response_model=list[shapes.Question])
def questions(session: Labelling, person: Person, count: Count = 10) -> list[Json]:
    """The next questions; those not answered yet come first again."""
    return session.questions(person, count)


@api_router.post("/answers", response_model=shapes.Kept)
def answer(session: Labelling, person: Person, said: shapes.Answer) -> Json:
    """Keep an answer: on the disk before the reply, and once however often it is sent."""
    return session.answer(person, said.model_dump())


@api_router.post("/demo", response_model=shapes.DemoAnswers)
def answer_demo(session: Labelling, person: Person, said: shapes.DemoCount) -> Json:
    """Let an oracle answer the next questions; in a demonstration alone."""
    return {"answered": session.answer_demo(person, said.count)}


@api_router.post("/undo", response_model=shapes.Undone)
def undo(session: Labelling, person: Person, said: shapes.Undo) -> Json:
    """Take back one's own last answer, or the one that is named."""
    return session.undo(person, said.client, said.of)


@api_router.get("/recent", response_model=list[shapes.Recent])
def recent(session: Labelling, person: Person, count: Count = 10) -> list[Json]:
    """One's own last answers, latest first."""
    return session.recent(person, count)


@api_router.post("/classes", response_model=list[shapes.LabelClass])
def add_class(session: Labelling, person: Person, said: shapes.NewClass) -> list[Json]:
    """Add a class."""
    return session.add_class(person, said.name)


@api_router.post("/classes/{class_id}", response_model=list[shapes.LabelClass])
def change_class(session: Labelling, person: Person, class_id: shapes.Id, said: shapes.ClassChanges) -> list[Json]:
    """Rename a class, bind its key, describe it, give it an example."""
    return session.change_class(person, class_id, said.model_dump(exclude_unset=True))


@api_router.post("/classes/{class_id}/merge", response_model=list[shapes.LabelClass])
def merge_class(session: Labelling, person: Person, class_id: shapes.Id, said: shapes.Merge) -> list[Json]:
    """Merge a class into another."""
    return session.merge_class(person, class_id, said.into)


@api_router.get("/samples", response_model=shapes.Samples)
def samples(
    session: Labelling,
    class_id: Annotated[int | None, Query(ge=0, le=2**53 - 1)] = None,
    annotator: Annotated[str | None, Query(max_length=100)] = None,
    text: Annotated[str | None, Query(max_length=200)] = None,
    ids: Annotated[list[shapes.Id] | None, Query(max_length=200)] = None,
    grid: Annotated[bool, Query()] = False,
    offset: Annotated[int, Query(ge=0, le=2**53 - 1)] = 0,
    count: Count = 60,
) -> Json:
    """What is labelled, to search; with ``grid``, what is not, the chooser's surest first."""
    asked = {"class_id": class_id, "annotator": annotator, "text": text, "ids": ids, "grid": grid}
    return session.samples({**asked, "offset": offset, "count": count})


@api_router.get("/samples/{sample}/neighbours", response_model=shapes.Neighbours)
def neighbours(session: Labelling, sample: shapes.Id) -> Json:
    """A sample's path and text, and the samples before and after it in the folder."""
    return session.neighbours(sample)


@api_router.get("/oddities", response_model=shapes.Samples, responses={202: {"description": "They are looked for."}})
def oddities(
    session: Labelling,
    kind: Annotated[Literal["near-duplicates", "outliers"], Query()],
    offset: Annotated[int, Query(ge=0, le=2**53 - 2, multiple_of=2)] = 0,
    count: Annotated[int, Query(ge=2, le=200, multiple_of=2)] = 60,
) -> Json | Response:
    """Near-duplicates pair by pair, or outliers, of the strategy's side; 202 while they are looked for."""
    found = session.oddities(kind, offset, count)
    return found if found is not None else JSONResponse({}, 202)


@api_router.post("/grid", response_model=shapes.Events)
def answer_grid(session: Labelling, person: Person, said: shapes.GridAnswer) -> Json:
    """Confirm a grid but for what is wrong in it; undo takes it back as one."""
    return session.answer_grid(person, said.model_dump())


@api_router.get("/map", response_model=shapes.Map, responses={202: {"description": "It is being computed."}})
def read_map(session: Labelling) -> Json | Response:
    """All samples in two dimensions; 202 while that is computed."""
    columns = session.map()
    return columns if columns is not None else JSONResponse({}, 202)


@api_router.post("/lasso", response_model=shapes.Queued)
def lasso(session: Labelling, person: Person, said: shapes.Lasso) -> Json:
    """Ask about these next."""
    return {"queued": session.lasso(person, said.samples)}


@api_router.get("/review", response_model=list[shapes.Doubt])
def review(session: Labelling, person: Person) -> list[Json]:
    """Labels to look at once more."""
    return session.review(person)


@api_router.get("/settings", response_model=shapes.Settings)
def settings(session: Labelling) -> Json:
    """What is set now."""
    return session.settings()


@api_router.post("/settings", response_model=shapes.Settings)
def change_settings(session: Labelling, person: Person, said: shapes.SettingsChanges) -> Json:
    """Set some of it, from the next batch on."""
    return session.change_settings(person, said.model_dump(exclude_unset=True))


@api_router.post("/check", response_model=shapes.Queued)
def check_rest(session: Labelling, person: Person, said: shapes.CheckRest) -> Json:
    """Ask next about some that are drawn from all without a label: how many of the rest does the model have right?"""
    return {"queued": session.check_rest(person, said.count)}


@api_router.get("/receipt", response_model=Receipt)
def receipt(session: Labelling) -> Json:
    """What may be said honestly so far."""
    return session.receipt()


@api_router.post("/outlook", status_code=202, response_model=dict[str, None])
def look_ahead(session: Labelling, person: Person) -> Json:
    """Begin to look whether asking will go on helping; it takes up to a minute, and nothing waits for it."""
    session.look_ahead()
    return {}


@api_router.get("/outlook", response_model=OutlookNow, responses={202: {"description": "It is being computed."}})
def outlook(session: Labelling) -> Json | Response:
    """What the last look ahead found; 202 while one is under way."""
    found = session.outlook()
    return found if found is not None else JSONResponse({}, 202)


@api_router.get("/export", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
def export(session: Labelling, person: Person) -> Response:
    """All labels that stand, as a table: path, label, annotator, note."""
    named = {"content-disposition": 'attachment; filename="labels.csv"'}
    return Response(write_labels(session, person), media_type="text/csv; charset=utf-8", headers=named)


@api_router.post("/people", response_model=shapes.Link)
def invite(request: Request, session: Labelling, said: shapes.Invitation) -> Json:
    """A link that lets one more person in, once."""
    token = new_token()
    session.invite(said.name, digest_of(token))
    return {"name": said.name, "link": f"{request.url.scheme}://{request.headers['host']}/?token={token}"}


@api_router.get("/events", response_class=StreamingResponse)
def changes(
    request: Request,
    session: Labelling,
    after: Annotated[int, Query(ge=-1, le=2**53 - 1)] = -1,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """What changes, as server-sent events: the page asks again for what one of them names."""
    streams = request.app.state
    if getattr(streams, "open", 0) >= MOST_STREAMS:
        raise Conflict("Too many pages are open at once. Close some of them.")
    known = last_event_id or ""
    start = int(known) if known.isascii() and known.isdecimal() and len(known) <= 15 else after
    return StreamingResponse(_stream(streams, session, start), media_type="text/event-stream")


async def _stream(streams: Any, session: Session, after: int) -> AsyncIterator[str]:
    """Changes as they come. It looks rather than waits, so that no thread is held by a page that is merely open."""
    streams.open = getattr(streams, "open", 0) + 1
    try:
        yield "retry: 1000\n\n"
        quiet = 0
        while not getattr(streams, "closing", False):
            for change in session.changes(after):
                after = change["number"]
                yield f"id: {after}\ndata: {json.dumps(change)}\n\n"
                quiet = 0
            quiet += 1
            if quiet % HEARTBEAT == 0:
                yield ": still here\n\n"
            await asyncio.sleep(GLANCE)
    finally:
        streams.open -= 1
