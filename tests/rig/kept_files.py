"""The files of one drop, kept in memory."""

from datetime import datetime

from headrace.blobs.drop_files import Access, FilesUnavailableError, folder_of
from headrace.plan.readers.folder import Folder


class KeptFiles:
    """Every drop has the same files. `fault`: why they cannot be reached, where they cannot."""

    def __init__(self, files: dict[str, bytes] | None = None, unusable: tuple[str, ...] = (), fault: str = "") -> None:
        self.files = files or {}
        self.unusable = list(unusable)
        self.fault = fault

    def open(self, drop_id: str) -> None:
        pass

    def access(self, root: str, organization: str, drop_id: str, permissions: str, name: str, now: datetime) -> Access:
        return Access(f"{root}/{drop_id}", "?")

    def folder(self, drop_id: str) -> tuple[Folder, list[str]]:
        if self.fault:
            raise FilesUnavailableError(self.fault)
        return folder_of(self.files, lambda name, largest: self.files[name]), self.unusable

    def remove(self, drop_id: str) -> None:
        self.files = {}

    def expire(self, now: datetime) -> None:
        pass
