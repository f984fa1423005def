"""Bodies: `<FormPostHttpBody>`, `<StringHttpBody>` and `<BinaryHttpBody>` (reference: visual-studio-formats, 1.5)."""

import base64
import binascii

from headrace.plan.readers.visual_studio.bindings import fill
from headrace.plan.readers.visual_studio.context import Context
from headrace.plan.readers.visual_studio.reading import Reading, shown
from headrace.plan.readers.visual_studio.xml_tree import Element
from headrace.plan.requests import Binary, Body, Form, FormPart, Multipart, Parameter, Text
from headrace.plan.templates import literal

BODIES = ("FormPostHttpBody", "StringHttpBody", "BinaryHttpBody")
LARGEST_UPLOADS = 64 * 1024 * 1024  # bytes of all files that a test uploads

_PARAMETER = ("Name", "Value", "RecordedValue", "CorrelationBinding", "UrlEncode", "UseToGroupResults")
_UPLOAD = ("Name", "FileName", "ContentType", "GenerateUniqueName", "UseGuids", "FileUploadName")


def read_body(context: Context, request: Element, charset: str) -> tuple[Body | None, str]:
    """The body, and a Content-Type header for it where its content type is a template and must be one; "" for none."""
    bodies = [child for child in request.children if child.name in BODIES]
    if not bodies:
        return None, ""
    if len(bodies) > 1:
        context.reading.error(bodies[1], f"the request has another body, <{bodies[0].name}>; take one out")
    element = bodies[0]
    match element.name:
        case "FormPostHttpBody":
            return _form(context, element), ""
        case "StringHttpBody":
            return _text(context, element, charset)
        case _:
            return _binary(context, element)


def read_parameter(context: Context, element: Element) -> Parameter:
    """A parameter of a form or of a query."""
    reading = context.reading
    reading.expect(element, _PARAMETER, ())
    bind = context.bindings.bind
    name, value = bind(reading.text(element, "Name")), bind(reading.text(element, "Value"))
    return Parameter(name, value, encode=reading.flag(element, "UrlEncode", True))


def _form(context: Context, form: Element) -> Form | Multipart:
    """With a file in it, a form of several parts, whose values are never URL-encoded."""
    context.reading.expect(form, (), ("FormPostParameter", "FileUploadParameter"))
    if form.first("FileUploadParameter") is None:
        return Form(tuple(read_parameter(context, each) for each in form.all("FormPostParameter")))
    parts = []
    for each in form.children:
        if each.name == "FormPostParameter":
            parameter = read_parameter(context, each)
            parts.append(FormPart(parameter.name, parameter.value))
        elif each.name == "FileUploadParameter":
            parts.append(_upload(context, each))
    return Multipart(tuple(parts))


def _upload(context: Context, element: Element) -> FormPart:
    reading, bind = context.reading, context.bindings.bind
    reading.expect(element, _UPLOAD, ())
    written = reading.text(element, "FileName")
    path = fill(written, context.values)
    if path is None:
        reading.error(
            element,
            f"FileName is {shown(written)}, and files are read before the test runs; bind context parameters only",
        )
        path = ""
    content = _file(context, element, path) if path else b""
    sent = bind(reading.text(element, "FileUploadName")) or literal(path.replace("\\", "/").rpartition("/")[2])
    if reading.flag(element, "GenerateUniqueName") or reading.flag(element, "UseGuids"):
        stem, point, ending = sent.rpartition(".")
        sent = f"{stem}{{{{$uuid}}}}.{ending}" if point and "}" not in ending else f"{sent}{{{{$uuid}}}}"
    name, content_type = bind(reading.text(element, "Name")), bind(reading.text(element, "ContentType"))
    return FormPart(name, content=content, file_name=sent or "file", content_type=content_type)


def _file(context: Context, element: Element, path: str) -> bytes:
    reading = context.reading
    name = context.folder.find(path, context.file.name)
    if name is None:
        reading.error(element, f"there is no file {shown(path)} beside the test; add it")
        return b""
    try:
        content = context.folder.read(name)
    except (OSError, ValueError) as error:
        reading.error(element, f"{shown(name)} cannot be read: {getattr(error, 'strerror', None) or error}")
        return b""
    context.spent.uploaded += len(content)
    if context.spent.uploaded > LARGEST_UPLOADS:
        reading.error(element, f"the test's files have over {LARGEST_UPLOADS} bytes together; upload fewer or smaller ones")
        return b""
    return content


def _text(context: Context, element: Element, charset: str) -> tuple[Text, str]:
    """The element has the base64 of the text in UTF-16, little end first."""
    reading = context.reading
    reading.expect(element, ("ContentType", "InsertByteOrderMark"), ())
    text = ""
    try:
        text = _decode(reading, element).decode("utf-16-le")
    except UnicodeDecodeError:
        reading.error(
            element, "its content is no base64 of a text in UTF-16; edit the body in Visual Studio, or write it anew"
        )
    if reading.flag(element, "InsertByteOrderMark") and charset.startswith("utf-"):
        text = "\ufeff" + text
    content_type, header = _content_type(context, element)
    return Text(context.bindings.bind(text), content_type, charset), header


def _binary(context: Context, element: Element) -> tuple[Binary, str]:
    context.reading.expect(element, ("ContentType",), ())
    content_type, header = _content_type(context, element)
    return Binary(_decode(context.reading, element), content_type), header


def _content_type(context: Context, element: Element) -> tuple[str, str]:
    """The content type of a body, which is constant, or else the header that it needs."""
    written = context.reading.text(element, "ContentType").strip()
    template = context.bindings.bind(written)
    return (template, "") if template == literal(written) else ("", template)


def _decode(reading: Reading, element: Element) -> bytes:
    try:
        return base64.b64decode("".join(element.text.split()), validate=True)
    except (binascii.Error, ValueError):
        reading.error(element, "its content is no base64; edit the body in Visual Studio, or write it anew")
        return b""
