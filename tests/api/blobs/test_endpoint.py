"""The files of drops over HTTP, where clients of Azure Storage do not look: what is refused, and to whom."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from httpx2 import Response
from hypothesis import given
from hypothesis import strategies as st

from tests.api.server import Server
from tests.api.test_properties import anything

BLOB = {"x-ms-blob-type": "BlockBlob"}


class Drop:
    """A new drop, and what somebody without a token does with its access."""

    def __init__(self, server: Server, organization: str = "") -> None:
        self.server = server
        prefix = f"/{organization}" if organization else ""
        answer = server.client.post(f"{prefix}/_apis/clt/testdrops?api-version=1.0", json={})
        self.id = answer.json()["id"]
        self.url: str = answer.json()["accessData"]["dropContainerUrl"]
        self.sas: str = answer.json()["accessData"]["sasKey"]

    def ask(self, method: str, name: str = "", query: str = "", **options: Any) -> Response:
        url = f"{self.url}/{name}" if name else self.url
        return self.server.stranger.request(method, f"{url}{self.sas}{'&' + query if query else ''}", **options)

    def put(self, name: str, content: bytes, **headers: str) -> Response:
        return self.ask("PUT", name, content=content, headers={**BLOB, **headers})


@pytest.fixture
def drop(server: Server) -> Drop:
    return Drop(server)


def code(answer: Response) -> tuple[int, str]:
    """Its status and its code, which stands in two places."""
    told = answer.headers["x-ms-error-code"]
    if answer.content:
        assert answer.headers["content-type"].startswith("application/xml")
        assert f"<Code>{told}</Code><Message>" in answer.text
    return answer.status_code, told


def test_a_signature_is_all_that_is_needed(drop: Drop) -> None:
    assert drop.put("a.txt", b"a").status_code == 201
    assert drop.ask("GET", "a.txt").content == b"a"


def test_a_token_is_no_signature(server: Server, drop: Drop) -> None:
    drop.put("a.txt", b"a")
    assert code(server.client.get(f"{drop.url}/a.txt")) == (403, "AuthenticationFailed")
    assert code(server.client.get(drop.url)) == (403, "AuthenticationFailed")


def test_without_a_fitting_signature_nothing_is_told(server: Server, drop: Drop) -> None:
    drop.put("a.txt", b"a")
    other = Drop(server)
    nowhere = "00000000-0000-0000-0000-000000000001"
    container = drop.url.rpartition("/")[0]
    answers = set()
    for sas in ("", other.sas, "?sig=", drop.sas.replace("sp=rcwdl", "sp=rcwdlx"), drop.sas.replace("sr=c", "sr=b")):
        for url in (f"{drop.url}/a.txt", f"{drop.url}/none", f"{container}/{nowhere}/a.txt", f"{container}/x"):
            answer = server.stranger.get(url + sas)
            answers.add((*code(answer), answer.text.partition("RequestId")[0]))
    assert len(answers) == 1
    assert answers.pop()[:2] == (403, "AuthenticationFailed")


def test_an_expired_signature_gets_nothing(server: Server, drop: Drop) -> None:
    drop.put("a.txt", b"a")
    server.pass_time(2 * 3600)
    for method, name in (("GET", "a.txt"), ("PUT", "a.txt"), ("DELETE", "a.txt"), ("HEAD", "a.txt")):
        assert code(drop.ask(method, name))[0] == 403
    assert "expired at 2026-03-01T14:00:00Z. GET the test drop for a new one." in drop.ask("GET", "a.txt").text


def test_the_address_works_with_its_organization_and_without(server: Server) -> None:
    drop = Drop(server, "Acme")
    assert "/ets-containerfor-" in drop.url.replace("http://load.test/", "/")
    assert drop.put("a.txt", b"a").status_code == 201
    place = drop.url.removeprefix("http://load.test")
    for url in (f"/acme{place}", f"/ACME{place}", f"/{place}", place.upper()):
        assert server.stranger.get(f"http://load.test{url}/a.txt{drop.sas}").content == b"a"
    for url in (f"/other{place}", f"/x/acme{place}"):
        assert server.stranger.get(f"{url}/a.txt{drop.sas}").status_code in (401, 403)


def test_two_organizations_have_two_containers(server: Server) -> None:
    one, other = Drop(server, "acme"), Drop(server, "evil")
    assert one.url.split("/")[3] != other.url.split("/")[3]
    mixed = other.url.rpartition("/")[0] + "/" + one.id
    assert server.stranger.get(f"{mixed}/a{one.sas}").status_code == 403
    assert server.client.get(f"/evil/_apis/clt/testdrops/{one.id}").status_code == 404


def test_what_bounds_bodies_of_the_api_does_not_bound_files(new_server: Callable[..., Server]) -> None:
    drop = Drop(new_server(max_body=1024, max_plan=1024))
    assert drop.put("a", bytes(5000), **{"Content-Type": "text/html"}).status_code == 201
    assert len(drop.ask("GET", "a").content) == 5000


def test_files_are_bounded_by_settings_of_their_own(new_server: Callable[..., Server]) -> None:
    drop = Drop(new_server(max_drop_file=2000))
    answer = drop.put("a", bytes(2001))
    assert code(answer) == (413, "RequestBodyTooLarge")
    assert "at most 2000 are taken (the service's setting max_drop_file)" in answer.text


def test_a_body_must_say_how_long_it_is(drop: Drop) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"a"

    answer = drop.ask("PUT", "a", content=pieces(), headers=BLOB)
    assert code(answer) == (411, "MissingContentLengthHeader")


def test_a_body_is_what_its_checksums_say(drop: Drop) -> None:
    content = b"123456789"
    assert drop.put("a", content, **{"x-ms-content-crc64": "iJh5CoYUi64="}).status_code == 201
    assert drop.put("a", content, **{"Content-MD5": "JfnnlDI7RTiF9RgfG2JNCw=="}).status_code == 201
    assert code(drop.put("b", content, **{"x-ms-content-crc64": "AAAAAAAAAAA="})) == (400, "Crc64Mismatch")
    assert code(drop.put("b", content, **{"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="})) == (400, "Md5Mismatch")
    assert code(drop.put("b", content, **{"x-ms-blob-content-md5": "AAAAAAAAAAAAAAAAAAAAAA=="})) == (400, "Md5Mismatch")
    assert code(drop.put("b", content, **{"Content-MD5": "short"})) == (400, "InvalidMd5")
    block = drop.ask("PUT", "b", "comp=block&blockid=AA==", content=content, headers={"x-ms-content-crc64": "iJh5CoYUi64="})
    assert (block.status_code, block.headers["x-ms-content-crc64"]) == (201, "iJh5CoYUi64=")
    assert code(drop.ask("GET", "b"))[0] == 404


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2fetc%2fpasswd",
        "a%5c..%5cb",
        "C:%2fa",
        "con.txt",
        "a%00b",
        "%ff",
        "%ef%bc%8e%ef%bc%8e/a",
        "a./b",
        "x" * 1100,
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(drop: Drop, name: str) -> None:
    answer = drop.put(name, b"a")
    assert code(answer) == (400, "InvalidResourceName")
    assert "is not possible: " in answer.text
    assert drop.ask("GET", query="restype=container&comp=list").text.count("<Blob>") == 0


@pytest.mark.parametrize("spelling", ["Web/Größe.csv", "web%5cGRÖSSE.CSV", "/Web//Größe.csv", "Web/Gro%CC%88%C3%9Fe.csv"])
def test_a_file_is_found_however_its_name_is_spelt(drop: Drop, spelling: str) -> None:
    drop.put("Web/Größe.csv", b"a")
    assert drop.ask("GET", spelling).content == b"a"


def test_two_names_that_some_systems_take_for_one_are_refused(drop: Drop) -> None:
    drop.put("A.txt", b"1")
    answer = drop.put("a.TXT", b"2")
    assert code(answer) == (409, "BlobAlreadyExists")
    assert "has a file 'A.txt'" in answer.text


@pytest.mark.parametrize(
    ("asked", "status", "content", "told"),
    [
        ({"Range": "bytes=2-4"}, 206, b"234", "bytes 2-4/10"),
        ({"x-ms-range": "bytes=2-4", "Range": "bytes=0-0"}, 206, b"234", "bytes 2-4/10"),
        ({"Range": "bytes=8-"}, 206, b"89", "bytes 8-9/10"),
        ({"Range": "bytes=8-100"}, 206, b"89", "bytes 8-9/10"),
        ({"Range": "bytes=-3"}, 200, b"0123456789", None),
        ({"Range": "bytes=4-2"}, 200, b"0123456789", None),
        ({"Range": "bytes=0-1,4-5"}, 200, b"0123456789", None),
        ({"Range": "bytes=1-99999999999999999999"}, 200, b"0123456789", None),
        ({"Range": "lines=1-2"}, 200, b"0123456789", None),
    ],
)
def test_ranges(drop: Drop, asked: dict[str, str], status: int, content: bytes, told: str | None) -> None:
    drop.put("a", b"0123456789")
    answer = drop.ask("GET", "a", headers=asked)
    assert (answer.status_code, answer.content, answer.headers.get("content-range")) == (status, content, told)
    assert answer.headers["content-length"] == str(len(content))


def test_a_range_behind_the_end_says_how_long_the_file_is(drop: Drop) -> None:
    drop.put("a", b"0123456789")
    answer = drop.ask("GET", "a", headers={"Range": "bytes=10-"})
    assert code(answer) == (416, "InvalidRange")
    assert answer.headers["content-range"] == "bytes */10"


def test_a_range_comes_with_its_checksum_where_asked(drop: Drop) -> None:
    drop.put("a", b"x123456789")
    answer = drop.ask("GET", "a", headers={"x-ms-range": "bytes=1-9", "x-ms-range-get-content-md5": "true"})
    assert answer.headers["content-md5"] == "JfnnlDI7RTiF9RgfG2JNCw=="
    assert answer.headers["x-ms-blob-content-md5"] != answer.headers["content-md5"]


def test_conditions_of_reading(drop: Drop) -> None:
    etag = drop.put("a", b"a").headers["etag"]
    assert drop.ask("GET", "a", headers={"If-None-Match": etag}).status_code == 304
    assert drop.ask("GET", "a", headers={"If-None-Match": '"other"'}).status_code == 200
    assert drop.ask("GET", "a", headers={"If-Match": f'"x", {etag}'}).status_code == 200
    assert code(drop.ask("GET", "a", headers={"If-Match": '"x"'})) == (412, "ConditionNotMet")
    modified = drop.ask("HEAD", "a").headers["last-modified"]
    assert drop.ask("GET", "a", headers={"If-Modified-Since": modified}).status_code == 304
    assert drop.ask("GET", "a", headers={"If-Unmodified-Since": modified}).status_code == 200
    before = "Sun, 01 Mar 2020 00:00:00 GMT"
    assert code(drop.ask("GET", "a", headers={"If-Unmodified-Since": before})) == (412, "ConditionNotMet")
    assert code(drop.ask("GET", "a", headers={"If-Modified-Since": "soon"})) == (400, "InvalidHeaderValue")


def test_conditions_of_writing(drop: Drop) -> None:
    assert code(drop.put("a", b"1", **{"If-Match": "*"})) == (412, "ConditionNotMet")
    etag = drop.put("a", b"1", **{"If-None-Match": "*"}).headers["etag"]
    assert code(drop.put("a", b"2", **{"If-None-Match": "*"})) == (409, "BlobAlreadyExists")
    assert code(drop.put("a", b"2", **{"If-None-Match": etag})) == (412, "ConditionNotMet")
    assert drop.put("a", b"2", **{"If-Match": etag}).status_code == 201
    assert code(drop.put("a", b"3", **{"If-Match": etag})) == (412, "ConditionNotMet")
    assert code(drop.ask("DELETE", "a", headers={"If-Match": etag})) == (412, "ConditionNotMet")
    assert drop.ask("GET", "a").content == b"2"


def test_who_may_only_create_does_not_replace(server: Server, drop: Drop) -> None:
    drop.sas = server.get(f"/testdrops/{drop.id}", permissions="c").json()["accessData"]["sasKey"]
    assert drop.put("a", b"1").status_code == 201
    assert code(drop.put("a", b"2")) == (403, "AuthorizationPermissionMismatch")


def test_every_answer_says_which_it_is_of(drop: Drop) -> None:
    answer = drop.put("a", b"a", **{"x-ms-version": "2024-11-04", "x-ms-client-request-id": "mine"})
    assert answer.headers["x-ms-version"] == "2024-11-04"
    assert answer.headers["x-ms-client-request-id"] == "mine"
    refused = drop.ask("GET", "none", headers={"x-ms-version": "odd", "x-ms-client-request-id": "a b"})
    assert refused.headers["x-ms-version"] == "2018-03-28"
    assert "x-ms-client-request-id" not in refused.headers
    assert refused.headers["x-ms-request-id"] in refused.text


def test_the_refusal_of_a_head_has_no_body(drop: Drop) -> None:
    answer = drop.ask("HEAD", "none")
    assert (answer.status_code, answer.headers["x-ms-error-code"], answer.content) == (404, "BlobNotFound", b"")


def test_a_page_in_a_drop_does_nothing_in_a_browser(drop: Drop) -> None:
    drop.put("a.html", b"<script>alert(1)</script>", **{"Content-Type": "text/html"})
    headers = drop.ask("GET", "a.html").headers
    assert headers["content-type"] == "text/html"
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert headers["x-content-type-options"] == "nosniff"


def test_a_drop_is_listed_as_a_folder_of_its_container_too(server: Server, drop: Drop) -> None:
    """AzCopy takes the first part of the address for the container, where the host is a name."""
    for name in ("a", "b/c", "b/d"):
        drop.put(name, b"")
    container = drop.url.rpartition("/")[0]
    query = f"&restype=container&comp=list&delimiter=/&prefix={drop.id}/"
    text = server.stranger.get(f"{container}{drop.sas}{query}").text
    assert f"<Name>{drop.id}/a</Name>" in text
    assert f"<BlobPrefix><Name>{drop.id}/b/</Name></BlobPrefix>" in text
    for prefix in ("", drop.id, Drop(server).id + "/", f"/{drop.id}/"):
        answer = server.stranger.get(f"{container}{drop.sas}&restype=container&comp=list&prefix={prefix}")
        assert code(answer) == (403, "AuthenticationFailed")


@pytest.mark.parametrize(
    ("method", "query", "headers", "told"),
    [
        ("PUT", "", {}, (400, "InvalidHeaderValue")),
        ("PUT", "", {"x-ms-blob-type": "PageBlob"}, (400, "InvalidHeaderValue")),
        ("PUT", "", {**BLOB, "x-ms-copy-source": "http://169.254.169.254/"}, (400, "InvalidHeaderValue")),
        ("PUT", "", {**BLOB, "x-ms-structured-body": "XSM/1.0"}, (400, "InvalidHeaderValue")),
        ("PUT", "", {**BLOB, "x-ms-meta-a-b": "1"}, (400, "InvalidMetadata")),
        ("PUT", "", {**BLOB, "x-ms-meta-a": "1" * 9000}, (400, "MetadataTooLarge")),
        ("PUT", "", {**BLOB, "x-ms-blob-content-type": "a" * 2000}, (400, "InvalidHeaderValue")),
        ("PUT", "comp=lease", {}, (400, "InvalidQueryParameterValue")),
        ("PUT", "comp=snapshot", {}, (400, "InvalidQueryParameterValue")),
        ("PUT", "comp=block", {}, (400, "InvalidQueryParameterValue")),
        ("PUT", "comp=block&blockid=" + "A" * 120, {}, (400, "InvalidQueryParameterValue")),
        ("PUT", "comp=block&blockid=AA==", {"x-ms-copy-source": "http://a/"}, (400, "InvalidHeaderValue")),
        ("POST", "", {}, (400, "InvalidQueryParameterValue")),
        ("GET", "comp=blocklist", {}, (404, "BlobNotFound")),
        ("PUT", "comp=metadata", {}, (404, "BlobNotFound")),
    ],
)
def test_what_is_not_offered_is_refused(drop: Drop, method: str, query: str, headers: Any, told: tuple[int, str]) -> None:
    assert code(drop.ask(method, "a", query, content=b"x" if method != "GET" else b"", headers=headers)) == told


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "InvalidXmlDocument"),
        (b"<BlockList>", "InvalidXmlDocument"),
        (b"<Other/>", "InvalidXmlDocument"),
        (b"<BlockList><Newest>AA==</Newest></BlockList>", "InvalidXmlDocument"),
        (
            b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><BlockList><Latest>&e;</Latest></BlockList>',
            "InvalidXmlDocument",
        ),
        (b"<BlockList><Latest>AA==</Latest></BlockList>", "InvalidBlockList"),
        (b"<BlockList><Latest>?</Latest></BlockList>", "InvalidQueryParameterValue"),
    ],
)
def test_a_list_of_blocks_that_is_none_is_refused(drop: Drop, body: bytes, told: str) -> None:
    assert code(drop.ask("PUT", "a", "comp=blocklist", content=body)) == (400, told)


def test_an_empty_list_of_blocks_is_an_empty_file(drop: Drop) -> None:
    assert drop.ask("PUT", "a", "comp=blocklist", content=b"<BlockList />").status_code == 201
    assert drop.ask("GET", "a").content == b""


@pytest.mark.parametrize("query", ["marker=x", "maxresults=0", "maxresults=-1", "maxresults=a"])
def test_a_list_that_cannot_be_is_refused(drop: Drop, query: str) -> None:
    assert drop.ask("GET", query=f"restype=container&comp=list&{query}").status_code == 400


@given(
    method=st.sampled_from(["GET", "HEAD", "PUT", "DELETE", "POST", "OPTIONS"]),
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    query=st.dictionaries(
        st.sampled_from(
            ["comp", "restype", "blockid", "prefix", "delimiter", "marker", "maxresults", "sig", "se", "sr", "x"]
        ),
        st.sampled_from(["", "list", "container", "block", "blocklist", "metadata", "properties", "AA==", "0", "é", "\0"]),
        max_size=4,
    ),
    headers=st.dictionaries(
        st.sampled_from(
            ["Range", "x-ms-range", "If-Match", "If-None-Match", "If-Modified-Since", "Content-MD5", "x-ms-blob-type"]
        ),
        st.sampled_from(["", "*", "bytes=0-0", "BlockBlob", "x", "AA==", "Sun, 01 Mar 2020 00:00:00 -0000"]),
        max_size=4,
    ),
    body=st.binary(max_size=40),
)
@anything
def test_nothing_makes_a_fault(
    server: Server, method: str, name: str, query: dict[str, str], headers: dict[str, str], body: bytes
) -> None:
    drop = Drop(server)
    drop.put("a", b"a")
    answer = drop.ask(method, quote(name), urlencode(query), content=body, headers=headers)
    assert answer.status_code < 500
