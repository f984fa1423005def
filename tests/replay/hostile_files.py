"""Web tests that mean harm, by what they are, and words of which one must be in what is said about them."""

from itertools import pairwise

MANY = 100 * 1024 * 1024
MEGABYTES_30 = 30 * 1024 * 1024
HEAD = b'<?xml version="1.0" encoding="utf-8"?>\n'
NAME = "hostile.webtest"


def web_test(items: bytes = b"", doctype: bytes = b"") -> bytes:
    return HEAD + doctype + b'<WebTest Name="Test" Id="1"><Items>' + items + b"</Items></WebTest>"


def request(url: bytes = b"http://shop.test/", inside: bytes = b"") -> bytes:
    return b'<Request Method="GET" Url="' + url + b'">' + inside + b"</Request>"


def nested(times: int) -> bytes:
    condition = b'<Condition UniqueStringId="1"><ConditionalRule Classname="x"/><Items>'
    return condition * times + request() + b"</Items></Condition>" * times


def including(path: bytes) -> bytes:
    return b'<IncludedWebTest Name="Next" Path="' + path + b'"/>'


def extracting(pattern: bytes) -> bytes:
    name = b"Microsoft.VisualStudio.TestTools.WebTesting.Rules.ExtractRegularExpression"
    parameters = b'<RuleParameters><RuleParameter Name="RegularExpression" Value="' + pattern + b'"/></RuleParameters>'
    rule = b'<ExtractionRule VariableName="v" Classname="' + name + b'">' + parameters + b"</ExtractionRule>"
    return request(inside=b"<ExtractionRules>" + rule + b"</ExtractionRules>")


def entities(declared: bytes) -> bytes:
    return b"<!DOCTYPE WebTest [" + declared + b"]>\n"


_LAUGHS = b'<!ENTITY l0 "ha">' + b"".join(b'<!ENTITY l%d "%b">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 30))
_LONG = b'<!ENTITY long "' + b"a" * 100_000 + b'">'
_OF_SYSTEM = b'<!ENTITY file SYSTEM "file:///etc/passwd">'

ALONE: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "billion laughs": (web_test(b"&l29;", entities(_LAUGHS)), ("DTD", "entit")),
    "billion laughs in an attribute": (web_test(request(b"&l29;"), entities(_LAUGHS)), ("DTD", "entit")),
    "quadratic entities": (web_test(b"&long;" * 50_000, entities(_LONG)), ("DTD", "entit")),
    "an external entity": (web_test(request(b"http://a/&file;"), entities(_OF_SYSTEM)), ("DTD", "entit")),
    "an external entity in a text": (web_test(b"&file;", entities(_OF_SYSTEM)), ("DTD", "entit")),
    "an external DTD": (web_test(request(), b'<!DOCTYPE WebTest SYSTEM "http://127.0.0.1:9/x.dtd">\n'), ("DTD",)),
    "an entity that nothing declares": (web_test(request(b"http://a/&x;")), ("ntity",)),
    "100 MB of requests": (web_test(request() * (MANY // len(request()))), ("bytes",)),
    "100 MB of blanks": (b" " * MANY, ("bytes",)),
    "100 MB in a comment": (HEAD + b"<!--" + b"x" * MANY + b"--><WebTest/>", ("bytes",)),
    "30 MB of requests": (web_test(request() * (MEGABYTES_30 // len(request()))), ("elements", "steps", "at most")),
    "30 MB of the shortest elements": (web_test(b"<a/>" * (MEGABYTES_30 // 4)), ("over 200000 elements",)),
    "30 MB in an attribute": (web_test(request(b"http://a/" + b"x" * MEGABYTES_30)), ("XML", "long")),
    "a million attributes": (
        HEAD + b"<WebTest " + b" ".join(b'a%d="1"' % n for n in range(1_000_000)) + b"/>",
        ("a", "XML"),
    ),
    "100,000 levels": (web_test(b"<Items>" * 100_000 + b"</Items>" * 100_000), ("nested", "depth", "deep")),
    "60 levels of conditions": (web_test(nested(60)), ("nested", "levels")),
    "a test that includes itself": (web_test(including(NAME.encode())), ("itself", "includes")),
    "a regular expression of 5,000 groups": (
        web_test(extracting(b"(" * 5000 + b"a" + b")" * 5000)),
        ("xpression", "attern"),
    ),
    "a regular expression of a hundred million characters": (web_test(extracting(b"(a{9999}){9999}")), ("repeats",)),
    "a DTD in UTF-7": (b'<?xml version="1.0" encoding="utf-7"?>\n+ADw-!DOCTYPE WebTest +AFsAXQA+-<WebTest/>', ("DTD",)),
    "an encoding of nobody": (b'<?xml version="1.0" encoding="headrace"?><WebTest/>', ("ncoding",)),
    "an encoding that it is not in": (b'<?xml version="1.0" encoding="utf-16"?><WebTest/>', ("XML",)),
    "bytes that are no UTF-8": (HEAD + b'<WebTest Name="\xff\xfe"/>', ("XML",)),
    "control characters": (HEAD + b'<WebTest Name="&#1;&#0;"/>', ("XML",)),
    "half a file": (web_test(request())[:-20], ("XML",)),
    "nothing": (b"", ("XML", "empty")),
    "another kind of file": (b"PK\x03\x04" + b"\0" * 100, ("XML",)),
    "another kind of XML": (HEAD + b"<jmeterTestPlan/>", ("jmeterTestPlan",)),
}


def of_data(provider: bytes, file: bytes, table: bytes) -> bytes:
    """A web test with a data source."""
    name = b"Microsoft.VisualStudio.TestTools.DataSource." + provider
    tables = b'<Tables><DataSourceTable Name="' + table + b'" AccessMethod="Sequential"/></Tables>'
    connection = b'Connection="|DataDirectory|\\' + file + b'"'
    source = b'<DataSource Name="Data" Provider="' + name + b'" ' + connection + b">" + tables + b"</DataSource>"
    items = b"<Items>" + request(b"http://shop.test/{{Data.%b.a}}" % table) + b"</Items>"
    return HEAD + b'<WebTest Name="Test" Id="1">' + items + b"<DataSources>" + source + b"</DataSources></WebTest>"


def load_test(scenario: bytes, times: int = 1) -> bytes:
    setting = b'<RunConfigurations><RunConfiguration Name="Run" RunDuration="60"/></RunConfigurations>'
    return (
        HEAD
        + b'<LoadTest Name="L" CurrentRunConfig="Run"><Scenarios>'
        + scenario * times
        + b"</Scenarios>"
        + setting
        + b"</LoadTest>"
    )


def scenario(profiles: int = 1, users: bytes = b"5", network: bytes = b"") -> bytes:
    kind = b"Microsoft.VisualStudio.TestTools.WebStress.DeclarativeWebTestElement"
    profile = b'<TestProfile Name="T" Path="small.webtest" Id="1" Percentage="100" Type="' + kind + b'"/>'
    load = b'<ThinkProfile Pattern="Off" Value="0"/><LoadProfile Pattern="Constant" InitialUsers="' + users + b'"/>'
    mix = b"<TestMix>" + profile * profiles + b"</TestMix>"
    line = b'<Network Name="N" BandwidthInKbps="100" NetworkProfileConfigurationXml="' + network + b'"/>'
    networks = b'<NetworkMix><NetworkProfile Percentage="100">' + line + b"</NetworkProfile></NetworkMix>"
    return b'<Scenario Name="S">' + load + mix + networks + b"</Scenario>"


_SETTINGS = b'<TestSettings name="s"><Scripts setupScript="&file;"/></TestSettings>'
_SMALL = {"small.webtest": web_test(request())}
_ESCAPED = (
    (entities(_LAUGHS) + b"<Emulation>&l29;</Emulation>")
    .replace(b"&", b"&amp;")
    .replace(b"<", b"&lt;")
    .replace(b'"', b"&quot;")
)

# Several files: what is read first, and all there are. What is said is about any of them.
TOGETHER: dict[str, tuple[str, dict[str, bytes], tuple[str, ...]]] = {
    "data of billions": (
        NAME,
        {NAME: of_data(b"XML", b"data.xml", b"a"), "data.xml": web_test(b"&l29;", entities(_LAUGHS))},
        ("data.xml",),
    ),
    "100 MB of data": (
        NAME,
        {NAME: of_data(b"CSV", b"data.csv", b"data#csv"), "data.csv": b"a\n" + b"1\n" * (MANY // 2)},
        ("data.csv",),
    ),
    "data of one endless field": (
        NAME,
        {NAME: of_data(b"CSV", b"d.csv", b"d#csv"), "d.csv": b'a\n"' + b"x" * MEGABYTES_30},
        ("d.csv",),
    ),
    "data outside": (NAME, {NAME: of_data(b"CSV", b"..\\..\\..\\etc\\passwd", b"passwd")}, ("passwd",)),
    "a network of billions": ("x.loadtest", {"x.loadtest": load_test(scenario(network=_ESCAPED)), **_SMALL}, ("Network",)),
    "20,000 scenarios": ("x.loadtest", {"x.loadtest": load_test(scenario(), 20_000), **_SMALL}, ("cenario",)),
    "100,000 tests of a scenario": ("x.loadtest", {"x.loadtest": load_test(scenario(100_000)), **_SMALL}, ("test",)),
    "more users than there are people": (
        "x.loadtest",
        {"x.loadtest": load_test(scenario(users=b"9" * 14)), **_SMALL},
        ("InitialUsers",),
    ),
    "settings of an external entity": (
        "x.loadtest",
        {"x.loadtest": load_test(scenario()), **_SMALL, "s.testsettings": HEAD + entities(_OF_SYSTEM) + _SETTINGS},
        ("s.testsettings",),
    ),
}


def that_double() -> dict[str, bytes]:
    """Forty web tests, each of which includes the next one twice: 2^40 requests, were all done as they say."""
    names = [NAME, *(f"n{number}.webtest" for number in range(40))]
    files = {one: web_test(including(following.encode()) * 2) for one, following in pairwise(names)}
    return {**files, names[-1]: web_test(request())}
