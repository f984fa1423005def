"""The files of drops in the data folder: contents on disk, and the database knows which there are.

A file is written, then known, then its predecessor is removed. Whatever ends in between leaves a content that nobody knows,
which `expire` removes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import BinaryIO
from uuid import uuid4

from sqlalchemy import Engine

from headrace.blobs import content, index, sas
from headrace.blobs.content import Content, Incoming, Stretch
from headrace.blobs.drop_files import Access, container_of, folder_of
from headrace.blobs.index import Blob, Block
from headrace.blobs.names import key_of, read_name
from headrace.blobs.refusals import BlobRefused, Reason
from headrace.blobs.room import Room
from headrace.plan.readers.folder import Folder
from headrace.settings import Settings
from headrace.store.database import reading, writing

STAGED_FOR = timedelta(days=1)
_TRIES = 3


Admit = Callable[[Blob | None], None]
"""Called with the file that is there now, before it is replaced; raises where it must not be."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a client says of a file: content type and the like, and its own metadata."""

    properties: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)


class LocalFiles:
    """Safe to use from several threads of one process, which is all that has the data folder."""

    def __init__(self, database: Engine, settings: Settings, key: bytes) -> None:
        """`key` signs accesses."""
        self.key = key
        self._database = database
        self._room = Room(settings)
        self._folder = settings.data.absolute() / "drops"

    # What the service asks: `drop_files.DropFiles`.

    def open(self, drop_id: str) -> None:
        """A folder is made when the first file comes."""

    def access(self, root: str, organization: str, drop_id: str, permissions: str, name: str, now: datetime) -> Access:
        place = f"{container_of(organization)}/{drop_id}"
        blob = key_of(name) if name else ""
        return Access(f"{root}/{place}", sas.sign(self.key, place, now, permissions or sas.ALL, blob))

    def folder(self, drop_id: str) -> tuple[Folder, list[str]]:
        names = [blob.name for blob in self.find_all(drop_id)]

        def read(name: str, largest: int) -> bytes:
            try:
                blob, opened = self.open_blob(drop_id, name)
            except BlobRefused as error:  # it was deleted since it was listed
                raise ValueError(str(error)) from None
            with opened:
                if blob.size > largest:
                    raise ValueError(f"it has {blob.size} bytes; at most {largest} can be read")
                return opened.read()

        return folder_of(names, read), []

    def remove(self, drop_id: str) -> None:
        content.remove_all(self._folder / drop_id)

    def expire(self, now: datetime) -> None:
        """Forgets blocks that were staged and never committed, and removes contents that nobody knows."""
        with writing(self._database) as connection:
            index.unstage_before(connection, now - STAGED_FOR)
        if not self._folder.is_dir():
            return
        for folder in list(self._folder.iterdir()):
            if self.created_at(folder.name) is None:
                content.remove_all(folder)
                continue
            with reading(self._database) as connection:
                known = index.files_of(connection, folder.name)
            content.remove(folder, content.left_over(folder, known, (now - STAGED_FOR).timestamp()))

    # What the Azure protocol asks.

    def created_at(self, drop_id: str) -> datetime | None:
        """When a drop was created; None where there is no such drop for files."""
        with reading(self._database) as connection:
            return index.created_at(connection, drop_id)

    def look(self, drop_id: str, name: str) -> Blob | None:
        with reading(self._database) as connection:
            return index.find(connection, drop_id, key_of(name))

    def find(self, drop_id: str, name: str) -> Blob:
        """Raises BlobRefused."""
        blob = self.look(drop_id, name)
        if blob is None:
            raise BlobRefused(Reason.NO_BLOB, f"There is no file '{name}' in this drop.")
        return blob

    def find_all(self, drop_id: str) -> list[Blob]:
        with reading(self._database) as connection:
            return index.find_all(connection, drop_id)

    def find_staged(self, drop_id: str, name: str) -> list[Block]:
        with reading(self._database) as connection:
            return index.find_staged(connection, drop_id, key_of(name))

    def open_blob(self, drop_id: str, name: str) -> tuple[Blob, BinaryIO]:
        """A file and its content, which stays readable whatever becomes of the file. Raises BlobRefused."""
        for _ in range(_TRIES):
            blob = self.find(drop_id, name)
            try:
                return blob, (self._folder / drop_id / blob.file).open("rb")
            except FileNotFoundError:  # it was replaced in between
                continue
        raise BlobRefused(Reason.NO_BLOB, f"The content of the file '{name}' is not there. Upload it again.")

    def receive(self, drop_id: str, size: int, block: bool = False) -> Incoming:
        """Begins an upload of so many bytes; its end must be told to `received`. Raises BlobRefused where there is no room.

        `block`: of a file to come."""
        self._room.check_file(size)
        coming = self._room.take(drop_id, size)
        try:
            with reading(self._database) as connection:
                used = index.usage(connection, drop_id)
            self._room.check_drop(used, coming)
            if block:
                self._room.check_blocks(used)
            return Incoming(self._folder / drop_id)
        except BaseException:
            self._room.leave(drop_id, size)
            raise

    def received(self, drop_id: str, size: int) -> None:
        """An upload has come to its end, this way or that."""
        self._room.leave(drop_id, size)

    def put(self, drop_id: str, name: str, whole: Content, said: Said, admit: Admit, now: datetime) -> Blob:
        """Makes a content the file of this name. Raises BlobRefused and what `admit` does; the content is removed then."""
        return self._commit(drop_id, name, whole.file, whole.size, said, (), admit, now)

    def stage(self, drop_id: str, name: str, block_id: str, piece: Content, now: datetime) -> None:
        """Keeps a content as a block of a file to come. Raises BlobRefused."""
        try:
            with writing(self._database) as connection:
                self._check_drop(index.lock_drop(connection, drop_id))
                others = index.find_staged(connection, drop_id, key_of(name))
                if any(len(other.id) != len(block_id) for other in others):
                    raise BlobRefused(Reason.BLOCKS, "The ids of all blocks of a file must have the same length.")
                block = Block(block_id, piece.size, piece.file)
                replaced = index.stage(connection, drop_id, key_of(name), block, now)
        except BaseException:
            content.remove(self._folder / drop_id, [piece.file])
            raise
        content.remove(self._folder / drop_id, replaced)

    def commit(
        self, drop_id: str, name: str, wanted: Sequence[tuple[str, str]], said: Said, admit: Admit, now: datetime
    ) -> Blob:
        """Makes a file of blocks: pairs of where to look for one, `committed`, `uncommitted` or `latest`, and its id.

        Raises BlobRefused and what `admit` does.
        """
        with reading(self._database) as connection:
            before = index.find(connection, drop_id, key_of(name))
            waiting = index.find_staged(connection, drop_id, key_of(name))
        staged = {block.id: Stretch(block.file, 0, block.size) for block in waiting}
        admit(before)
        committed: dict[str, Stretch] = {}
        start = 0
        for block_id, size in before.blocks if before is not None else ():
            committed[block_id] = Stretch(before.file if before else "", start, size)
            start += size
        places = {"committed": committed, "uncommitted": staged, "latest": {**committed, **staged}}
        try:
            stretches = [places[place][block_id] for place, block_id in wanted]
        except KeyError:
            raise BlobRefused(Reason.BLOCKS, "The list names a block that there is not.") from None
        size = sum(stretch.size for stretch in stretches)
        self._room.check_file(size)
        try:
            file = content.join(self._folder / drop_id, stretches)
        except FileNotFoundError:  # somebody else has committed or replaced the file meanwhile
            raise BlobRefused(Reason.BLOCKS, "The list names a block that there is not any more.") from None
        blocks = tuple((block_id, stretch.size) for (_, block_id), stretch in zip(wanted, stretches, strict=True))
        return self._commit(drop_id, name, file, size, said, blocks, admit, now)

    def change(self, drop_id: str, name: str, change: Callable[[Blob], Blob], now: datetime) -> Blob:
        """Replaces what is said of a file. Raises BlobRefused and what `change` does."""
        with writing(self._database) as connection:
            self._check_drop(index.lock_drop(connection, drop_id))
            blob = index.find(connection, drop_id, key_of(name))
            if blob is None:
                raise BlobRefused(Reason.NO_BLOB, f"There is no file '{name}' in this drop.")
            blob = replace(change(blob), etag=_new_etag(), modified_at=now)
            index.write(connection, drop_id, blob)
        return blob

    def delete(self, drop_id: str, name: str, admit: Admit) -> None:
        """Raises BlobRefused and what `admit` does."""
        with writing(self._database) as connection:
            self._check_drop(index.lock_drop(connection, drop_id))
            blob = index.find(connection, drop_id, key_of(name))
            if blob is None:
                raise BlobRefused(Reason.NO_BLOB, f"There is no file '{name}' in this drop.")
            admit(blob)
            index.erase(connection, drop_id, key_of(name))
            staged = index.unstage(connection, drop_id, key_of(name))
        content.remove(self._folder / drop_id, [blob.file, *staged])

    def _commit(
        self,
        drop_id: str,
        name: str,
        file: str,
        size: int,
        said: Said,
        blocks: tuple[tuple[str, int], ...],
        admit: Admit,
        now: datetime,
    ) -> Blob:
        read_name(name)
        key = key_of(name)
        try:
            with writing(self._database) as connection:
                self._check_drop(index.lock_drop(connection, drop_id))
                before = index.find(connection, drop_id, key)
                if before is not None and before.name != name:
                    raise BlobRefused(
                        Reason.TAKEN,
                        f"The drop has a file '{before.name}', and to some systems '{name}' is the same name. "
                        "Rename one of the two, or delete that one first.",
                    )
                admit(before)
                created = now if before is None else before.created_at
                blob = Blob(name, size, file, _new_etag(), created, now, said.properties, said.metadata, blocks)
                index.write(connection, drop_id, blob)
                replaced = index.unstage(connection, drop_id, key)
                self._room.check_drop(index.usage(connection, drop_id))
        except BaseException:
            content.remove(self._folder / drop_id, [file])
            raise
        content.remove(self._folder / drop_id, [*replaced, *([] if before is None else [before.file])])
        return blob

    def _check_drop(self, known: bool) -> None:
        if not known:
            raise BlobRefused(Reason.NO_DROP, "There is no such drop any more.")


def _new_etag() -> str:
    return f"0x{uuid4().hex[:15].upper()}"
