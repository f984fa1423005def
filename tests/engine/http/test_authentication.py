"""Basic, Bearer and Digest. What a digest must be is computed here anew, by the letter of RFC 7616."""

import hashlib
import http.client
import re
import threading
from base64 import b64decode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import unquote
from urllib.request import parse_http_list, parse_keqv_list

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.http.answer import Variables
from headrace.engine.http.authentication import (
    ChallengeError,
    DigestState,
    basic,
    compile_authorization,
    compile_login,
    parse_challenges,
)
from headrace.plan.requests import AuthScheme, Credentials


def fields_of(authorization: str) -> dict[str, str]:
    scheme, _, fields = authorization.partition(" ")
    assert scheme == "Digest"
    return parse_keqv_list(parse_http_list(fields))


# Basic and Bearer


def test_basic_and_bearer_without_variables_are_made_once() -> None:
    value = compile_authorization(Credentials(AuthScheme.BASIC, "open sesame", "Aladdin"))
    assert value == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="  # the example of RFC 7617
    assert compile_authorization(Credentials(AuthScheme.BEARER, "mF_9.B5f-4.1JqM")) == "Bearer mF_9.B5f-4.1JqM"


def test_basic_and_bearer_take_variables() -> None:
    variables = Variables()
    variables.update(user="jöe", word="a:b")
    value = compile_authorization(Credentials(AuthScheme.BASIC, "{{word}}", "{{user}}"))
    assert callable(value)
    assert b64decode(value(variables).removeprefix("Basic ")).decode() == "jöe:a:b"
    value = compile_authorization(Credentials(AuthScheme.BEARER, "t-{{word}}"))
    assert callable(value)
    assert value(variables) == "Bearer t-a:b"
    assert compile_login(Credentials(AuthScheme.DIGEST, "{{word}}", "x{{user}}"))(variables) == ("xjöe", "a:b")


def test_digest_cannot_be_sent_unasked() -> None:
    with pytest.raises(ValueError, match="wait for the server's challenge"):
        compile_authorization(Credentials(AuthScheme.DIGEST, "p", "u"))


# Digest: published examples

RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: str, response: str) -> None:
    digest = DigestState("Mufasa", "Circle of Life", lambda: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
    digest.challenge(RFC_7616.format(algorithm=algorithm))
    fields = fields_of(digest.authorization("GET", "/dir/index.html"))
    assert fields == {
        "username": "Mufasa",
        "realm": "http-auth@example.org",
        "uri": "/dir/index.html",
        "algorithm": algorithm,
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "nc": "00000001",
        "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        "qop": "auth",
        "response": response,
        "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    }


def test_the_example_of_rfc_2617() -> None:
    digest = DigestState("Mufasa", "Circle Of Life", lambda: "0a4f113b")
    digest.challenge(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc"'
    )
    fields = fields_of(digest.authorization("GET", "/dir/index.html"))
    assert fields["response"] == "6629fae49393a05397450978507c4ef1"
    assert "algorithm" not in fields


def test_the_example_of_rfc_2069_for_a_server_without_qop() -> None:
    digest = DigestState("Mufasa", "CircleOfLife")
    digest.challenge('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"')
    fields = fields_of(digest.authorization("GET", "/dir/index.html"))
    assert fields["response"] == "1949323746fe6a43ef61f9606e7febea"
    assert not {"nc", "cnonce", "qop"} & set(fields)


# Digest: what is asked for and what is not known


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ('Basic realm="x"', "asks for 'basic', not for digest"),
        ("Negotiate, NTLM", "asks for 'negotiate', not for digest; the server asks for 'ntlm'"),
        ('Digest realm="x", nonce="n", qop="auth-int"', "qop 'auth-int'; only 'auth' is known"),
        ('Digest realm="x", nonce="n", algorithm=SHA-512-256', "by 'SHA-512-256'"),
        ('Digest realm="x"', "no realm or no nonce"),
        ('Digest nonce="x"', "no realm or no nonce"),
        ('Digest realm="x", nonce="a\r\nX: y"', "control character"),
        ("", "does not say how to log in"),
        ('"', "malformed"),
        ("Digest " + "a" * 9000, "characters long"),
        ("Digest " + ", ".join(f"a{number}=1" for number in range(200)), "more than 100 parts"),
        (", ".join(["Basic"] * 200), "more than 100 parts"),
    ],
)
def test_a_challenge_that_cannot_be_answered_says_why(header: str, reason: str) -> None:
    digest = DigestState("u", "p")
    with pytest.raises(ChallengeError, match=reason):
        digest.challenge(header)
    with pytest.raises(ChallengeError, match="not said yet"):
        digest.authorization("GET", "/")


def test_the_first_digest_that_can_be_computed_is_taken() -> None:
    digest = DigestState("u", "p")
    digest.challenge(
        'Negotiate abc==, Digest realm="a", nonce="1", algorithm=SHA-512-256, Basic realm="b, c", '
        'Digest realm="d", nonce="2", qop="auth", algorithm=SHA-256, Digest realm="e", nonce="3"'
    )
    assert fields_of(digest.authorization("GET", "/"))["realm"] == "d"
    digest.challenge('Basic realm="x"', 'Digest realm="f", nonce="4"')
    assert fields_of(digest.authorization("GET", "/"))["realm"] == "f"


def test_a_header_may_hold_several_challenges() -> None:
    challenges = parse_challenges(
        'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple",,Negotiate YWJj= , NTLM'
    )
    assert [(one.scheme, one.parameters, one.token) for one in challenges] == [
        ("newauth", {"realm": "apps", "type": "1", "title": 'Login to "apps"'}, ""),  # the example of RFC 9110
        ("basic", {"realm": "simple"}, ""),
        ("negotiate", {}, "YWJj="),
        ("ntlm", {}, ""),
    ]


def test_the_count_rises_and_starts_again_with_a_new_nonce() -> None:
    digest = DigestState("u", "p")
    digest.challenge('Digest realm="r", nonce="1", qop=auth')
    assert [fields_of(digest.authorization("GET", "/"))["nc"] for _ in range(3)] == ["00000001", "00000002", "00000003"]
    digest.next_nonce('nextnonce="2", qop=auth')
    fields = fields_of(digest.authorization("GET", "/"))
    assert (fields["nc"], fields["nonce"]) == ("00000001", "2")
    digest.challenge('Digest realm="r", nonce="3", qop=auth, stale=true')
    fields = fields_of(digest.authorization("GET", "/"))
    assert (fields["nc"], fields["nonce"]) == ("00000001", "3")


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_no_challenge_raises_anything_else_and_what_is_sent_is_one_line(text: str) -> None:
    for header in (text, f"Digest {text}", f'Digest realm="{text}", nonce="{text}", opaque={text}'):
        digest = DigestState("u", "p")
        try:
            digest.challenge(header)
        except ChallengeError:
            continue
        authorization = digest.authorization("GET", "/")
        assert not re.search(r"[\r\n\0]", authorization)
        authorization.encode("latin-1")


_words = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)


@given(st.lists(st.tuples(st.from_regex(r"[a-z]{1,8}", fullmatch=True), _words), max_size=5, unique_by=lambda pair: pair[0]))
def test_quoted_parameters_are_read_as_they_were_written(parameters: list[tuple[str, str]]) -> None:
    quoted = [(name, value.replace("\\", "\\\\").replace('"', '\\"')) for name, value in parameters]
    header = "Digest " + ", ".join(f'{name}="{value}"' for name, value in quoted)
    assert parse_challenges(header)[0].parameters == dict(parameters)


# Digest: a server that asks for it


class DigestServer(ThreadingHTTPServer):
    """Lets in whoever knows the password. Each nonce is good for two requests."""

    daemon_threads = True
    user = "Jäsøn Doe"
    password = 'pass"wörd'
    realm = 'a "quoted" realm'
    challenge = ""
    algorithm = "MD5"
    nonce = 0
    counts: dict[str, int]

    def prove(self, method: str, target: str, fields: dict[str, str]) -> bool:
        """The computation of RFC 7616, 3.4, spelled out."""

        def h(text: str) -> str:
            name = "sha256" if self.algorithm.startswith("SHA-256") else "md5"
            return hashlib.new(name, text.encode()).hexdigest()

        user = fields.get("username", "")
        if fields.get("userhash") == "true":
            known = user == h(f"{self.user}:{self.realm}")
        elif "username*" in fields:
            known = unquote(fields["username*"].removeprefix("UTF-8''")) == self.user
        else:
            known = user.replace('\\"', '"') == self.user
        a1 = f"{self.user}:{self.realm}:{self.password}"
        if self.algorithm.endswith("-sess"):
            a1 = f"{h(a1)}:{fields['nonce']}:{fields['cnonce']}"
        a2 = f"{method}:{fields['uri']}"
        if "qop" in fields:
            proof = h(f"{h(a1)}:{fields['nonce']}:{fields['nc']}:{fields['cnonce']}:{fields['qop']}:{h(a2)}")
        else:
            proof = h(f"{h(a1)}:{fields['nonce']}:{h(a2)}")
        return known and fields["uri"] == target and fields["response"] == proof

    def answer(self, method: str, target: str, authorization: str | None) -> tuple[int, str]:
        """Status and challenge."""
        stale = ""
        if authorization is not None:
            fields = fields_of(authorization)
            count = self.counts[fields["nonce"]] = self.counts.get(fields["nonce"], 0) + 1
            if self.prove(method, target, fields):
                if "qop" in fields:
                    assert int(fields["nc"], 16) == count
                if count <= 2:
                    return 200, ""
                stale = ", stale=true"
        self.nonce += 1
        realm = self.realm.replace('"', '\\"')
        algorithm = f", algorithm={self.algorithm}" if self.algorithm else ""
        return 401, f'Digest realm="{realm}", nonce="n{self.nonce}"{algorithm}{self.challenge}{stale}'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = cast(DigestServer, self.server)
        status, challenge = server.answer(self.command, self.path, self.headers.get("Authorization"))
        self.send_response(status)
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[DigestServer]:
    with DigestServer(("127.0.0.1", 0), _Handler) as server:
        server.counts = {}
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("algorithm", ["", "MD5", "MD5-sess", "SHA-256", "SHA-256-sess"])
@pytest.mark.parametrize("more", ["", ', qop="auth"', ', qop="auth-int, auth", opaque="o", charset=UTF-8, userhash=true'])
@pytest.mark.parametrize("user", ["Jäsøn Doe", 'a "user"'])
def test_a_server_lets_the_user_in_again_and_again(server: DigestServer, algorithm: str, more: str, user: str) -> None:
    server.algorithm, server.user = algorithm, user
    # Without a word about the charset latin-1 is sent, and this server knows UTF-8 only.
    server.challenge = more if "charset" in more else f"{more}, charset=UTF-8"
    digest = DigestState(user, server.password)
    statuses = []
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
    for number in range(6):
        target = f"/a/{number}?b=c"
        headers = {"Authorization": digest.authorization("GET", target)} if number else {}
        connection.request("GET", target, headers=headers)
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
        if response.status == 401:
            digest.challenge(cast(str, response.getheader("WWW-Authenticate")))
            connection.request("GET", target, headers={"Authorization": digest.authorization("GET", target)})
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)
    connection.close()
    assert statuses == [401, 200, 200] * 3


def test_a_server_refuses_a_wrong_password(server: DigestServer) -> None:
    digest = DigestState(server.user, "wrong")
    digest.challenge(server.answer("GET", "/", None)[1])
    status, _ = server.answer("GET", "/", digest.authorization("GET", "/"))
    assert status == 401


def test_basic_is_utf_8() -> None:
    assert b64decode(basic("jöe", "pässword").removeprefix("Basic ")) == "jöe:pässword".encode()
