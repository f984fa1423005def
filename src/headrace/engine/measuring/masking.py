"""Takes the secrets out of requests and responses that people will see. Names stay, so that one can see what was sent.

What a name does not give away cannot be known for a secret: this is care, not a guarantee.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote_plus

MASK = "***"

_SECRET = re.compile(
    r"passw|passphrase|pwd|secret|token|(?:api|access|private)[-_.]?key|authori[sz]ation|session|sess[-_.]?id|credential"
    r"|signature|assertion|jwt|csrf|xsrf|(?:^|[-_.\[])(?:pass|auth|sig|sid|otp|pin|cvv|cvc)(?:$|[-_.\]])",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"(?:basic|bearer|digest|negotiate|ntlm)(?=\s)", re.IGNORECASE)

# What stands before a value; and values, which the end of an excerpt may have cut off.
_PARAMETER = re.compile(r"""(?:[?&;]|%3F|%26|^)(?P<name>[^=&;#?\s"'<>]{1,100}?)(?:=|%3D)""", re.MULTILINE | re.IGNORECASE)
_PARAMETER_VALUE = re.compile(r"""[^&;#\s"'<>]*""")
_JSON = re.compile(r'"(?P<name>(?:[^"\\]|\\.){1,100}+)"\s*:\s*')
_JSON_VALUE = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[^,\]}\s]*', re.DOTALL)
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_JSON_IN_TEXT = re.compile(r'\\"(?P<name>[^"\\]{1,100}+)\\"\s*:\s*(?:\\")?')
_JSON_IN_TEXT_VALUE = re.compile(r'[^"\\,}]*')
_ELEMENT = re.compile(r"<(?P<name>[\w:.-]{1,100})(?:\s[^<>]*)?>")
_ELEMENT_VALUE = re.compile(r"\s*<!\[CDATA\[.*?(?:\]\]>|\Z)|[^<]*", re.DOTALL)
_PART = re.compile(r'form-data;\s*name="?(?P<name>[^"\r\n;]{1,100}+)[^\r\n]*+(?:\r?\n[^\r\n]++)*+\r?\n\r?\n')
_PART_VALUE = re.compile(r".*?(?=\r?\n--|\Z)", re.DOTALL)
_TAG = re.compile(r"<(?:input|meta)\s[^<>]*", re.IGNORECASE)
_TAG_NAME = re.compile(r"""\b(?:name|id|type|property)\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_TAG_VALUE = re.compile(r"""\b(value|content)(\s*=\s*)(?:"[^"]*(?:"|$)|'[^']*(?:'|$)|[^\s"'>]+)""", re.IGNORECASE)


@lru_cache(maxsize=1024)
def is_secret(name: str) -> bool:
    """Whether what has this name is likely a secret."""
    return _SECRET.search(unquote_plus(name[:300])) is not None


def mask_url(url: str) -> str:
    """A URL, or a text with URLs in it, without the values of secret parameters."""
    return _mask(url, _PARAMETER, _end_of(_PARAMETER_VALUE), MASK)


def mask_head(head: str) -> str:
    """The head of a request or a response, lines ending with a line feed."""
    first, *lines = head.split("\n")
    return "\n".join([mask_url(first), *map(_mask_line, lines)])


def mask_body(body: str) -> str:
    """A form, a query, JSON, XML, HTML, a multipart form: what it is need not be known."""
    body = _mask(body, _JSON, _end_of_json, f'"{MASK}"')
    body = _mask(body, _JSON_IN_TEXT, _end_of(_JSON_IN_TEXT_VALUE), MASK)
    body = _mask(body, _ELEMENT, _end_of(_ELEMENT_VALUE), MASK)
    body = _mask(body, _PART, _end_of(_PART_VALUE), MASK)
    return mask_url(_TAG.sub(_mask_tag, body))


def _mask(text: str, name: re.Pattern[str], end_of: Callable[[str, int], int], mask: str) -> str:
    """The text with a mask for what follows each secret name, up to where `end_of` says that it ends."""
    parts = []
    kept_to = at = 0
    while found := name.search(text, at):
        at = found.end()
        if is_secret(found["name"]):
            parts += [text[kept_to:at], mask]
            kept_to = at = end_of(text, at)
    return "".join([*parts, text[kept_to:]])


def _end_of(value: re.Pattern[str]) -> Callable[[str, int], int]:
    def end_of(text: str, at: int) -> int:
        found = value.match(text, at)
        return found.end() if found else at

    return end_of


def _end_of_json(text: str, at: int) -> int:
    if text[at : at + 1] not in ("{", "["):
        return _end_of(_JSON_VALUE)(text, at)
    depth = 0
    for token in _JSON_TOKEN.finditer(text, at):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return len(text)


def _mask_line(line: str) -> str:
    name, colon, value = line.partition(":")
    lower = name.strip().lower()
    if lower == "cookie":
        return f"{name}{colon} " + "; ".join(_mask_pair(pair) for pair in value.split(";"))
    if lower == "set-cookie":
        pair, semicolon, attributes = value.partition(";")
        return f"{name}{colon} {_mask_pair(pair)}{semicolon}{attributes}"
    if lower in ("authorization", "proxy-authorization"):
        scheme = _SCHEME.match(value.strip())
        return f"{name}{colon} {scheme[0]} {MASK}" if scheme else f"{name}{colon} {MASK}"
    if is_secret(lower):
        return f"{name}{colon} {MASK}"
    return name + colon + mask_url(value)


def _mask_pair(pair: str) -> str:
    name, equals, _ = pair.strip().partition("=")
    return f"{name}={MASK}" if equals else MASK


def _mask_tag(found: re.Match[str]) -> str:
    tag = found[0]
    if any(is_secret(name) for name in _TAG_NAME.findall(tag)):
        return _TAG_VALUE.sub(rf'\1\2"{MASK}"', tag)
    return tag
