"""Files of drops in the data folder."""

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from headrace.blobs.index import Blob
from headrace.blobs.local import STAGED_FOR, LocalFiles, Said
from headrace.blobs.refusals import BlobRefused, Reason
from headrace.runs.drops import Drops
from headrace.runs.model import OPERATOR, DropKind
from headrace.settings import Settings

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def anything(before: Blob | None) -> None:
    pass


class Store:
    """Files of a new drop, with limits that a test sets."""

    def __init__(self, database: Engine, data: Path, **limits: Any) -> None:
        self.files = LocalFiles(database, Settings(data=data, **limits), b"key")
        self.drops = Drops(database)
        self.drop = self.drops.create("acme", DropKind.BLOB, None, NOW).id
        self.folder = data / "drops" / self.drop

    def put(self, name: str, content: bytes, drop: str = "") -> Blob:
        incoming = self.files.receive(drop or self.drop, len(content))
        try:
            incoming.write(content)
            incoming.finish()
        finally:
            self.files.received(drop or self.drop, len(content))
        return self.files.put(drop or self.drop, name, incoming.content(), Said(), anything, NOW)

    def stage(self, name: str, block: str, content: bytes, at: datetime = NOW) -> None:
        incoming = self.files.receive(self.drop, len(content), block=True)
        try:
            incoming.write(content)
            incoming.finish()
        finally:
            self.files.received(self.drop, len(content))
        self.files.stage(self.drop, name, block, incoming.content(), at)

    def read(self, name: str) -> bytes:
        _, opened = self.files.open_blob(self.drop, name)
        with opened:
            return opened.read()

    def on_disk(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.exists() else []


@pytest.fixture
def new_store(database: Engine, tmp_path: Path) -> Callable[..., Store]:
    def make(**limits: int) -> Store:
        return Store(database, tmp_path, **limits)

    return make


@pytest.fixture
def store(new_store: Callable[..., Store]) -> Store:
    return new_store()


def test_a_file_is_found_by_its_name_in_any_case_and_spelling(store: Store) -> None:
    store.put("Web/Ä.txt", b"a")
    for name in ("Web/Ä.txt", "web/ä.TXT", "Web/A\u0308.txt"):
        assert store.read(name) == b"a"
    assert [blob.name for blob in store.files.find_all(store.drop)] == ["Web/Ä.txt"]


def test_names_are_nowhere_on_the_disk(store: Store) -> None:
    store.put("Web/a.txt", b"a")
    (file,) = store.on_disk()
    assert len(file) == 32
    assert (store.folder / file).read_bytes() == b"a"


def test_a_file_that_is_replaced_leaves_nothing(store: Store) -> None:
    first = store.put("a", b"1")
    _, opened = store.files.open_blob(store.drop, "a")
    second = store.put("a", b"22")
    assert store.read("a") == b"22"
    assert first.etag != second.etag
    assert len(store.on_disk()) == 1
    with opened:
        assert opened.read() == b"1"  # who reads it already reads it to its end


def test_a_name_in_another_case_does_not_replace_a_file(store: Store) -> None:
    store.put("Shop.loadtest", b"1")
    with pytest.raises(
        BlobRefused, match=r"has a file 'Shop.loadtest', and to some systems 'shop.LOADTEST' is the same"
    ) as error:
        store.put("shop.LOADTEST", b"2")
    assert error.value.reason is Reason.TAKEN
    assert store.read("Shop.loadtest") == b"1"
    assert len(store.on_disk()) == 1


def test_a_file_of_blocks_is_what_its_list_says(store: Store) -> None:
    for block, content in (("AA==", b"one"), ("Ag==", b"two"), ("Aw==", b"three")):
        store.stage("a", block, content)
    store.files.commit(store.drop, "a", [("latest", "Aw=="), ("latest", "AA==")], Said(), anything, NOW)
    assert store.read("a") == b"threeone"
    assert len(store.on_disk()) == 1
    store.stage("a", "Ag==", b"2")
    wanted = [("committed", "AA=="), ("uncommitted", "Ag=="), ("committed", "AA==")]
    blob = store.files.commit(store.drop, "a", wanted, Said(), anything, NOW)
    assert store.read("a") == b"one2one"
    assert blob.blocks == (("AA==", 3), ("Ag==", 1), ("AA==", 3))


def test_a_list_with_an_unknown_block_changes_nothing(store: Store) -> None:
    store.put("a", b"old")
    store.stage("a", "AA==", b"new")
    for wanted in ([("latest", "AQ==")], [("committed", "AA==")]):
        with pytest.raises(BlobRefused) as error:
            store.files.commit(store.drop, "a", wanted, Said(), anything, NOW)
        assert error.value.reason is Reason.BLOCKS
    assert store.read("a") == b"old"


def test_a_block_that_comes_again_replaces_itself(store: Store) -> None:
    store.stage("a", "AA==", b"1")
    store.stage("a", "AA==", b"22")
    assert [block.size for block in store.files.find_staged(store.drop, "a")] == [2]
    assert len(store.on_disk()) == 1


def test_ids_of_blocks_have_one_length(store: Store) -> None:
    store.stage("a", "AA==", b"1")
    with pytest.raises(BlobRefused, match="same length"):
        store.stage("a", "AAAAAA==", b"1")


def test_sizes_and_numbers_are_bounded(new_store: Callable[..., Store]) -> None:
    store = new_store(max_drop_file=2000, max_drop=3000, max_drop_files=3, max_staged_blocks=2)

    def refused(act: Callable[[], object]) -> str:
        with pytest.raises(BlobRefused) as error:
            act()
        assert error.value.reason is Reason.FULL
        return str(error.value)

    assert "2001 bytes; at most 2000 are taken (the service's setting max_drop_file)" in refused(
        lambda: store.put("a", bytes(2001))
    )
    store.put("a", bytes(2000))
    assert "setting max_drop)" in refused(lambda: store.put("b", bytes(1001)))
    store.stage("b", "AA==", bytes(500))
    store.stage("b", "AQ==", bytes(400))
    assert "setting max_staged_blocks)" in refused(lambda: store.stage("b", "Ag==", b"1"))
    assert "setting max_drop)" in refused(lambda: store.put("c", bytes(101)))
    wanted = [("latest", "AA==")] * 5
    assert "setting max_drop_file)" in refused(lambda: store.files.commit(store.drop, "b", wanted, Said(), anything, NOW))
    assert "setting max_drop)" in refused(lambda: store.files.commit(store.drop, "b", wanted[:4], Said(), anything, NOW))
    store.put("d", b"")
    store.put("e", b"")
    assert "setting max_drop_files)" in refused(lambda: store.put("f", b""))
    assert [blob.name for blob in store.files.find_all(store.drop)] == ["a", "d", "e"]
    assert len(store.on_disk()) == 3 + 2


def test_uploads_under_way_count_too(new_store: Callable[..., Store]) -> None:
    store = new_store(max_drop=2048)
    coming = store.files.receive(store.drop, 2000)
    with pytest.raises(BlobRefused, match="max_drop"):
        store.files.receive(store.drop, 49)
    coming.abandon()
    store.files.received(store.drop, 2000)
    store.put("a", bytes(2048))


def test_many_at_once_do_not_get_past_the_bounds(new_store: Callable[..., Store]) -> None:
    store = new_store(max_drop=1500, max_drop_files=100)
    results: list[bool] = []

    def put(number: int) -> None:
        try:
            store.put(f"file {number}", bytes(500))
            results.append(True)
        except BlobRefused:
            results.append(False)

    threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert sum(results) == len(store.files.find_all(store.drop)) <= 3
    assert len(store.on_disk()) == sum(results)


def test_what_is_refused_leaves_nothing(store: Store) -> None:
    def never(before: Blob | None) -> None:
        raise PermissionError

    incoming = store.files.receive(store.drop, 1)
    incoming.write(b"a")
    incoming.finish()
    with pytest.raises(PermissionError):
        store.files.put(store.drop, "a", incoming.content(), Said(), never, NOW)
    store.files.received(store.drop, 1)
    assert store.on_disk() == []


def test_a_drop_of_another_kind_or_that_is_gone_takes_no_file(store: Store) -> None:
    in_place = store.drops.create("acme", DropKind.IN_PLACE, {}, NOW).id
    for drop in (in_place, "00000000-0000-0000-0000-000000000001"):
        with pytest.raises(BlobRefused) as error:
            store.put("a", b"a", drop)
        assert error.value.reason is Reason.NO_DROP


def test_with_a_drop_all_that_is_known_of_its_files_goes(store: Store) -> None:
    store.put("a", b"a")
    store.stage("b", "AA==", b"b")
    assert store.drops.delete("acme", store.drop, OPERATOR, NOW)
    store.files.remove(store.drop)
    store.files.remove(store.drop)
    assert store.files.find_all(store.drop) == []
    assert not store.folder.exists()


def test_blocks_that_nobody_commits_and_files_that_nobody_knows_are_removed_after_a_day(store: Store) -> None:
    store.put("kept", b"kept")
    store.stage("a", "AA==", b"old")
    store.stage("b", "AA==", b"new", at=NOW + timedelta(hours=20))
    (store.folder / "left.part").write_bytes(b"an upload that was cut off")
    for file in store.folder.iterdir():
        os.utime(file, (NOW.timestamp(), NOW.timestamp()))
    (store.folder / "coming.part").write_bytes(b"an upload under way")
    store.files.expire(NOW + STAGED_FOR + timedelta(seconds=1))
    assert store.files.find_staged(store.drop, "a") == []
    assert [block.size for block in store.files.find_staged(store.drop, "b")] == [3]
    assert len(store.on_disk()) == 3
    assert "coming.part" in store.on_disk()
    assert store.read("kept") == b"kept"


def test_folders_of_drops_that_are_gone_are_removed(store: Store) -> None:
    store.put("a", b"a")
    store.drops.delete("acme", store.drop, OPERATOR, NOW)
    store.files.expire(NOW)
    assert not store.folder.exists()


def test_a_test_sees_the_files_as_a_folder(store: Store) -> None:
    store.put("Web/Gro\u0308\u00dfe.csv", b"a")
    folder, unusable = store.files.folder(store.drop)
    assert (folder.names, unusable) == (("Web/Größe.csv",), [])
    found = folder.find("web\\größe.csv")
    assert found is not None
    assert folder.read(found) == b"a"
    with pytest.raises(ValueError, match="not among the files"):
        folder.read("other")
