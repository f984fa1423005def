"""Identifiers: UUIDs in lower case, as every client of the service expects them."""

import re
from uuid import uuid4

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_id() -> str:
    return str(uuid4())


def read_id(text: str) -> str | None:
    """The identifier as it is stored; None where the text is none. No other text reaches an id column of the database."""
    lower = text.lower()
    return lower if _UUID.fullmatch(lower) else None
