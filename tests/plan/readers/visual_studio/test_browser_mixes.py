"""visual_studio/browser_mixes.py: the headers of a scenario's users."""

from headrace.plan.diagnostics import Severity
from headrace.plan.model import Browser, BrowserShare
from headrace.plan.readers.visual_studio.bindings import Bindings
from headrace.plan.readers.visual_studio.browser_mixes import NO_BROWSER, read_browser_mix
from headrace.plan.readers.visual_studio.reading import Reading
from tests.plan.readers.visual_studio.load_test_files import messages, new_reading, tree


def read(mix: str) -> tuple[tuple[BrowserShare, ...], Reading]:
    reading = new_reading()
    return read_browser_mix(reading, tree(f"<Scenario>{mix}</Scenario>"), Bindings(["Version"]).bind), reading


def browser(name: str, percentage: float, headers: str = "", attributes: str = "") -> str:
    inside = f'<Browser Name="{name}" {attributes}><Headers>{headers}</Headers></Browser>'
    return f'<BrowserProfile Percentage="{percentage}">{inside}</BrowserProfile>'


def test_users_are_shared_out_among_browsers_with_their_headers() -> None:
    headers = (
        '<Header Name="User-Agent" Value="Mozilla/4.0 (compatible; MSIE {{version}})" /><Header Name="Accept" Value="*/*" />'
        '<Header Name="Accept-Language" Value="{{$IEAcceptLanguage}}" /><Header Name="Accept-Encoding" Value="GZIP" />'
    )
    first = browser("Internet Explorer 7.0", 60, headers, 'MaxConnections="2"')
    shares, reading = read(f"<BrowserMix>{first}{browser('Chrome 2', 40)}{browser('Lynx', 0)}</BrowserMix>")
    assert shares == (
        BrowserShare(
            Browser(
                "Internet Explorer 7.0",
                (
                    ("User-Agent", "Mozilla/4.0 (compatible; MSIE {{Version}})"),
                    ("Accept", "*/*"),
                    ("Accept-Language", "en-US"),
                    ("Accept-Encoding", "GZIP"),
                ),
                connections_per_host=2,
            ),
            60.0,
        ),
        BrowserShare(Browser("Chrome 2", ()), 40.0),
    )
    assert reading.findings == []


def test_a_header_that_nobody_could_send_is_an_error() -> None:
    wrong = '<Header Name="User Agent" Value="a" /><Header Name="Accept" Value="a&#10;b" />'
    shares, reading = read(f"<BrowserMix>{browser('IE', 50, wrong)}</BrowserMix>")
    assert len(messages(reading.findings, Severity.ERROR)) == 2
    assert shares[0].browser.headers == ()


def test_two_browsers_of_one_name_get_different_ones() -> None:
    shares, _ = read(f"<BrowserMix>{browser('IE', 50)}{browser('IE', 50)}</BrowserMix>")
    assert [share.browser.name for share in shares] == ["IE", "IE (2)"]


def test_without_a_browser_mix_users_send_no_headers_of_their_own() -> None:
    for mix in ("", "<BrowserMix />"):
        shares, reading = read(mix)
        assert shares == (NO_BROWSER,)
        assert NO_BROWSER.browser.headers == ()
        assert reading.findings == []


def test_what_makes_no_sense_is_an_error() -> None:
    _, reading = read(f"<BrowserMix>{browser('IE', 0)}</BrowserMix>")
    (told,) = messages(reading.findings, Severity.ERROR)
    assert told.endswith("<BrowserMix>: no browser has a Percentage above 0; give one of them a share of the users.")
    none = browser("IE", 100, attributes='MaxConnections="0"')
    _, reading = read(f"<BrowserMix>{none}</BrowserMix>")
    (told,) = messages(reading.findings, Severity.ERROR)
    assert "<Browser Name='IE'>: MaxConnections is 0; give 1 to 256" in told
