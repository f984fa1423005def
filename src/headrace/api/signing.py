"""Links that carry their own permission, as Azure's shared access signatures do (reference: section 0, line 19).

Who has the link may read the one file it names until it expires; nobody without the key can make one or prolong one.
"""

import hmac
import secrets
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError

from headrace.api.failures import ApiError
from headrace.store.database import reading, writing
from headrace.store.schema import secrets as secrets_table

VALID_FOR = timedelta(hours=2)
_VERSION = "2018-03-28"
RESULT_LINKS, DROPS = "result links", "drops"
_DATE = "%Y-%m-%dT%H:%M:%SZ"


def load_key(database: Engine, name: str = RESULT_LINKS) -> bytes:
    """A key of this database for signatures of one kind; made when it is first asked for."""
    query = select(secrets_table.c.value).where(secrets_table.c.name == name)
    with reading(database) as connection:
        key: bytes | None = connection.scalar(query)
    if key is not None:
        return key
    key = secrets.token_bytes(32)
    try:
        with writing(database) as connection:
            connection.execute(insert(secrets_table).values(name=name, value=key))
        return key
    except IntegrityError:  # another process was faster
        return load_key(database, name)


def sign(key: bytes, path: str, now: datetime) -> str:
    """The query that lets its bearer read `path` from now on for VALID_FOR."""
    expiry = (now.astimezone(UTC) + VALID_FOR).strftime(_DATE)
    return urlencode({"sv": _VERSION, "se": expiry, "sr": "b", "sig": _signature(key, path, expiry)})


def check(key: bytes, path: str, query: Mapping[str, str], now: datetime) -> None:
    """Raises ApiError (403) where the query does not permit reading `path` now."""
    expiry = query.get("se", "")
    given = query.get("sig", "").encode("utf-8", "replace")
    if not hmac.compare_digest(_signature(key, path, expiry).encode(), given):
        raise ApiError(403, "The signature of this link does not fit it.", "AuthenticationFailedException")
    if now >= datetime.strptime(expiry, _DATE).replace(tzinfo=UTC):
        raise ApiError(
            403,
            f"This link expired at {expiry}. The results of the run name a new one.",
            "AuthenticationFailedException",
        )


def _signature(key: bytes, path: str, expiry: str) -> str:
    message = f"{_VERSION}\nb\n{path}\n{expiry}".encode("utf-8", "replace")
    return b64encode(hmac.digest(key, message, "sha256")).decode()
