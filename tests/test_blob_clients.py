"""Software of Microsoft's own uploads files to a drop: to this service, and to Azurite through it, with the same results."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobBlock, ContainerClient, ContentSettings

from tests.azurite import serving_azurite
from tests.serving import Served, serving

PIECE = 256 * 1024
ODD = [
    "plain.txt",
    "deep/er/and deeper.txt",
    "Größe 100%.csv",
    "a+b&c=d#e.txt",
    "it's; (odd) [name], really!.txt",
    "%41.txt",
    "日本語/データ.csv",
    "no-ending",
    ".hidden",
    "emoji 🎉.txt",
    "UPPER/Case.TXT",
    "x" * 200 + ".txt",
]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("ours") / "data") as served:
        yield served


@pytest.fixture(scope="module")
def with_azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("azurite")
    with serving_azurite(folder) as account, serving(folder / "data", HEADRACE_BLOBS=account) as served:
        yield served


@pytest.fixture(params=["ours", "with_azurite"])
def service(request: pytest.FixtureRequest) -> Served:
    served: Served = request.getfixturevalue(request.param)
    return served


def opened(service: Served, **asked: str) -> ContainerClient:
    """The client of a new drop, as anybody makes it of an answer of the API."""
    drop = service.call("POST", "testdrops", {})
    if asked:
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        drop = service.call("GET", f"testdrops/{drop['id']}?{query}")
    return client_of(drop)


def client_of(drop: dict[str, Any]) -> ContainerClient:
    access = drop["accessData"]
    return ContainerClient.from_container_url(
        access["dropContainerUrl"] + access["sasKey"],
        max_single_put_size=4 * PIECE,
        max_block_size=PIECE,
        max_single_get_size=PIECE,
        max_chunk_get_size=PIECE,
        retry_total=0,
    )


def status_and_code(error: HttpResponseError) -> tuple[int | None, str]:
    return error.status_code, getattr(error, "error_code", "")


@pytest.fixture
def container(service: Served) -> Iterator[ContainerClient]:
    with opened(service) as client:
        yield client


def test_oddly_named_files_are_there_under_their_names(container: ContainerClient) -> None:
    for name in ODD:
        container.upload_blob(name, name.encode())
    assert [blob.name for blob in container.list_blobs()] == sorted(ODD)
    for name in ODD:
        assert container.download_blob(name).readall() == name.encode()


def test_an_empty_file_is_a_file(container: ContainerClient) -> None:
    container.upload_blob("empty", b"")
    assert container.download_blob("empty").readall() == b""
    assert [(blob.name, blob.size) for blob in container.list_blobs()] == [("empty", 0)]


def test_a_file_in_blocks_is_whole_and_its_ranges_are_right(container: ContainerClient) -> None:
    content = bytes(range(256)) * (PIECE // 64) + b"end"
    assert len(content) > 4 * PIECE - 1
    container.upload_blob("large", content + content)
    assert container.download_blob("large").readall() == content + content
    for offset, length in ((0, 1), (PIECE - 1, 2), (7, 3 * PIECE), (2 * len(content) - 3, 3), (2 * len(content) - 3, 100)):
        read = container.download_blob("large", offset=offset, length=length).readall()
        assert read == (content + content)[offset : offset + length]
    committed, uncommitted = container.get_blob_client("large").get_block_list("all")
    assert sum(block.size for block in committed) == 2 * len(content)
    assert uncommitted == []


def test_a_range_behind_the_end_is_none(container: ContainerClient) -> None:
    container.upload_blob("small", b"small")
    with pytest.raises(HttpResponseError) as error:
        container.download_blob("small", offset=50, length=1).readall()
    assert status_and_code(error.value) == (416, "InvalidRange")


def test_what_is_said_of_a_file_is_kept(container: ContainerClient) -> None:
    said = ContentSettings(content_type="text/csv", content_language="de", cache_control="no-cache")
    container.upload_blob("users.csv", b"name\nAda\n", content_settings=said, metadata={"origin": "build_7"})
    properties = container.get_blob_client("users.csv").get_blob_properties()
    settings = properties.content_settings
    assert (settings.content_type, settings.content_language, settings.cache_control) == ("text/csv", "de", "no-cache")
    assert bytes(settings.content_md5 or b"") == hashlib.md5(b"name\nAda\n", usedforsecurity=False).digest()
    assert (properties.metadata, properties.size, properties.blob_type) == ({"origin": "build_7"}, 9, "BlockBlob")
    listed = next(iter(container.list_blobs(include=["metadata"])))
    assert (listed.metadata, listed.content_settings.content_type) == ({"origin": "build_7"}, "text/csv")
    assert (listed.etag, listed.last_modified) == (properties.etag.strip('"'), properties.last_modified)


def test_properties_and_metadata_can_be_set_later(container: ContainerClient) -> None:
    container.upload_blob("a", b"a", metadata={"old": "1"})
    blob = container.get_blob_client("a")
    before = blob.get_blob_properties().etag
    blob.set_blob_metadata({"new": "2"})
    blob.set_http_headers(ContentSettings(content_type="text/plain"))
    properties = blob.get_blob_properties()
    assert properties.metadata == {"new": "2"}
    assert properties.content_settings.content_type == "text/plain"
    assert properties.etag != before
    assert blob.download_blob().readall() == b"a"


def test_folders_are_listed_by_a_delimiter(container: ContainerClient) -> None:
    for name in ("b/1", "b/c/2", "a", "b/d", "bb", "z/9"):
        container.upload_blob(name, b"")
    assert {item.name for item in container.walk_blobs()} == {"a", "b/", "bb", "z/"}
    assert {item.name for item in container.walk_blobs("b/")} == {"b/1", "b/c/", "b/d"}
    assert [item.name for item in container.list_blobs("b/")] == ["b/1", "b/c/2", "b/d"]
    assert [item.name for item in container.list_blobs("none/")] == []


def test_lists_come_in_pages(container: ContainerClient) -> None:
    names = [f"{folder}/{number}" for folder in "abc" for number in range(4)]
    for name in names:
        container.upload_blob(name, b"")
    pages = [[blob.name for blob in page] for page in container.list_blobs(results_per_page=5).by_page()]
    assert pages == [names[:5], names[5:10], names[10:]]
    folders = [[item.name for item in page] for page in container.walk_blobs(results_per_page=2).by_page()]
    assert folders == [["a/", "b/"], ["c/"]]


def test_a_file_is_not_replaced_by_accident(container: ContainerClient) -> None:
    container.upload_blob("a", b"1")
    with pytest.raises(ResourceExistsError) as error:
        container.upload_blob("a", b"2")
    assert status_and_code(error.value)[1] == "BlobAlreadyExists"
    with pytest.raises(ResourceExistsError):
        container.upload_blob("a", bytes(5 * PIECE))
    assert container.download_blob("a").readall() == b"1"
    container.upload_blob("a", b"3", overwrite=True)
    assert container.download_blob("a").readall() == b"3"


def test_a_file_is_changed_only_as_it_was_known(container: ContainerClient) -> None:
    blob = container.get_blob_client("a")
    old = blob.upload_blob(b"1")["etag"]
    blob.upload_blob(b"2", overwrite=True)
    conditions: dict[str, Any] = {"etag": old, "match_condition": MatchConditions.IfNotModified}
    with pytest.raises(ResourceModifiedError) as error:
        blob.delete_blob(**conditions)
    assert status_and_code(error.value)[1] == "ConditionNotMet"
    with pytest.raises(ResourceModifiedError):
        blob.download_blob(**conditions)
    with pytest.raises(ResourceModifiedError):
        blob.set_blob_metadata({}, **conditions)
    assert blob.download_blob().readall() == b"2"


def test_blocks_can_be_put_together_anew(container: ContainerClient) -> None:
    blob = container.get_blob_client("a")
    for name in ("1", "2", "3"):
        blob.stage_block(name, name.encode() * 10)
    with pytest.raises(ResourceNotFoundError):
        blob.get_blob_properties()
    assert [block.size for block in blob.get_block_list("uncommitted")[1]] == [10, 10, 10]
    blob.commit_block_list([BlobBlock("3"), BlobBlock("1")])
    assert blob.download_blob().readall() == b"3" * 10 + b"1" * 10
    blob.stage_block("4", b"4444")
    blob.commit_block_list([BlobBlock("1"), BlobBlock("4"), BlobBlock("1")])
    assert blob.download_blob().readall() == b"1" * 10 + b"4444" + b"1" * 10
    with pytest.raises(HttpResponseError) as error:
        blob.commit_block_list([BlobBlock("2")])
    assert status_and_code(error.value) == (400, "InvalidBlockList")


def test_contents_are_checked_on_their_way(container: ContainerClient) -> None:
    container.upload_blob("a", b"x" * 9 * PIECE, validate_content=True)
    assert container.download_blob("a", validate_content=True).readall() == b"x" * 9 * PIECE
    with pytest.raises(HttpResponseError) as error:
        container.get_blob_client("a").stage_block("1", b"a", headers={"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="})
    assert error.value.status_code == 400  # Azurite has another code for it than Azure


def test_what_is_deleted_or_was_never_there_is_not_found(container: ContainerClient) -> None:
    container.upload_blob("a", b"")
    container.delete_blob("a")
    blob = container.get_blob_client("a")
    for ask in (blob.delete_blob, blob.get_blob_properties, blob.download_blob, blob.get_block_list):
        with pytest.raises(ResourceNotFoundError) as error:
            ask()
        assert status_and_code(error.value)[1] == "BlobNotFound"
    assert not blob.exists()
    assert list(container.list_blobs()) == []


def test_the_drop_itself_is_not_a_clients_to_make_or_delete(container: ContainerClient) -> None:
    for ask in (container.create_container, container.delete_container):
        with pytest.raises(HttpResponseError) as error:
            ask()
        assert error.value.status_code == 403


def test_an_access_reaches_no_further_than_it_says(service: Served) -> None:
    drop = service.call("POST", "testdrops", {})
    client_of(drop).upload_blob("a", b"a")
    reading = client_of(service.call("GET", f"testdrops/{drop['id']}?permissions=r"))
    assert reading.download_blob("a").readall() == b"a"
    for ask in (lambda: reading.upload_blob("b", b""), lambda: reading.delete_blob("a"), lambda: list(reading.list_blobs())):
        with pytest.raises(HttpResponseError) as error:
            ask()
        assert status_and_code(error.value) == (403, "AuthorizationPermissionMismatch")


def test_an_access_to_one_file_is_none_to_others(service: Served) -> None:
    drop = service.call("POST", "testdrops", {})
    everything = client_of(drop)
    everything.upload_blob("a", b"a")
    everything.upload_blob("b", b"b")
    one = client_of(service.call("GET", f"testdrops/{drop['id']}?blob=a"))
    assert one.download_blob("a").readall() == b"a"
    with pytest.raises(HttpResponseError) as error:
        one.download_blob("b")
    assert error.value.status_code == 403


def test_the_access_of_one_drop_is_none_to_another(service: Served) -> None:
    one, other = (service.call("POST", "testdrops", {})["accessData"] for _ in range(2))
    foreign = client_of({"accessData": {"dropContainerUrl": one["dropContainerUrl"], "sasKey": other["sasKey"]}})
    with pytest.raises(HttpResponseError) as error:
        foreign.upload_blob("a", b"a")
    assert error.value.status_code == 403  # Azurite has another code for it than Azure


def test_a_deleted_drop_has_no_files(service: Served) -> None:
    drop = service.call("POST", "testdrops", {})
    client = client_of(drop)
    client.upload_blob("a", b"a")
    service.call("DELETE", f"testdrops/{drop['id']}")
    with pytest.raises(ResourceNotFoundError) as error:
        list(client.list_blobs())
    assert status_and_code(error.value)[1] == "ContainerNotFound"


def most_memory(service: Served) -> int:
    """The most bytes that the service has had in memory."""
    (line,) = [line for line in Path(f"/proc/{service.process.pid}/status").read_text().splitlines() if "VmHWM" in line]
    return int(line.split()[1]) * 1024


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_file_of_300_mb_comes_back_as_it_was(service: Served, tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        for number in range(300):
            file.write(number.to_bytes(4, "big") * (1024 * 256))
    access = service.call("POST", "testdrops", {})["accessData"]
    container = ContainerClient.from_container_url(access["dropContainerUrl"] + access["sasKey"])
    container.upload_blob("small", b"small")
    before = most_memory(service)
    with path.open("rb") as file:
        container.upload_blob("large", file, max_concurrency=4)
    with path.open("rb") as file:
        wanted = hashlib.file_digest(file, "sha256").hexdigest()
    got = hashlib.sha256()
    for piece in container.download_blob("large").chunks():
        got.update(piece)
    assert got.hexdigest() == wanted
    assert most_memory(service) - before < 64 * 1024 * 1024
    tail = container.download_blob("large", offset=299 * 1024 * 1024 - 2, length=4).readall()
    assert tail == (298).to_bytes(4, "big")[2:] + (299).to_bytes(4, "big")[:2]
