"""No secret is shown, wherever it stands; names and everything else are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.measuring.masking import is_secret, mask_body, mask_head, mask_url


@pytest.mark.parametrize(
    "name",
    [
        *("password", "Passwd", "j_password", "pwd", "user[password]", "pass", "pass%77ord", "user.pin", "client_secret"),
        *("token", "access_token", "__RequestVerificationToken", "csrfmiddlewaretoken", "api_key", "X-API-Key", "apikey"),
        *("authorization", "auth", "credentials", "sig", "X-Amz-Signature", "SAMLAssertion"),
        *("session", "JSESSIONID", "ASP.NET_SessionId", "phpsessid", "sess_id"),
    ],
)
def test_a_name_gives_a_secret_away(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name", ["user", "name", "author", "page", "passenger", "pinned", "signed", "design", "compass", "side", "content-type"]
)
def test_other_names_do_not(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("http://shop.test/a?q=1&token=abc&r=2#x", "http://shop.test/a?q=1&token=***&r=2#x"),
        ("http://shop.test/a;jsessionid=ABC?sig=x%20y", "http://shop.test/a;jsessionid=***"),
        ("/a?back=http://x.test/?token=abc&b=1", "/a?back=http://x.test/?token=***&b=1"),
        ("/a?back=%2Fx%3Fa%3D1%26token%3Dabc&b=1", "/a?back=%2Fx%3Fa%3D1%26token%3D***&b=1"),
        ("/a?token", "/a?token"),
        ("/a?token=", "/a?token=***"),
        ("/a?Token=a=b", "/a?Token=***"),
    ],
)
def test_urls_lose_the_values_of_secret_parameters(url: str, masked: str) -> None:
    assert mask_url(url) == masked


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("Host: shop.test", "Host: shop.test"),
        ("Authorization: Basic am9lOng=", "Authorization: Basic ***"),
        ("authorization: hunter2", "authorization: ***"),
        ("Authorization: hunter2 more", "Authorization: ***"),
        ('Proxy-Authorization: Digest username="joe", response="abc"', "Proxy-Authorization: Digest ***"),
        ("Cookie: a=1; session=abc;b", "Cookie: a=***; session=***; ***"),
        ("Set-Cookie: a=abc=; Path=/; HttpOnly", "Set-Cookie: a=***; Path=/; HttpOnly"),
        ("X-Api-Key: abc", "X-Api-Key: ***"),
        ("X-CSRF-Token:abc", "X-CSRF-Token: ***"),
        ("Location: https://shop.test/?access_token=abc&x=1", "Location: https://shop.test/?access_token=***&x=1"),
        ("Date: Sun, 01 Mar 2026 12:00:10 GMT", "Date: Sun, 01 Mar 2026 12:00:10 GMT"),
    ],
)
def test_heads_lose_secrets(line: str, masked: str) -> None:
    first = "GET /?token=x HTTP/1.1"
    assert mask_head(f"{first}\n{line}\nA: b") == f"GET /?token=*** HTTP/1.1\n{masked}\nA: b"


@pytest.mark.parametrize(
    ("body", "masked"),
    [
        ("user=joe&password=hunter2&x=1", "user=joe&password=***&x=1"),
        ("password=hunter2", "password=***"),
        ("user=joe\npassword=hunter2", "user=joe\npassword=***"),
        ('{"user": "joe", "password": "hun\\"ter2", "n": 1}', '{"user": "joe", "password": "***", "n": 1}'),
        ('{"pin":1234,"x":[1]}', '{"pin":"***","x":[1]}'),
        ('{"tokens": ["hunter2", "b"], "a": {"b": 1}}', '{"tokens": "***", "a": {"b": 1}}'),
        ('{"session": {"id": "hunter2"}, "a": true}', '{"session": "***", "a": true}'),
        ('{"data": {"all": [{"password": "hunter2"}]}}', '{"data": {"all": [{"password": "***"}]}}'),
        ('{"credentials": {"all": [{"}": "hunter2"}]}, "a": 1}', '{"credentials": "***", "a": 1}'),
        ('{"credentials": {"all": [{"x": "hunt', '{"credentials": "***"'),
        ('{"password": "hunt', '{"password": "***"'),
        ('{"password": "hunt\\', '{"password": "***"'),
        ('{"body": "{\\"password\\": \\"hunter2\\", \\"a\\": 1}"}', '{"body": "{\\"password\\": \\"***\\", \\"a\\": 1}"}'),
        ("<s:Password type='x'>hunter2</s:Password><a>b</a>", "<s:Password type='x'>***</s:Password><a>b</a>"),
        ("<password>hunt", "<password>***"),
        ("<a><Password><![CDATA[hun<ter2]]></Password></a>", "<a><Password>***</Password></a>"),
        (
            '<input type="hidden" name="__RequestVerificationToken" value="hunter2" /><input name=a value=b>',
            '<input type="hidden" name="__RequestVerificationToken" value="***" /><input name=a value=b>',
        ),
        ("<input value='hunter2' type=password>", '<input value="***" type=password>'),
        ("<meta name=csrf-token content='hunter2'>", '<meta name=csrf-token content="***">'),
        ("<a href='/x?a=1&amp;token=hunter2'>", "<a href='/x?a=1&amp;token=***'>"),
        (
            '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nhun\r\nter2\r\n--b\r\n'
            'Content-Disposition: form-data; name="user"\r\n\r\njoe\r\n--b--\r\n',
            '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n***\r\n--b\r\n'
            'Content-Disposition: form-data; name="user"\r\n\r\njoe\r\n--b--\r\n',
        ),
        ("Just a text about passwords: keep them secret.", "Just a text about passwords: keep them secret."),
    ],
)
def test_bodies_lose_secrets_whatever_they_are(body: str, masked: str) -> None:
    assert mask_body(body) == masked


_secrets = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789"), min_size=12, max_size=20)


@given(
    _secrets,
    st.integers(0, 400),
    st.sampled_from(
        [
            'POST /?token={0} HTTP/1.1\nCookie: a={0}\n\n{{"password": "{0}"}}',
            "POST / HTTP/1.1\nAuthorization: Bearer {0}\n\na=b&pwd={0}&c=d",
            "POST / HTTP/1.1\nX-Token: {0}\n\n<a><Password>{0}</Password></a>",
            "HTTP/1.1 200 OK\nSet-Cookie: x={0}; Path=/\n\n<form><input name=token value='{0}'></form>",
        ]
    ),
)
def test_wherever_a_text_is_cut_no_secret_is_in_it(secret: str, at: int, text: str) -> None:
    head, _, body = text.format(secret)[:at].partition("\n\n")
    masked = mask_head(head) + mask_body(body)
    for length in (6, 12):
        assert secret[:length] not in masked


@given(st.text(st.sampled_from("<>\"'\\{}[]:;=&?%\n\r- nametokenpassword"), max_size=200))
def test_masking_never_fails_and_keeps_what_has_no_secret_name(text: str) -> None:
    for mask in (mask_head, mask_body, mask_url):
        assert "***" in mask(text) or mask(text) == text
