"""Answers for rules to look at."""

from random import Random
from typing import Any

from headrace.engine.http.answer import Answer, Variables
from headrace.engine.http.heads import Head


def answer(
    body: bytes | str = b"",
    content_type: str = "text/html; charset=utf-8",
    *,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (),
    url: str = "http://shop.test/cart",
    **more: Any,
) -> Answer:
    content = body.encode() if isinstance(body, str) else body
    typed = (("content-type", content_type),) if content_type else ()
    return Answer(Head(status, len(content), True, reason="OK", headers=(*typed, *headers)), content, url, **more)


def variables(**values: str) -> Variables:
    known = Variables(Random(1))
    known.update(values)
    return known
