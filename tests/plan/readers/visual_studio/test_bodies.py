"""The bodies of requests: forms, texts in base64 of UTF-16, bytes, and forms with files."""

import base64
import codecs

import pytest

from headrace.plan.diagnostics import Severity
from headrace.plan.readers.visual_studio import bodies
from headrace.plan.requests import Binary, Form, FormPart, Multipart, Parameter, Request, Text
from tests.plan.readers.visual_studio.web_test_files import errors, read, request, request_of, steps_of, utf_16, web_test

PARAMETERS = '<ContextParameters><ContextParameter Name="Word" Value="water"/></ContextParameters>'


def string_body(text: str, attributes: str = "") -> str:
    return f"<StringHttpBody {attributes}>\n  {utf_16(text)}\n</StringHttpBody>"


def upload(attributes: str) -> str:
    return f"<FormPostHttpBody><FileUploadParameter Name='file' {attributes}/></FormPostHttpBody>"


def test_a_form_has_its_parameters_in_order_twice_where_they_are_there_twice() -> None:
    form = """<FormPostHttpBody>
        <FormPostParameter Name="a" Value="1" RecordedValue="9" CorrelationBinding="{{x}}" UrlEncode="True"/>
        <FormPostParameter Name="b[]" Value="{{word}} &amp;" UrlEncode="False"/>
        <FormPostParameter Name="a" Value="2"/>
    </FormPostHttpBody>"""
    assert request_of(form, more=PARAMETERS).body == Form(
        (Parameter("a", "1"), Parameter("b[]", "{{Word}} &", encode=False), Parameter("a", "2"))
    )


def test_an_empty_form_is_a_form() -> None:
    assert request_of("<FormPostHttpBody/>").body == Form(())


def test_a_text_is_decoded_and_its_bindings_are_made() -> None:
    body = request_of(string_body('{"a": "{{WORD}}", "é": "☃"}', 'ContentType="application/json"'), more=PARAMETERS).body
    assert body == Text('{"a": "{{Word}}", "é": "☃"}', "application/json", "utf-8")


def test_an_empty_text_has_no_content_type_where_it_says_none() -> None:
    assert request_of('<StringHttpBody ContentType="" InsertByteOrderMark="False"/>').body == Text("", "", "utf-8")


@pytest.mark.parametrize(
    ("encoding", "charset", "sent"),
    [
        ("utf-8", "utf-8", codecs.BOM_UTF8 + "ü".encode()),
        ("utf-16", "utf-16-le", codecs.BOM_UTF16_LE + "ü".encode("utf-16-le")),
        ("unicodeFFFE", "utf-16-be", codecs.BOM_UTF16_BE + "ü".encode("utf-16-be")),
        ("Windows-1252", "windows-1252", b"\xfc"),  # has no such mark
    ],
)
def test_a_text_is_encoded_as_the_request_says_with_a_mark_where_it_is_asked_for(
    encoding: str, charset: str, sent: bytes
) -> None:
    body = request_of(string_body("ü", 'InsertByteOrderMark="True"'), f'Encoding="{encoding}"').body
    assert isinstance(body, Text)
    assert body.charset == charset
    assert body.text.encode(charset) == sent


def test_a_content_type_with_a_binding_becomes_a_header() -> None:
    made = request_of(string_body("x", 'ContentType="text/{{word}}"'), more=PARAMETERS)
    assert made.body == Text("x", "", "utf-8")
    assert made.headers == (("Content-Type", "text/{{Word}}"),)


def test_a_content_type_header_goes_before_that_of_the_body() -> None:
    headers = '<Headers><Header Name="content-type" Value="a/b"/></Headers>'
    made = request_of(headers + string_body("x", 'ContentType="{{word}}"'), more=PARAMETERS)
    assert made.headers == (("content-type", "a/b"),)


def test_bytes_are_sent_as_they_are() -> None:
    content = base64.b64encode(b"\0{{Word}}\xff").decode()
    body = request_of(f'<BinaryHttpBody ContentType="image/png">{content}</BinaryHttpBody>', more=PARAMETERS).body
    assert body == Binary(b"\0{{Word}}\xff", "image/png")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<StringHttpBody>no base64!</StringHttpBody>", "its content is no base64"),
        ("<StringHttpBody>YQ==</StringHttpBody>", "its content is no base64 of a text in UTF-16"),  # half a character
        (f"<StringHttpBody>{base64.b64encode(bytes([0, 0xD8])).decode()}</StringHttpBody>", "no base64 of a text in UTF-16"),
        ("<BinaryHttpBody>%</BinaryHttpBody>", "its content is no base64"),
        ("<FormPostHttpBody/><StringHttpBody/>", "has another body, <FormPostHttpBody>; take one out"),
    ],
)
def test_what_is_no_body_is_an_error(body: str, said: str) -> None:
    (error,) = errors(web_test(request(body)))
    assert said in error


def test_a_form_with_a_file_is_sent_in_parts() -> None:
    form = """<FormPostHttpBody>
        <FormPostParameter Name="note" Value="{{Word}} &amp;" UrlEncode="True"/>
        <FileUploadParameter Name="file" FileName="data\\Wheel.PNG" ContentType="image/png" GenerateUniqueName="False"/>
    </FormPostHttpBody>"""
    headers = '<Headers><Header Name="Accept" Value="a/b"/></Headers>'
    (step,) = steps_of(request(headers + form), PARAMETERS, {"Data/wheel.png": b"\x89PNG"})
    assert isinstance(step, Request)
    assert step.body == Multipart(
        (
            FormPart("note", "{{Word}} &"),
            FormPart("file", content=b"\x89PNG", file_name="Wheel.PNG", content_type="image/png"),
        )
    )


@pytest.mark.parametrize(
    ("attributes", "sent"),
    [
        ('FileName="|no|.txt" FileUploadName="{{Word}}.txt"', "{{Word}}.txt"),
        ('FileName="C:\\old\\a.tar.gz" GenerateUniqueName="True"', "a.tar{{$uuid}}.gz"),
        ('FileName="{{word}}" UseGuids="True"', "water{{$uuid}}"),
        ('FileName="a.tar.gz" FileUploadName="{{A.b}}" UseGuids="True"', "{{A.b}}{{$uuid}}"),
    ],
)
def test_a_file_may_be_sent_by_another_name(attributes: str, sent: str) -> None:
    files = {"|no|.txt": b"1", "a.tar.gz": b"2", "water": b"3"}
    (step,) = steps_of(request(upload(attributes)), PARAMETERS, files)
    assert isinstance(step, Request)
    assert isinstance(step.body, Multipart)
    assert step.body.parts[0].file_name == sent


def test_the_recorded_content_type_of_a_form_in_parts_is_left_out_since_it_has_another_boundary() -> None:
    headers = '<Headers><Header Name="Content-Type" Value="multipart/form-data; boundary=old"/></Headers>'
    test, (found,) = read(web_test(request(headers + upload('FileName="a.txt"'))), {"a.txt": b"1"})
    assert found.severity is Severity.INFO
    assert test is not None
    (step,) = test.test.steps
    assert isinstance(step, Request)
    assert step.headers == ()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("missing.txt", "there is no file 'missing.txt' beside the test; add it"),
        ("../../etc/passwd", "there is no file '../../etc/passwd' beside the test; add it"),
        ("{{Row.Name}}", "FileName is '{{Row.Name}}', and files are read before the test runs"),
    ],
)
def test_a_file_that_cannot_be_sent_is_an_error(file: str, said: str) -> None:
    (error,) = errors(web_test(request(upload(f'FileName="{file}"'))))
    assert said in error


def test_files_have_a_bound_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LARGEST_UPLOADS", 10)
    files = {"a": b"12345", "b": b"123456"}
    assert errors(web_test(request(upload('FileName="a"')) * 2), files) == []
    (error,) = errors(web_test(request(upload('FileName="a"')) + request(upload('FileName="b"'))), files)
    assert "the test's files have over 10 bytes together" in error
