"""Shared access signatures of our own: the query that lets its bearer use the files of one drop, or one file, for a while.

They look like Azure's (reference: clt-service, 2.2 and 4.2), which clients only pass on: `sv` version, `si` policy, `se`
expiry, `sp` permissions, `sr` what it is for: `c` all of the drop, `b` one blob. Every one of these is under the signature
`sig`; what else stands in a query is not looked at.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

VALID_FOR = timedelta(hours=2)
ALL = "rcwdl"
"""Read, create, write (over what is there too), delete, list; in Azure's order."""

_VERSION = "2018-03-28"
_POLICY = "drop_policy_"
_DATE = "%Y-%m-%dT%H:%M:%SZ"
_LONGEST = 100


class Denied(Exception):  # noqa: N818 - a refusal is no error
    """The signature does not allow this; the message may be told to anybody."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a signature allows. `blob` is the key of the one file that it is for (`names.key_of`); "" is all of a drop."""

    permissions: str
    blob: str = ""

    def allows(self, permissions: str, blob: str) -> bool:
        """Whether one of the permissions is given for this file ("": the drop as a whole)."""
        return (not self.blob or self.blob == blob) and any(each in self.permissions for each in permissions)


def sign(key: bytes, place: str, now: datetime, permissions: str = ALL, blob: str = "") -> str:
    """The query, with its question mark. `place` is the container and the folder of the drop, `blob` as in a Grant."""
    fields = {
        "sv": _VERSION,
        "se": (now.astimezone(UTC) + VALID_FOR).strftime(_DATE),
        "sr": "b" if blob else "c",
        "si": _POLICY + place.rpartition("/")[2],
        "sp": permissions,
    }
    return "?" + urlencode({**fields, "sig": _signature(key, fields, place, blob)})


def check(key: bytes, place: str, query: Mapping[str, str], now: datetime, blob: str = "") -> Grant:
    """What the signature in a query allows for a place. Raises Denied where it is none of ours for it, or has expired."""
    fields = {part: query.get(part, "") for part in ("sv", "se", "sr", "si", "sp")}
    scope = blob if fields["sr"] == "b" else ""
    known = max(map(len, fields.values())) <= _LONGEST
    given = query.get("sig", "").encode("utf-8", "replace")
    if not hmac.compare_digest(_signature(key, fields, place, scope).encode(), given) or not known:
        raise Denied("The signature does not fit this address.")
    if now >= datetime.strptime(fields["se"], _DATE).replace(tzinfo=UTC):
        raise Denied(f"The signature expired at {fields['se']}. GET the test drop for a new one.")
    return Grant(fields["sp"], scope)


def _signature(key: bytes, fields: Mapping[str, str], place: str, blob: str) -> str:
    # Places have no line ends, and a field that has one is none of ours: two different messages are never the same text.
    parts = [*(fields[part].replace("\n", " ") for part in ("sv", "se", "sr", "si", "sp")), place, blob]
    return b64encode(hmac.digest(key, "\n".join(parts).encode("utf-8", "replace"), "sha256")).decode()
