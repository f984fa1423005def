"""The cookies that a user has for a URL."""

from urllib.parse import urlsplit

from headrace.engine.http.cookies import CookieJar


def cookie_values(jar: CookieJar, url: str, name: str) -> list[str]:
    """The values of the cookies of this name that would be sent to `url`, first those of longer paths."""
    parts = urlsplit(url)
    pairs = (
        pair.partition("=")
        for pair in jar.header(parts.hostname or "", parts.path or "/", parts.scheme == "https").split("; ")
    )
    return [value for known, equals, value in pairs if equals and known == name]
