"""The browsers that a virtual user can present itself as.

The names are those of Visual Studio and of the Cloud Load Test service, which made tests carry them, and today's four. The
headers are those the browsers sent, except Accept-Encoding, which names what the engine can decode. Connections per host
follow the browsers too: HTTP/1.1 once allowed two, since about 2008 they open six.
"""

from headrace import __version__
from headrace.plan.model import Browser

_ANY = "*/*"
_HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_CHROME_HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"
_IE = "text/html, application/xhtml+xml, */*"
_OLD_IE = "image/gif, image/x-xbitmap, image/jpeg, image/pjpeg, application/x-shockwave-flash, */*"


def _browser(
    name: str, user_agent: str, accept: str = _HTML, language: str = "en-US,en;q=0.5", connections: int = 6
) -> Browser:
    headers = (
        ("User-Agent", user_agent),
        ("Accept", accept),
        ("Accept-Language", language),
        ("Accept-Encoding", "gzip, deflate"),
    )
    return Browser(name, headers, connections)


# What is used where a test names no browser: it says what it is.
DEFAULT = _browser("Headrace", f"Headrace/{__version__} (+load test)", _ANY)

_TABLE = (
    DEFAULT,
    _browser("Internet Explorer 11.0", "Mozilla/5.0 (Windows NT 6.3; Trident/7.0; rv:11.0) like Gecko", _IE, "en-US"),
    _browser("Internet Explorer 10.0", "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)", _IE, "en-US"),
    _browser("Internet Explorer 9.0", "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)", _IE, "en-US"),
    _browser("Internet Explorer 8.0", "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)", _OLD_IE, "en-US"),
    _browser("Internet Explorer 7.0", "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.0)", _OLD_IE, "en-us", 2),
    _browser("Internet Explorer 6.0", "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)", _OLD_IE, "en-us", 2),
    _browser("Internet Explorer 5.5", "Mozilla/4.0 (compatible; MSIE 5.5; Windows NT 5.0)", _OLD_IE, "en-us", 2),
    _browser(
        "Chrome 2",
        "Mozilla/5.0 (Windows; U; Windows NT 6.1; en-US) AppleWebKit/530.5 (KHTML, like Gecko) "
        "Chrome/2.0.172.39 Safari/530.5",
        "application/xml,application/xhtml+xml,text/html;q=0.9,text/plain;q=0.8,image/png,*/*;q=0.5",
        "en-US,en;q=0.8",
    ),
    _browser("Firefox 3.0", "Mozilla/5.0 (Windows; U; Windows NT 6.0; en-US; rv:1.9.0.1) Gecko/2008070208 Firefox/3.0.1"),
    _browser(
        "Firefox 2.0",
        "Mozilla/5.0 (Windows; U; Windows NT 5.1; en-US; rv:1.8.1) Gecko/20061010 Firefox/2.0",
        connections=2,
    ),
    _browser(
        "Safari 3",
        "Mozilla/5.0 (Windows; U; Windows NT 6.0; en-US) AppleWebKit/525.13 (KHTML, like Gecko) Version/3.1 Safari/525.13",
        "text/xml,application/xml,application/xhtml+xml,text/html;q=0.9,text/plain;q=0.8,image/png,*/*;q=0.5",
        "en-US",
        4,
    ),
    _browser(
        "Netscape 6.0",
        "Mozilla/5.0 (Windows; U; Windows NT 5.0; en-US; m18) Gecko/20001108 Netscape6/6.0",
        _ANY,
        "en-us",
        2,
    ),
    _browser("Opera", "Opera/9.50 (Windows NT 6.0; U; en)", _HTML, "en-US,en;q=0.9", 4),
    _browser("Pocket IE 3.02", "Mozilla/2.0 (compatible; MSIE 3.02; Windows CE; 240x320)", _ANY, "en-us", 2),
    _browser("Smartphone", "Mozilla/4.0 (compatible; MSIE 4.01; Windows CE; Smartphone; 176x220)", _ANY, "en-us", 2),
    _browser(
        "Chrome",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
        _CHROME_HTML,
        "en-US,en;q=0.9",
    ),
    _browser(
        "Edge",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
        _CHROME_HTML,
        "en-US,en;q=0.9",
    ),
    _browser("Firefox", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0"),
    _browser(
        "Safari",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.1 Safari/605.1.15",
        language="en-US,en;q=0.9",
    ),
)
_BY_NAME = {browser.name.casefold(): browser for browser in _TABLE}


def find_browser(name: str) -> Browser | None:
    """The browser of this name, in any case; None where it is not known."""
    return _BY_NAME.get(name.strip().casefold())
