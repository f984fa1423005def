"""Files that mean harm: a clear message, in bounded time and memory, measured in a process of its own."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

SECONDS = 10.0
# What a process may need beyond what it had with the file in hand, in bytes.
GROWTH = 400 * 1024 * 1024
MANY = 100 * 1024 * 1024

HEAD = b'<?xml version="1.0" encoding="utf-8"?>\n'
LAUGHS = b"".join(b'<!ENTITY l%d "%b">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 30))
NESTED = b'<Condition UniqueStringId="1"><ConditionalRule Classname="x"/><Items>'
INCLUDE = b'<IncludedWebTest Name="%b" Path="%b.webtest"/>'


def web_test(items: bytes, attributes: bytes = b"") -> bytes:
    return HEAD + b'<WebTest Name="Test" Id="1"' + attributes + b"><Items>" + items + b"</Items></WebTest>"


def request(inside: bytes = b"", url: bytes = b"http://shop.test/") -> bytes:
    return b'<Request Method="GET" Url="' + url + b'">' + inside + b"</Request>"


HOSTILE: dict[str, tuple[bytes, str]] = {
    "billion laughs": (
        HEAD + b'<!DOCTYPE WebTest [<!ENTITY l0 "ha">' + LAUGHS + b"]><WebTest><Items>&l29;</Items></WebTest>",
        "DTD|entit",
    ),
    "billion laughs in an attribute": (
        HEAD + b'<!DOCTYPE WebTest [<!ENTITY l0 "ha">' + LAUGHS + b']><WebTest Name="&l29;"/>',
        "DTD|entit",
    ),
    "quadratic entities": (
        HEAD + b'<!DOCTYPE WebTest [<!ENTITY a "' + b"a" * 100_000 + b'">]><WebTest><Items>' + b"&a;" * 50_000 + b"</Items></WebTest>",
        "DTD|entit",
    ),
    "an external entity": (
        HEAD + b'<!DOCTYPE WebTest [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + web_test(request(url=b"http://a/&x;"))[len(HEAD) :],
        "DTD",
    ),
    "an external DTD": (HEAD + b'<!DOCTYPE WebTest SYSTEM "http://127.0.0.1:9/x.dtd">' + web_test(request())[len(HEAD) :], "DTD"),
    "an entity that nothing declares": (web_test(request(url=b"http://a/&x;")), "ntity"),
    "100 MB of requests": (web_test(request() * (MANY // len(request()))), "bytes"),
    "100 MB of blanks": (b" " * MANY, "bytes"),
    "100 MB in a comment": (HEAD + b"<!--" + b"x" * MANY + b"--><WebTest/>", "bytes"),
    "30 MB of requests": (web_test(request() * (30 * 1024 * 1024 // len(request()))), "elements|steps|at most"),
    "30 MB in an attribute": (web_test(b'<Comment CommentText="' + b"x" * 30 * 1024 * 1024 + b'"/>'), "no XML|long|at most|is empty"),
    "a million attributes": (
        HEAD + b"<WebTest " + b" ".join(b'a%d="1"' % n for n in range(1_000_000)) + b"/>",
        "not known|there is more|attributes|no XML",
    ),
    "100,000 levels": (HEAD + b"<WebTest>" + b"<Items>" * 100_000 + b"</Items>" * 100_000 + b"</WebTest>", "nested|depth|deep"),
    "60 levels of conditions": (web_test(NESTED * 60 + request() + b"</Items></Condition>" * 60), "nested|deep|Classname|class"),
    "a test that includes itself": (web_test(INCLUDE % (b"Me", b"hostile")), "itself|includes"),
    "tests that include each other without end": (web_test(INCLUDE % (b"A", b"a") * 2), "itself|includes|steps|at most"),
    "UTF-7": (b'<?xml version="1.0" encoding="utf-7"?><WebTest/>', "ncoding"),
    "an encoding of nobody": (b'<?xml version="1.0" encoding="headrace"?><WebTest/>', "ncoding"),
    "an encoding that it is not in": (b'<?xml version="1.0" encoding="utf-16"?><WebTest/>', "XML"),
    "bytes that are no UTF-8": (HEAD + b'<WebTest Name="\xff\xfe"/>', "XML"),
    "control characters": (HEAD + b'<WebTest Name="&#1;&#0;"/>', "XML"),
    "half a file": (web_test(request())[:-20], "XML"),
    "nothing": (b"", "XML|empty"),
    "another kind of file": (b"PK\x03\x04" + b"\0" * 100, "XML"),
    "another kind of XML": (HEAD + b"<jmeterTestPlan/>", "jmeterTestPlan"),
    "a regular expression without an end": (
        web_test(
            request(
                b'<ExtractionRules><ExtractionRule VariableName="v" Classname="Microsoft.VisualStudio.TestTools.WebTesting.Rules.'
                b'ExtractRegularExpression"><RuleParameters><RuleParameter Name="RegularExpression" Value="'
                + b"(" * 5000 + b"a" + b")" * 5000 + b'"/></RuleParameters></ExtractionRule></ExtractionRules>'
            )
        ),
        "RegularExpression|regular expression|pattern",
    ),
}  # fmt: skip

# The file in hand is counted before: what it costs to read it is asked for, not what it costs to have it.
CHILD = """
import resource, sys, time
from pathlib import Path
from headrace.plan.readers.folder import Folder
from headrace.plan.readers.visual_studio.load_test import read_visual_studio
from headrace.plan.readers.visual_studio.reading import Choices
from headrace.plan.targets import TargetRule
import msgspec

folder = Path(sys.argv[1])
files = {file.name: file.read_bytes() for file in folder.iterdir()}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
begun = time.process_time()
plan, findings = read_visual_studio(Folder(tuple(files), files.__getitem__), "hostile.webtest", Choices(), TargetRule())
seconds = time.process_time() - begun
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
found = [(finding.severity, finding.message) for finding in findings]
sys.stdout.buffer.write(msgspec.json.encode((seconds, grown, found)))
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_in_time_with_a_message_that_says_what_it_is(name: str, tmp_path: Path) -> None:
    content, said = HOSTILE[name]
    (tmp_path / "hostile.webtest").write_bytes(content)
    if "each other" in name:  # 2^40 requests, were each included where it is named
        letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN"
        for one, following in zip(letters, letters[1:], strict=False):
            two = INCLUDE % (b"Next%d" % following, b"n%d" % following) * 2
            (tmp_path / f"n{one}.webtest").write_bytes(web_test(two))
        (tmp_path / "a.webtest").write_bytes(web_test(INCLUDE % (b"First", b"n97") * 2))
        (tmp_path / f"n{letters[-1]}.webtest").write_bytes(web_test(request()))
    done = subprocess.run([sys.executable, "-c", CHILD, str(tmp_path)], capture_output=True, timeout=50)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    seconds, grown, findings = msgspec.json.decode(done.stdout, type=tuple[float, int, list[tuple[str, str]]])
    assert seconds < SECONDS
    assert grown < GROWTH
    assert any(message.startswith("hostile.webtest, line ") for _, message in findings), findings[:3]
    assert matching(said, findings), findings[:3]
    assert all(len(message) < 1000 for _, message in findings)
    assert "root:" not in str(findings)  # /etc/passwd


def matching(said: str, findings: list[tuple[str, str]]) -> bool:
    return any(word in message for word in said.split("|") for _, message in findings)
