"""Names of files in a drop: what they may be, and when two of them are the same.

Our own service never makes a path of such a name; but the files of a drop end up in folders of agents, in any file system,
and tests that were made on Windows spell names in any case. So a name is one that every system can have, and leads nowhere.
"""

import re
from hashlib import sha256
from unicodedata import category, normalize

LONGEST = 1024  # characters, as Azure has it
LONGEST_PART = 255  # bytes of UTF-8, as file systems have it
MOST_PARTS = 64
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³")}
)
_JOINER = "\u200d"  # invisible, but part of emoji
_INVISIBLE = ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")
_SLASHES = re.compile(r"[\\/]+")


def read_name(text: str) -> str:
    """The name that a client means: parts with slashes between them. Raises ValueError, which says what is wrong with it.

    Back slashes are slashes, and doubled ones and one at the beginning count for nothing, as old clients send them.
    """
    name = _SLASHES.sub("/", text).strip("/")
    if not name:
        raise ValueError("it is empty")
    if len(name) > LONGEST:
        raise ValueError(f"it has {len(name)} characters; at most {LONGEST} are taken")
    parts = name.split("/")
    if len(parts) > MOST_PARTS:
        raise ValueError(f"it leads {len(parts)} folders deep; at most {MOST_PARTS} are taken")
    for part in parts:
        _check_part(part)
        # what it would be for a system that takes full-width letters for plain ones
        plain = normalize("NFKC", part)
        if _SLASHES.search(plain):
            raise ValueError("it has a character that may be taken for a slash")
        _check_part(plain)
    return name


def key_of(name: str) -> str:
    """The same for all names that some system takes for the same: in any case, with accents and letters of any making."""
    folded = normalize("NFKC", normalize("NFKC", name).casefold())
    return sha256(folded.encode()).hexdigest()


def _check_part(part: str) -> None:
    if not part or part.strip(". ") == "" or part[-1] in ". ":
        raise ValueError("a part of it is empty or '..', or ends with a point or a blank")
    if len(part.encode("utf-8", "replace")) > LONGEST_PART:
        raise ValueError(f"a part of it has more than {LONGEST_PART} bytes")
    if any(category(char) in _INVISIBLE and char != _JOINER for char in part):
        raise ValueError("it has a control character or an invisible one")
    if "\ufffd" in part:
        raise ValueError("it is not UTF-8")
    if ":" in part:
        raise ValueError("it has a colon, which on Windows stands after a drive")
    if part.partition(".")[0].rstrip(" ").casefold() in _DEVICES:
        raise ValueError(f"'{part}' is the name of a device on Windows")
