"""Which files drops have: the rows of `blobs` and `staged_blocks`. Everything here is within somebody's transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select

from headrace.blobs.names import key_of
from headrace.store.schema import blobs, drops, staged_blocks

_DROP_KIND = "blob"  # `runs.model.DropKind.BLOB`


@dataclass(frozen=True, slots=True)
class Blob:
    """A file of a drop. `properties` and `metadata` are what its client said of it, `blocks` ids and sizes."""

    name: str
    size: int
    file: str
    etag: str
    created_at: datetime
    modified_at: datetime
    properties: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    blocks: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    id: str
    size: int
    file: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What a drop holds: files, bytes of them and of staged blocks together, and staged blocks."""

    files: int
    size: int
    staged: int


def lock_drop(connection: Connection, drop_id: str) -> bool:
    """Whether there is such a drop for files. Others that write into it wait until this transaction is over."""
    query = select(drops.c.id).where(drops.c.id == drop_id, drops.c.kind == _DROP_KIND).with_for_update()
    return connection.execute(query).first() is not None


def created_at(connection: Connection, drop_id: str) -> datetime | None:
    """When a drop was created; None where there is no such drop for files."""
    query = select(drops.c.created_at).where(drops.c.id == drop_id, drops.c.kind == _DROP_KIND)
    created: datetime | None = connection.execute(query).scalar()
    return created


def find(connection: Connection, drop_id: str, key: str) -> Blob | None:
    query = blobs.select().where(blobs.c.drop_id == drop_id, blobs.c.key == key)
    row = connection.execute(query).mappings().first()
    return None if row is None else _read(row)


def find_all(connection: Connection, drop_id: str) -> list[Blob]:
    """By name, in the order of code points, which databases do not agree on."""
    rows = connection.execute(blobs.select().where(blobs.c.drop_id == drop_id)).mappings()
    return sorted((_read(row) for row in rows), key=lambda blob: blob.name)


def write(connection: Connection, drop_id: str, blob: Blob) -> None:
    """Puts a file in the place of the one of the same key, where there is one."""
    key = key_of(blob.name)
    erase(connection, drop_id, key)
    connection.execute(
        insert(blobs).values(
            drop_id=drop_id,
            key=key,
            name=blob.name,
            size=blob.size,
            file=blob.file,
            etag=blob.etag,
            created_at=blob.created_at,
            modified_at=blob.modified_at,
            properties=dict(blob.properties),
            metadata=dict(blob.metadata),
            blocks=[list(block) for block in blob.blocks],
        )
    )


def erase(connection: Connection, drop_id: str, key: str) -> None:
    connection.execute(delete(blobs).where(blobs.c.drop_id == drop_id, blobs.c.key == key))


def find_staged(connection: Connection, drop_id: str, key: str) -> list[Block]:
    """The staged blocks of a file, in the order in which they came."""
    query = (
        select(staged_blocks)
        .where(staged_blocks.c.drop_id == drop_id, staged_blocks.c.key == key)
        .order_by(staged_blocks.c.staged_at, staged_blocks.c.block_id)
    )
    return [Block(row["block_id"], row["size"], row["file"]) for row in connection.execute(query).mappings()]


def stage(connection: Connection, drop_id: str, key: str, block: Block, at: datetime) -> list[str]:
    """Keeps a block, and returns the file of the one of the same id that it replaces."""
    same = (
        staged_blocks.c.drop_id == drop_id,
        staged_blocks.c.key == key,
        staged_blocks.c.block_id == block.id,
    )
    replaced = list(connection.execute(delete(staged_blocks).where(*same).returning(staged_blocks.c.file)).scalars())
    values = {"drop_id": drop_id, "key": key, "block_id": block.id, "size": block.size, "file": block.file}
    connection.execute(insert(staged_blocks).values(**values, staged_at=at))
    return replaced


def unstage(connection: Connection, drop_id: str, key: str) -> list[str]:
    """Forgets the staged blocks of a file, and returns their files."""
    same = (staged_blocks.c.drop_id == drop_id, staged_blocks.c.key == key)
    return list(connection.execute(delete(staged_blocks).where(*same).returning(staged_blocks.c.file)).scalars())


def unstage_before(connection: Connection, at: datetime) -> None:
    connection.execute(delete(staged_blocks).where(staged_blocks.c.staged_at < at))


def usage(connection: Connection, drop_id: str) -> Usage:
    committed: Any = select(func.count(), func.coalesce(func.sum(blobs.c.size), 0)).where(blobs.c.drop_id == drop_id)
    staged: Any = select(func.count(), func.coalesce(func.sum(staged_blocks.c.size), 0)).where(
        staged_blocks.c.drop_id == drop_id
    )
    files, size = connection.execute(committed).one()
    blocks, waiting = connection.execute(staged).one()
    return Usage(files, int(size) + int(waiting), blocks)


def files_of(connection: Connection, drop_id: str) -> frozenset[str]:
    """The files of all contents that a drop has."""
    found: Iterable[str] = [
        *connection.execute(select(blobs.c.file).where(blobs.c.drop_id == drop_id)).scalars(),
        *connection.execute(select(staged_blocks.c.file).where(staged_blocks.c.drop_id == drop_id)).scalars(),
    ]
    return frozenset(found)


def _read(row: RowMapping) -> Blob:
    return Blob(
        name=row["name"],
        size=row["size"],
        file=row["file"],
        etag=row["etag"],
        created_at=row["created_at"],
        modified_at=row["modified_at"],
        properties=row["properties"],
        metadata=row["metadata"],
        blocks=tuple((block, size) for block, size in row["blocks"]),
    )
