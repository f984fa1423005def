"""Addresses of drops and their files: `/{container}/{drop}/{file}`, as the old service had them, with or without an
organization before it (reference: clt-service, 2.2)."""

import re
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from headrace.api.blobs.failures import BlobError, bad_query, denied
from headrace.blobs.drop_files import container_of
from headrace.blobs.names import LONGEST, read_name
from headrace.runs.ids import read_id

_CONTAINER = re.compile(r"ets-containerfor-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOST_PARAMETERS = 100


@dataclass(frozen=True, slots=True)
class Address:
    """`drop` is "" where the address is that of the container; `rest` is what stands behind the drop, as it was sent.

    `from_prefix`: it was the container's, and the prefix of a list names the drop, as of a folder.
    """

    container: str
    drop: str
    rest: str = ""
    from_prefix: bool = False

    @property
    def place(self) -> str:
        """What a signature is made for."""
        return f"{self.container}/{self.drop}"

    @property
    def name(self) -> str:
        """The name of the file; raises BlobError where it will not do."""
        try:
            return read_name(self.rest)
        except ValueError as error:
            shown = self.rest if len(self.rest) <= LONGEST else self.rest[:LONGEST] + "…"
            raise BlobError(400, "InvalidResourceName", f"The name '{shown}' is not possible: {error}.") from None


def read_address(path: str) -> Address | None:
    """None where the path is of something else. Raises BlobError where an organization has no such container."""
    segments = path.lstrip("/").split("/")
    place = next((number for number, each in enumerate(segments[:2]) if _CONTAINER.fullmatch(each.lower())), None)
    if place is None:
        return None
    container = segments[place].lower()
    if place == 1 and container_of(segments[0].lower()) != container:
        raise denied("The organization in the address has no such container.")
    rest = [*segments[place + 1 :]]
    while rest and not rest[0]:
        rest.pop(0)
    drop = read_id(rest[0]) if rest else None
    return Address(container, drop or "", "/".join(rest[1:] if drop else rest))


def with_prefix(address: Address, query: dict[str, str]) -> Address:
    """The address of the drop that a list in its container is about."""
    first, slash, _ = query.get("prefix", "").partition("/")
    drop = read_id(first) if slash and not address.drop and not address.rest else None
    # names in the answer begin as the prefix does, which must be ours
    return replace(address, drop=first, from_prefix=True) if drop == first else address


def read_query(query: bytes) -> dict[str, str]:
    """The parameters, their names in lower case; of several of the same name, the first."""
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise bad_query("list", f"has more than {_MOST_PARAMETERS} entries") from None
    return {name.lower(): value for name, value in reversed(pairs)}
