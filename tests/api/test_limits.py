import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from headrace.api.limits import DEEPEST, Limits
from tests.api.server import CLT, Server

JSON = {"Content-Type": "application/json"}
DROPS = f"{CLT}/testdrops?api-version=1.0"


def send(server: Server, body: bytes, **headers: str) -> Any:
    return server.client.post(DROPS, content=body, headers={**JSON, **headers})


def test_a_body_that_says_it_is_too_large_is_not_read(new_server: Callable[..., Server]) -> None:
    answer = send(new_server(max_body=1024), b"x" * 1025)
    assert answer.status_code == 413
    assert answer.json()["message"] == "The body is larger than the 1024 bytes this server takes (its setting max_body)."


def test_a_body_that_does_not_say_how_large_it_is_is_bounded_too(new_server: Callable[..., Server]) -> None:
    server = new_server(max_body=1024)

    def endless() -> Iterator[bytes]:
        for _ in range(1000):
            yield b" " * 100

    answer = server.client.post(DROPS, content=endless(), headers=JSON)
    assert answer.status_code == 413


def test_a_body_as_large_as_allowed_is_taken(new_server: Callable[..., Server]) -> None:
    assert send(new_server(max_body=1024), b"{}" + b" " * 1022).status_code == 200


def test_the_standard_limit_takes_the_largest_sensible_test_and_refuses_10_mb(server: Server) -> None:
    assert send(server, b'{"x": "' + b"a" * 10_000_000 + b'"}').status_code == 413


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "The body is empty"),
        (b"  \r\n", "The body is empty"),
        (b"[]", "The body must be a JSON object"),
        (b'"text"', "The body must be a JSON object"),
        (b"null", "The body must be a JSON object"),
        (b"{", "cannot be read: Input data was truncated"),
        (b'{"a": 1,}', "(byte 8)"),
        (b"{'a': 1}", "(byte 1)"),
        (b'{"a": NaN}', "(byte 6)"),
        (b'{"a": -Infinity}', "(byte 7)"),
        (b'{"a": 1e999}', "Number out of range"),
        (b'{"a": ' + b"9" * 5000 + b"}", "out of range"),
        (b'{"a": "\xff"}', "The body is not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "The body"),
        (b'{"a": "\\ud800"}', "cannot be read"),
        (b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}", f"more than {DEEPEST} levels of nesting (byte 69)"),
        (b"[" * 1_000_000, f"more than {DEEPEST} levels of nesting (byte 64)"),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, f"more than {DEEPEST} levels"),
        (b"a=b", "(byte 0)"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused_with_the_place(server: Server, body: bytes, complaint: str) -> None:
    answer = send(server, body)
    assert answer.status_code == 400
    assert complaint in answer.json()["message"]


def test_brackets_in_text_are_not_nesting(server: Server) -> None:
    body = json.dumps({"x": '[{"\\' * 200, "dropType": "TestServiceBlobDrop"}).encode()
    assert send(server, body).status_code == 200


def test_a_byte_order_mark_is_no_trouble(server: Server) -> None:
    assert send(server, b"\xef\xbb\xbf{}").status_code == 200


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON;charset=UTF-8", "application/x+json"],
)
def test_json_is_taken_however_its_type_is_spelt(server: Server, content_type: str) -> None:
    assert send(server, b"{}", **{"Content-Type": content_type}).status_code == 200


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_what_a_page_of_another_site_could_send_is_not_taken(server: Server, content_type: str) -> None:
    answer = send(server, b"{}", **{"Content-Type": content_type})
    assert answer.status_code == 415
    assert "send JSON as 'application/json'" in answer.json()["message"]


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    assert _status_of(Limits(_unreachable, max_body=1024, patience=0.01), never) == 408


def test_a_connection_that_ends_early_is_noticed() -> None:
    async def end() -> Message:
        return {"type": "http.disconnect"}

    assert _status_of(Limits(_unreachable, max_body=1024), end) == 400


async def _unreachable(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("a body that is not there was passed on")


def _status_of(app: Limits, receive: Receive) -> int:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", b"application/json")]}
    asyncio.run(app(scope, receive, send))
    status: int = sent[0]["status"]
    return status
