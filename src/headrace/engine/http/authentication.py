"""How a request proves who sends it: Basic (RFC 7617), Bearer (RFC 6750) and Digest (RFC 7616)."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from secrets import token_hex
from urllib.parse import quote

from headrace.engine.http.answer import Variables
from headrace.engine.templates import Template, compile_template, constant_of
from headrace.plan.requests import AuthScheme, Credentials

# What a server may ask for; a longer header has a purpose other than logging in.
_LONGEST = 8192
_MOST_PARAMETERS = 100

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# In the order in which they are tried: a parameter, the name of a scheme with what may follow it, a comma.
_PARAMETER = re.compile(rf'({_NAME})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|({_NAME})(?=[ \t]*(?:,|$)))')
_SCHEME = re.compile(rf"({_NAME})(?:[ \t]+([A-Za-z0-9._~+/-]+=*)(?=[ \t]*(?:,|$)))?(?=[ \t,]|$)")
_SPACE = re.compile(r"[ \t,]+")
_UNSAFE = re.compile(r"[^\x20-\x7e\x80-\xff]")  # what cannot stand in a header
_PLAIN_USER = re.compile(r"[\x20-\x7e]*")

_Hash = Callable[[bytes], str]


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


_ALGORITHMS: dict[str, tuple[_Hash, bool]] = {
    "MD5": (_md5, False),
    "MD5-SESS": (_md5, True),
    "SHA-256": (_sha256, False),
    "SHA-256-SESS": (_sha256, True),
}


class ChallengeError(ValueError):
    """A server asks for a proof that nobody here can give; the message says for what."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge of a WWW-Authenticate header; names of scheme and parameters are in lower case."""

    scheme: str
    parameters: dict[str, str]
    token: str = ""


def basic(user: str, password: str) -> str:
    """The value of an Authorization or Proxy-Authorization header."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def compile_authorization(credentials: Credentials, keep_unknown: bool = False) -> str | Template:
    """The value of the Authorization header for Basic and Bearer: a text where it is the same each time.

    Raises ValueError for the others, which answer the server's challenge.
    """
    match credentials.scheme:
        case AuthScheme.BEARER:
            make: Callable[[str, str], str] = _bearer
        case AuthScheme.BASIC:
            make = basic
        case AuthScheme.DIGEST | AuthScheme.AS_ASKED:
            scheme = credentials.scheme.value
            raise ValueError(
                f"credentials of the scheme '{scheme}' wait for the server's challenge; use basic to send them unasked"
            )
    user, password = constant_of(credentials.user), constant_of(credentials.password)
    if user is not None and password is not None:
        return make(user, password)
    user_of = compile_template(credentials.user, keep_unknown)
    password_of = compile_template(credentials.password, keep_unknown)
    return lambda variables: make(user_of(variables), password_of(variables))


def compile_login(credentials: Credentials, keep_unknown: bool = False) -> Callable[[Variables], tuple[str, str]]:
    """User and password, as `answer_challenge` wants them."""
    user_of = compile_template(credentials.user, keep_unknown)
    password_of = compile_template(credentials.password, keep_unknown)
    return lambda variables: (user_of(variables), password_of(variables))


def _bearer(user: str, password: str) -> str:
    return f"Bearer {password}"


def parse_challenges(header: str) -> list[Challenge]:
    """The challenges of a WWW-Authenticate header, which may hold several. Raises ChallengeError where it is none."""
    if len(header) > _LONGEST:
        raise ChallengeError(f"the server's challenge is {len(header)} characters long; at most {_LONGEST} are read")
    challenges: list[Challenge] = []
    count = at = 0
    while at < len(header):
        if space := _SPACE.match(header, at):
            at = space.end()
        elif challenges and not challenges[-1].token and (found := _PARAMETER.match(header, at)):
            value = found[3] if found[2] is None else re.sub(r"\\(.)", r"\1", found[2], flags=re.DOTALL)
            challenges[-1].parameters.setdefault(found[1].lower(), value)
            at = found.end()
            count += 1
        elif found := _SCHEME.match(header, at):
            challenges.append(Challenge(found[1].lower(), {}, found[2] or ""))
            at = found.end()
        else:
            raise ChallengeError(f"the server's challenge is malformed at {header[at : at + 40]!r}")
        if count > _MOST_PARAMETERS or len(challenges) > _MOST_PARAMETERS:
            raise ChallengeError(f"the server's challenge has more than {_MOST_PARAMETERS} parts")
    return challenges


class BasicState:
    """What a user sends to a server that has asked for Basic."""

    __slots__ = ("_value",)

    def __init__(self, user: str, password: str) -> None:
        self._value = basic(user, password)

    def authorization(self, method: str, target: str) -> str:
        """The value of the Authorization header, the same for all requests."""
        return self._value


def answer_challenge(login: tuple[str, str], headers: Sequence[str], may_be_basic: bool) -> "DigestState | BasicState":
    """How to log in where a server's WWW-Authenticate headers ask for it: by a digest, else by Basic where it may be that.

    Raises ChallengeError where neither is asked for.
    """
    digest = DigestState(*login)
    try:
        digest.challenge(*headers)
    except ChallengeError:
        if may_be_basic and any(each.scheme == "basic" for header in headers for each in parse_challenges(header)):
            return BasicState(*login)
        raise
    return digest


class DigestState:
    """What a user knows of a protection space that asks for Digest. `cnonce` makes the client's random text for a challenge.

    A challenge for a request that had an `authorization` already should be answered once more, since the nonce may have
    become stale; another one then says that user or password are wrong.
    """

    __slots__ = ("_answer", "_cnonce", "_count", "_password", "_user")

    def __init__(self, user: str, password: str, cnonce: Callable[[], str] = lambda: token_hex(8)) -> None:
        self._user = user
        self._password = password
        self._cnonce = cnonce
        self._answer: _Answer | None = None
        self._count = 0

    def challenge(self, *headers: str) -> None:
        """Takes a server's WWW-Authenticate (or Proxy-Authenticate) headers: the first digest in them that can be computed.

        Raises ChallengeError where there is none; then the state stays as it was.
        """
        reasons = []
        for header in headers:
            for challenge in parse_challenges(header):
                reason = _refuse(challenge)
                if reason is None:
                    self._answer = _accept(challenge.parameters, self._user, self._password, self._cnonce())
                    self._count = 0
                    return
                reasons.append(reason)
        raise ChallengeError("; ".join(dict.fromkeys(reasons))[:500] or "the server does not say how to log in")

    def next_nonce(self, info: str) -> None:
        """Takes an Authentication-Info header of an answer, which may name the nonce for the next request."""
        nonce = parse_challenges(f"Digest {info}")[0].parameters.get("nextnonce")
        if nonce and self._answer is not None and not _UNSAFE.search(nonce):
            self._answer = replace(self._answer, nonce=nonce)
            self._count = 0

    def authorization(self, method: str, target: str) -> str:
        """The value of the Authorization header for a request; `target` is the URI as it stands in its first line.

        Raises ChallengeError before the first challenge.
        """
        answer = self._answer
        if answer is None:
            raise ChallengeError("the server has not said yet how to log in")
        digest, nonce = answer.digest, answer.nonce
        request = digest(f"{method}:{target}".encode())
        fields = f'{answer.fields}, uri="{_escape(target)}", nonce="{_escape(nonce)}"'
        if answer.legacy:
            return f'{fields}, response="{digest(f"{answer.proof}:{nonce}:{request}".encode("latin-1"))}"'
        self._count += 1
        count = f"{self._count:08x}"
        response = digest(f"{answer.proof}:{nonce}:{count}:{answer.cnonce}:auth:{request}".encode("latin-1"))
        return f'{fields}, qop=auth, nc={count}, cnonce="{answer.cnonce}", response="{response}"'


@dataclass(frozen=True, slots=True)
class _Answer:
    """What all answers to a challenge have in common. `proof` is H(A1); `legacy`: the server knows no qop (RFC 2069)."""

    digest: _Hash
    proof: str
    fields: str
    nonce: str
    cnonce: str
    legacy: bool


def _refuse(challenge: Challenge) -> str | None:
    """Why a challenge cannot be answered."""
    parameters = challenge.parameters
    if challenge.scheme != "digest":
        return f"the server asks for '{challenge.scheme}', not for digest"
    if "realm" not in parameters or not parameters.get("nonce"):
        return "the server's digest challenge has no realm or no nonce"
    if any(_UNSAFE.search(parameters.get(name, "")) for name in ("realm", "nonce", "opaque")):
        return "the server's digest challenge has a control character in it"
    algorithm = parameters.get("algorithm", "MD5")
    if algorithm.upper() not in _ALGORITHMS:
        return f"the server asks for a digest by '{algorithm}'; known are MD5 and SHA-256, with and without -sess"
    qop = parameters.get("qop")
    if qop is not None and "auth" not in _options(qop):
        return f"the server asks for a digest with the qop '{qop}'; only 'auth' is known"
    return None


def _accept(parameters: dict[str, str], user: str, password: str, cnonce: str) -> _Answer:
    algorithm = parameters.get("algorithm", "")
    digest, session = _ALGORITHMS[algorithm.upper() or "MD5"]
    realm, nonce = parameters["realm"], parameters["nonce"]
    utf8 = parameters.get("charset", "").upper() == "UTF-8"
    named = b"%b:%b" % (_bytes(user, utf8), realm.encode("latin-1"))
    proof = digest(b"%b:%b" % (named, _bytes(password, utf8)))
    legacy = "qop" not in parameters
    if session:
        proof = digest(f"{proof}:{nonce}:{cnonce}".encode("latin-1"))
    if parameters.get("userhash", "").lower() == "true":
        fields = f'Digest username="{digest(named)}", userhash=true'
    elif _PLAIN_USER.fullmatch(user):
        fields = f'Digest username="{_escape(user)}"'
    else:
        fields = f"Digest username*=UTF-8''{quote(user, safe='', errors='surrogatepass')}"
    fields += f', realm="{_escape(realm)}"'
    if algorithm:
        fields += f", algorithm={algorithm}"
    if "opaque" in parameters:
        fields += f', opaque="{_escape(parameters["opaque"])}"'
    if session and legacy:
        fields += f', cnonce="{cnonce}"'
    return _Answer(digest, proof, fields, nonce, cnonce, legacy)


def _options(qop: str) -> list[str]:
    return [option.strip(" \t").lower() for option in qop.split(",")]


def _bytes(text: str, utf8: bool) -> bytes:
    """Without a word about it, browsers take latin-1 where it does."""
    if not utf8:
        try:
            return text.encode("latin-1")
        except UnicodeEncodeError:
            pass
    return text.encode("utf-8", "surrogatepass")


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
