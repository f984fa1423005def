"""A run as it happens: server-sent events of its seconds, its messages and its states.

The id of an event says how far its reader has got: the last second and the position of the last message. A browser that lost
the connection sends it back as `Last-Event-ID`, and gets what came since, as far as seconds are kept.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from headrace.api.context import Asked, Context
from headrace.api.failures import ApiError
from headrace.api.runs import find_run
from headrace.api.v1.run_shapes import RunShape, show_message, show_run
from headrace.api.v1.shape import Answer
from headrace.results.recorder import Second

router = APIRouter(prefix="/api/v1/runs/{run_id}", tags=["v1: runs"])

LOOK_EVERY = 0.5
"""Seconds between two looks at a run."""
BEAT_EVERY = 15.0
"""Seconds of silence after which a comment is sent, so that proxies see that the connection lives."""
_MOST_MESSAGES = 100  # in one look
_ID = re.compile(r"(-?[0-9]{1,9})\.(-?[0-9]{1,9})")


class Listeners:
    """Counts who follows runs; used from the event loop only."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.now = 0

    def enter(self) -> None:
        """Raises ApiError (503) where there are too many."""
        if self.now >= self.most:
            raise ApiError(
                503,
                f"{self.most} clients follow runs already (the setting max_listeners); try again later.",
                "TooManyListenersException",
                {"Retry-After": "10"},
            )
        self.now += 1

    def leave(self) -> None:
        self.now -= 1


class SecondShape(Answer):
    """A second of the load: users at its end, and what was counted in it. `p95` is in seconds."""

    second: int
    users: int
    requests: int
    failed: int
    errors: int
    p95: float


@dataclass(slots=True)
class _Reader:
    """How far a client has got with a run."""

    second: int = -(10**9)
    position: int = -1
    told: RunShape | None = None
    beat: float = field(default_factory=monotonic)

    def event(self, name: str, data: BaseModel) -> str:
        self.beat = monotonic()
        return f"id: {self.second}.{self.position}\nevent: {name}\ndata: {data.model_dump_json(by_alias=True)}\n\n"


@router.get(
    "/events",
    response_class=Response,
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "A stream of events."}
    },
)
async def follow_run(
    run_id: str,
    request: Request,
    asked: Asked,
    last_event_id: Annotated[str | None, Header(max_length=32, pattern=r"^-?[0-9]{1,9}\.-?[0-9]{1,9}$")] = None,
) -> Response:
    """Server-sent events: `second` for each second of the load, `message` for each message, `run` where the state changed,
    and `end` with the run when it is over; then the stream ends.

    A comment is sent after 15 seconds of silence. With `Last-Event-ID` it goes on after that event.
    """
    await run_in_threadpool(find_run, asked, run_id)
    reader = _Reader()
    if last_event_id is not None and (match := _ID.fullmatch(last_event_id)):
        reader.second, reader.position = int(match[1]), int(match[2])
    listeners: Listeners = request.app.state.listeners
    listeners.enter()
    return _Stream(_events(asked, run_id, reader), listeners)


class _Stream(StreamingResponse):
    """Events until they end or the client goes; it counts as a listener until then."""

    def __init__(self, events: AsyncIterator[str], listeners: Listeners) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._listeners = listeners

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._listeners.leave()


async def _events(asked: Context, run_id: str, reader: _Reader) -> AsyncIterator[str]:
    over = False
    while not over:
        try:
            news, over = await run_in_threadpool(_look, asked, run_id, reader)
        except ApiError:  # the run was deleted meanwhile
            return
        if news:
            yield "".join(news)
        elif monotonic() - reader.beat >= BEAT_EVERY:
            reader.beat = monotonic()
            yield ": still here\n\n"
        if not over:
            await asyncio.sleep(LOOK_EVERY)


def _look(asked: Context, run_id: str, reader: _Reader) -> tuple[list[str], bool]:
    """What is new, and whether that was all. The run is read first: what it says in the end is there by then."""
    run = show_run(find_run(asked, run_id))
    news = []
    if reader.told is None or (run.state, run.substate) != (reader.told.state, reader.told.substate):
        reader.told = run
        news.append(reader.event("run", run))
    for second in asked.services.results.history(run_id):
        if second.second > reader.second:
            reader.second = second.second
            news.append(reader.event("second", _show(second)))
    said = asked.services.runs.messages_after(run_id, reader.position, _MOST_MESSAGES)
    for position, message in said:
        reader.position = position
        news.append(reader.event("message", show_message(position, message)))
    over = run.state in ("completed", "aborted", "error") and len(said) < _MOST_MESSAGES
    if over:
        news.append(reader.event("end", run))
    return news, over


def _show(second: Second) -> SecondShape:
    return SecondShape(
        second=second.second,
        users=second.users,
        requests=second.requests,
        failed=second.failed,
        errors=second.errors,
        p95=second.p95_us / 1_000_000,
    )
