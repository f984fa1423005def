"""The files of drops in an Azure Storage account. Needs the extra `azure`: nobody imports this without the setting `blobs`.

Each drop has a container of its own: Azure knows no signature for a folder of one, and clients that take a drop's address
for that of a container could not list it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient, ContainerClient, generate_blob_sas, generate_container_sas

from headrace.blobs.drop_files import Access, FilesUnavailableError, folder_of
from headrace.blobs.names import key_of, read_name
from headrace.blobs.sas import ALL, VALID_FOR
from headrace.plan.readers.folder import Folder
from headrace.settings import Settings

_TIMEOUT = 20.0  # seconds, of a connection and of each read
_MOST_TOLD = 20


class AzureFiles:
    """Raises FilesUnavailableError where the setting `blobs` is no connection string with a key."""

    def __init__(self, settings: Settings, retries: int = 3) -> None:
        self._limits = settings
        given = settings.blobs.get_secret_value() if settings.blobs is not None else ""
        options: dict[str, Any] = {
            "connection_timeout": _TIMEOUT,
            "read_timeout": _TIMEOUT,
            "retry_total": retries,
            "logging_enable": False,
        }
        try:
            self._account = BlobServiceClient.from_connection_string(given, **options)
        except ValueError:
            raise FilesUnavailableError("the setting blobs is no connection string of an Azure Storage account") from None
        key = getattr(self._account.credential, "account_key", None)
        if not key:
            raise FilesUnavailableError("the connection string in the setting blobs has no AccountKey, which signs accesses")
        self._key: str = key

    def open(self, drop_id: str) -> None:
        with _telling():
            try:
                self._container(drop_id).create_container()
            except ResourceExistsError:
                return

    def access(self, root: str, organization: str, drop_id: str, permissions: str, name: str, now: datetime) -> Access:
        """The account's own: clients reach it without this service, so `root` is not looked at."""
        container = self._container(drop_id)
        account, expiry = str(self._account.account_name), now + VALID_FOR
        allowed = permissions or ALL
        if name:
            sas = generate_blob_sas(
                account,
                container.container_name,
                name,
                account_key=self._key,
                permission=allowed.replace("l", ""),  # a file has nothing to list
                expiry=expiry,
            )
        else:
            sas = generate_container_sas(
                account, container.container_name, account_key=self._key, permission=allowed, expiry=expiry
            )
        return Access(container.url, f"?{sas}")

    def folder(self, drop_id: str) -> tuple[Folder, list[str]]:
        container = self._container(drop_id)
        sizes: dict[str, int] = {}
        refused: list[str] = []
        keys: dict[str, str] = {}
        with _telling():
            for blob in container.list_blobs():
                why = _reason(blob.name, keys)
                if why:
                    refused.append(f"The file '{blob.name[:200]}' of the drop is left out: {why}.")
                else:
                    sizes[blob.name] = blob.size
                if len(sizes) + len(refused) > self._limits.max_drop_files:
                    raise FilesUnavailableError(f"there are over {self._limits.max_drop_files} (the setting max_drop_files)")

        def read(name: str, largest: int) -> bytes:
            if sizes[name] > largest:
                raise ValueError(f"it has {sizes[name]} bytes; at most {largest} can be read")
            with _telling():
                return container.download_blob(name, offset=0, length=largest).readall() if sizes[name] else b""

        return folder_of(sizes, read), refused[:_MOST_TOLD]

    def remove(self, drop_id: str) -> None:
        with _telling():
            try:
                self._container(drop_id).delete_container()
            except ResourceNotFoundError:
                return

    def expire(self, now: datetime) -> None:
        """Azure forgets blocks that were not committed after a week."""

    def _container(self, drop_id: str) -> ContainerClient:
        return self._account.get_container_client(f"headrace-{drop_id}")


def _reason(name: str, keys: dict[str, str]) -> str:
    """Why a name is none for a file of a test; "" where it is one. Azure takes any."""
    try:
        if read_name(name) != name:
            return "its name has a back slash, or a slash too many"
    except ValueError as error:
        return str(error)
    other = keys.setdefault(key_of(name), name)
    return "" if other == name else f"to some systems its name is the same as '{other}'"


@contextmanager
def _telling() -> Iterator[None]:
    """Turns what Azure says into words for the user: its first line, in which there is no secret."""
    try:
        yield
    except AzureError as error:
        told = str(error.message).partition("\n")[0][:300]
        raise FilesUnavailableError(f"the Azure Storage account says: {told}") from error
