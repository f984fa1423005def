"""What the rest of the service asks of the files of drops, wherever they are kept."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from unicodedata import normalize
from uuid import UUID, uuid5

from headrace.plan.readers.data_rows import LARGEST
from headrace.plan.readers.folder import Folder

MOST_BYTES = 512 * 1024 * 1024  # of all that one run reads of its drop

_ORGANIZATIONS = UUID("7ae6d0a6-cda5-44cf-a261-28c392bed25c")  # the id of the old service's resource area


@dataclass(frozen=True, slots=True)
class Access:
    """Where the files of a drop are put and read, and the query that allows it."""

    url: str
    sas: str


class FilesUnavailableError(Exception):
    """What keeps the files cannot be reached, or does not do what it should; the message is for the user."""


class DropFiles(Protocol):
    """The files of all drops. Everything here may block, and raise FilesUnavailableError."""

    def open(self, drop_id: str) -> None:
        """Makes room for the files of a new drop."""

    def access(self, root: str, organization: str, drop_id: str, permissions: str, name: str, now: datetime) -> Access:
        """A fresh access. `root` is the address of the service without an organization, `name` a single file or ""."""

    def folder(self, drop_id: str) -> tuple[Folder, list[str]]:
        """The files as a test sees them, and why others are not among them."""

    def remove(self, drop_id: str) -> None:
        """Removes all files of a drop; it is no error where there are none."""

    def expire(self, now: datetime) -> None:
        """Removes what uploads have left that never came to an end. Called now and then."""


def tenant_of(organization: str) -> str:
    """The organization as an identifier, which the old service had beside its name; always the same."""
    return str(uuid5(_ORGANIZATIONS, organization))


def container_of(organization: str) -> str:
    """The container of an organization, as the old service named them (reference: clt-service, 2.2)."""
    return f"ets-containerfor-{tenant_of(organization)}"


def folder_of(names: Iterable[str], read: Callable[[str, int], bytes]) -> Folder:
    """A folder of files. `read` gives one, and raises ValueError where it has more than so many bytes.

    Accents are written the way tests spell them, whatever the machine did that the files came from.
    """
    stored = {normalize("NFC", name): name for name in names}
    left = MOST_BYTES

    def read_bounded(name: str) -> bytes:
        nonlocal left
        if name not in stored:
            raise ValueError("it is not among the files of the drop")
        content = read(stored[name], min(LARGEST, left))
        left -= len(content)
        return content

    return Folder(tuple(stored), read_bounded)
