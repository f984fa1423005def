"""A run as it happens, by server-sent events; the clients are real ones of a real service in tests/test_service.py."""

import asyncio
import json
from typing import Any

import pytest

from headrace.api.failures import ApiError
from headrace.api.v1 import events
from headrace.api.v1.events import Listeners
from headrace.runs import life
from tests.api.server import Server, a_tick
from tests.api.v1.client import Client


def read(text: str) -> list[tuple[str, str, Any]]:
    """(event, id, data) of each event of a stream."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if lines:
            found.append((lines["event"], lines["id"], json.loads(lines["data"])))
    return found


def follow(v1: Client, run_id: str, after: str | None = None) -> list[tuple[str, str, Any]]:
    """All events of a run that is over, or is over in a moment."""
    headers = {"Authorization": f"Bearer {v1.server.token}", **({"Last-Event-ID": after} if after else {})}
    answer = v1.server.stranger.get(f"/api/v1/runs/{run_id}/events", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    return read(answer.text)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LOOK_EVERY", 0.01)


def ended(server: Server, run_id: str) -> None:
    """Ends the run, its recorder still there: its seconds can be seen as those of a run under way can."""
    server.lead(run_id, lambda at: life.collect(at, server.time), lambda at: life.complete(at, server.time))


def test_the_stream_of_a_run_has_its_seconds_messages_and_states_and_then_ends(v1: Client) -> None:
    run_id = v1.run()["id"]
    recorder = v1.server.start(run_id)
    for second in range(3):
        recorder.add(a_tick(second))
    ended(v1.server, run_id)
    stream = follow(v1, run_id)
    assert [name for name, _, _ in stream] == ["run", "second", "second", "second", "message", "end"]
    assert stream[1][2] == {"second": 0, "users": 5, "requests": 2, "failed": 1, "errors": 1, "p95": stream[1][2]["p95"]}
    assert stream[1][2]["p95"] == pytest.approx(0.04, rel=0.01)
    assert stream[4][2]["text"] == "This run was requested by 'Ada'."
    assert stream[-1][2] == v1.get(f"/runs/{run_id}")
    assert [event_id for _, event_id, _ in stream[1:]] == ["0.-1", "1.-1", "2.-1", "2.0", "2.0"]


def test_a_client_that_comes_back_gets_what_it_missed(v1: Client) -> None:
    run_id = v1.run()["id"]
    recorder = v1.server.start(run_id)
    for second in range(3):
        recorder.add(a_tick(second))
    ended(v1.server, run_id)
    assert [(name, event_id) for name, event_id, _ in follow(v1, run_id, after="1.0")] == [
        ("run", "1.0"),
        ("second", "2.0"),
        ("end", "2.0"),
    ]


@pytest.mark.parametrize("after", ["x", "1", "1.2.3", "9" * 40 + ".1"])
def test_an_id_that_was_never_given_is_refused(v1: Client, after: str) -> None:
    headers = {"Authorization": f"Bearer {v1.server.token}", "Last-Event-ID": after}
    assert v1.server.stranger.get(f"/api/v1/runs/{v1.run()['id']}/events", headers=headers).status_code == 400


def test_what_happens_is_sent_as_it_happens_with_heart_beats_between(v1: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "BEAT_EVERY", 0.05)
    run_id = v1.run()["id"]

    async def listen() -> list[str]:
        context: Any = type("Asked", (), {"services": v1.server.services, "organization": "default"})
        seen = []
        async for text in events._events(context, run_id, events._Reader()):
            seen.append(text)
            if text.startswith(":"):
                v1.server.patch(f"/testruns/{run_id}", {"state": "aborted"})
        return seen

    seen = asyncio.run(listen())
    assert ": still here\n\n" in seen
    assert [name for name, _, _ in read("".join(seen))] == ["run", "message", "run", "end"]


def test_the_stream_ends_where_the_run_is_deleted(v1: Client) -> None:
    run_id = v1.run()["id"]

    async def listen() -> int:
        context: Any = type("Asked", (), {"services": v1.server.services, "organization": "default"})
        count = 0
        async for _ in events._events(context, run_id, events._Reader()):
            count += 1
            v1.ask("DELETE", f"/api/v1/runs/{run_id}")
        return count

    assert asyncio.run(listen()) == 1


def test_there_are_only_so_many_listeners() -> None:
    listeners = Listeners(2)
    listeners.enter()
    listeners.enter()
    with pytest.raises(ApiError, match="max_listeners") as raised:
        listeners.enter()
    assert raised.value.status == 503
    listeners.leave()
    listeners.enter()


def test_whoever_has_gone_is_no_listener_any_more(v1: Client) -> None:
    run_id = v1.run()["id"]
    v1.ask("PATCH", f"/api/v1/runs/{run_id}", {"state": "aborted"})
    follow(v1, run_id)
    assert v1.server.app.state.listeners.now == 0
