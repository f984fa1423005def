"""Bodies and queries: what a server reads is what the test says, whatever the values."""

import email.parser
import email.policy
import re
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.http.answer import Variables
from headrace.engine.http.bodies import CompiledBody, UnencodableError, compile_body, compile_query
from headrace.engine.templates import UnboundError
from headrace.plan.requests import Binary, Body, Escaping, Form, FormPart, Multipart, Parameter, Text
from headrace.plan.urls import check_url


def variables(**values: str) -> Variables:
    known = Variables()
    known.update(values)
    return known


def form(*fields: tuple[str, str]) -> Form:
    return Form(tuple(Parameter(name, value) for name, value in fields))


def test_a_form_without_variables_is_made_once() -> None:
    body = compile_body(form(("user", "joe"), ("pass word", "a&b=c d+e/é~*-._")))
    assert body.content_type == "application/x-www-form-urlencoded"
    assert body.constant == b"user=joe&pass+word=a%26b%3Dc+d%2Be%2F%C3%A9%7E*-._"
    assert body.build(variables()) is body.constant


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([("a", "{{x}}")], b"a=%261+"),
        ([("a", "{{x}}"), ("b", "2")], b"a=%261+&b=2"),
        ([("{{x}}", "1")], b"%261+=1"),
        ([("a", "{{x}}{{y}}"), ("b", "p {{y}} q")], b"a=%261+joe&b=p+joe+q"),
        ([("a", "{{'{{'}}"), ("b", "{{y}}")], b"a=%7B%7B&b=joe"),
    ],
)
def test_a_form_encodes_the_values_of_its_variables(fields: list[tuple[str, str]], expected: bytes) -> None:
    body = compile_body(form(*fields))
    assert body.constant is None
    assert body.build(variables(x="&1 ", y="joe")) == expected


def test_a_parameter_that_is_encoded_already_is_sent_as_it_is() -> None:
    body = compile_body(Form((Parameter("a[]", "%20+ {{x}}", encode=False), Parameter("b", "%20"))))
    assert body.build(variables(x="é=&")) == "a[]=%20+ é=&&b=%2520".encode()


def test_a_form_may_be_encoded_as_dotnet_does_it() -> None:
    """HttpUtility.UrlEncode: a plus for a blank, lower-case digits, and -_.!*() as they are."""
    fields = Form((Parameter("pass word", "{{x}}"), Parameter("é", "a/b~'-_.!*()")))
    assert compile_body(fields, escaping=Escaping.DOTNET).build(variables(x="1&ü:")) == (
        b"pass+word=1%26%c3%bc%3a&%c3%a9=a%2fb%7e%27-_.!*()"
    )


@pytest.mark.parametrize("escaping", Escaping)
def test_a_form_and_a_query_are_encoded_in_their_charset(escaping: Escaping) -> None:
    parameters = (Parameter("a", "{{x}}"), Parameter("b", "é", encode=False))
    body = compile_body(Form(parameters), escaping=escaping, charset="iso-8859-1")
    query = compile_query(parameters, escaping=escaping, charset="iso-8859-1")
    assert body.build(variables(x="joe")) == b"a=joe&b=\xe9"
    assert query.build(variables(x="é")).lower() == "a=%e9&b=%e9"
    with pytest.raises(UnencodableError, match="charset iso-8859-1 does not have; use utf-8"):
        body.build(variables(x="☃"))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_dotnet_encodes_is_read_the_same(value: str) -> None:
    body = compile_body(form(("a", "{{x}}")), escaping=Escaping.DOTNET).build(variables(x=value)).decode("ascii")
    assert parse_qsl(body, keep_blank_values=True) == [("a", value)]


def test_a_form_without_fields_is_empty() -> None:
    assert compile_body(Form(())).constant == b""
    assert compile_query([]).constant == ""


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.lists(st.tuples(_texts, _texts), min_size=1, max_size=4))
def test_a_server_reads_the_fields_that_were_written(fields: list[tuple[str, str]]) -> None:
    values = {f"v{index}": text for index, pair in enumerate(fields) for text in pair[1:]}
    names = [name.replace("{", "(").replace("}", ")") for name, _ in fields]
    parameters = [Parameter(name, f"{{{{v{index}}}}}") for index, name in enumerate(names)]
    expected = [(name, value) for name, (_, value) in zip(names, fields, strict=True)]
    content = compile_body(Form(tuple(parameters))).build(variables(**values))
    assert parse_qsl(content.decode("ascii"), keep_blank_values=True, strict_parsing=True) == expected
    query = compile_query(parameters).build(variables(**values))
    assert query.encode() == content


def test_a_query_without_variables_is_made_once() -> None:
    query = compile_query([Parameter("q", "a b&c"), Parameter("r", "a%20b", encode=False)])
    assert query.constant == "q=a+b%26c&r=a%20b"
    assert query.build(variables()) == query.constant


@given(st.text())
def test_what_is_sent_in_a_query_as_it_is_cannot_leave_the_query(value: str) -> None:
    query = compile_query([Parameter("a", "{{x}}", encode=False), Parameter("b", "1")])
    try:
        url = f"http://shop.test/?{query.build(variables(x=value))}"
    except UnencodableError:
        assert re.search("[\ud800-\udfff]", value)
        return
    assert check_url(url) == url
    assert url.endswith("&b=1")


@pytest.mark.parametrize("keep_unknown", [False, True])
def test_a_variable_without_a_value_is_an_error_unless_its_name_is_to_be_sent(keep_unknown: bool) -> None:
    bodies: list[tuple[Body, bytes]] = [
        (form(("a", "{{x}}")), b"a=%7B%7Bx%7D%7D"),
        (Text("{{x}}"), b"{{x}}"),
        (Multipart((FormPart("a", "{{x}}"),)), b"{{x}}"),
    ]
    for body, kept in bodies:
        compiled = compile_body(body, keep_unknown)
        if keep_unknown:
            assert kept in compiled.build(variables())
        else:
            with pytest.raises(UnboundError):
                compiled.build(variables())


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "utf-7", "iso-8859-1", "cp1252", "iso-2022-jp", "shift_jis"])
def test_a_text_is_sent_in_its_charset(charset: str) -> None:
    text = "日本語" if "jp" in charset or "jis" in charset else "Grüße"
    constant = compile_body(Text(f"a{text}b", charset=charset))
    assert constant.constant == f"a{text}b".encode(charset)
    varying = compile_body(Text("a{{x}}b", charset=charset))
    assert (varying.constant, varying.content_type) == (None, "text/plain; charset=utf-8")
    assert varying.build(variables(x=text)) == constant.constant


def test_a_text_may_have_no_content_type() -> None:
    assert compile_body(Text("a", content_type="")).content_type == ""


def test_a_value_that_the_charset_does_not_have_is_named_with_a_remedy() -> None:
    body = compile_body(Text("name={{x}}", charset="iso-8859-1"))
    with pytest.raises(UnencodableError, match=r"'name=Ł' has a character, U\+0141, .* iso-8859-1 does not have; use utf-8"):
        body.build(variables(x="Ł"))
    with pytest.raises(UnencodableError, match=r"U\+D800.*half of a pair"):
        compile_body(form(("a", "{{x}}"))).build(variables(x="\ud800"))
    with pytest.raises(ValueError, match=r"U\+0141"):
        compile_body(Text("Ł", charset="ascii"))
    with pytest.raises(UnencodableError, match="cannot be written in the charset idna; use utf-8"):
        compile_body(Text("{{x}}", charset="idna")).build(variables(x="a..b"))


@pytest.mark.parametrize("charset", ["klingon", "rot13", "base64"])
def test_a_charset_that_is_none_is_an_error_before_the_start(charset: str) -> None:
    with pytest.raises(ValueError, match=f"'{charset}' is no charset that is known"):
        compile_body(Text("a{{x}}", charset=charset))


@pytest.mark.parametrize("make", [lambda kind: Text("a", kind), lambda kind: Binary(b"a", kind)])
def test_a_content_type_is_one_line_and_constant(make: type[Text]) -> None:
    with pytest.raises(ValueError, match="has a line break"):
        compile_body(make("text/plain\r\nX: y"))
    with pytest.raises(ValueError, match="give the request a Content-Type header instead"):
        compile_body(make("text/{{x}}"))


def test_binary_content_is_sent_as_it_is() -> None:
    body = compile_body(Binary(b"\0{{x}}\xff", "image/png"))
    assert (body.content_type, body.constant) == ("image/png", b"\0{{x}}\xff")


# Multipart: read by Python's own parser of MIME


def parts_of(body: CompiledBody, **values: str) -> list[tuple[str, str, str, bytes]]:
    """(name, file name, content type, content) of each part."""
    data = f"Content-Type: {body.content_type}\r\n\r\n".encode() + body.build(variables(**values))
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(data)
    assert not message.defects
    boundary = message.get_boundary()
    assert boundary is not None
    raw = data.split(b"\r\n\r\n", 1)[1].split(f"--{boundary}".encode())
    assert raw[-1] == b"--\r\n"
    found = []
    for piece in raw[1:-1]:
        head, content = piece.removeprefix(b"\r\n").split(b"\r\n\r\n", 1)
        part = re.fullmatch(
            r'Content-Disposition: form-data; name="([^"\r\n]*)"'
            r'(?:; filename="([^"\r\n]*)")?(?:\r\nContent-Type: ([^\r\n]*))?',
            head.decode(),
        )
        assert part is not None, head
        found.append((part[1], part[2] or "", part[3] or "", content.removesuffix(b"\r\n")))
    return found


def test_a_multipart_form_has_fields_and_files() -> None:
    body = compile_body(
        Multipart(
            (
                FormPart("user", "{{x}}"),
                FormPart("note", "é", content_type="text/plain; charset=utf-8"),
                FormPart("photo", content=b"\xff\r\n--\0", file_name="ich {{x}}.png", content_type="image/png"),
                FormPart("data", "text", file_name="a.bin"),
            )
        )
    )
    assert body.constant is None
    assert parts_of(body, x="jöe") == [
        ("user", "", "", "jöe".encode()),
        ("note", "", "text/plain; charset=utf-8", "é".encode()),
        ("photo", "ich jöe.png", "image/png", b"\xff\r\n--\0"),
        ("data", "a.bin", "application/octet-stream", b"text"),
    ]


def test_a_multipart_form_without_variables_is_made_once() -> None:
    body = compile_body(Multipart((FormPart("a", "b"),)))
    assert body.constant is not None
    assert body.build(variables()) is body.constant
    assert parts_of(body) == [("a", "", "", b"b")]


_hostile = st.text(st.sampled_from('ab"\r\n-;=\\ é%'), max_size=20)


@given(_hostile, _hostile, _hostile)
def test_hostile_values_cannot_break_out_of_their_part(name: str, file_name: str, value: str) -> None:
    body = compile_body(Multipart((FormPart("{{n}}", "{{v}}", file_name="f{{f}}"), FormPart("z", "end"))))
    first, last = parts_of(body, n=name, f=file_name, v=value)
    assert first[0] == name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    assert first[3] == value.encode()
    assert last == ("z", "", "", b"end")


def test_a_value_that_has_learnt_the_boundary_is_refused() -> None:
    body = compile_body(Multipart((FormPart("a", "{{x}}{{y}}"),)))
    boundary = body.content_type.partition("boundary=")[2]
    with pytest.raises(UnencodableError, match="has the boundary"):
        body.build(variables(x=f"\r\n--{boundary[:10]}", y=f"{boundary[10:]}--\r\n"))


def test_the_content_type_of_a_part_cannot_smuggle_in_a_header() -> None:
    body = compile_body(Multipart((FormPart("a", "b", content_type="text/{{x}}"),)))
    with pytest.raises(UnencodableError, match="has a line break"):
        body.build(variables(x="plain\r\nX: y"))
