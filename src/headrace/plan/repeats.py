"""How large a regular expression is when its repeats are written out.

The library `regex` writes out what must repeat: of `(a{9999}){9999}` it makes a hundred million nodes before any search, and
no time-out ends that.
"""

import re

MOST_WRITTEN_OUT = 100_000  # characters; these take 0.3 s and 25 MB

_KEPT = r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]"  # an escape or a class: nothing in them is anything else
_VERBOSE = re.compile(r"\(\?[A-Za-z0-9]*x")
_BLANK = re.compile(rf"({_KEPT})|\s+|#[^\n]*", re.DOTALL)  # where an expression is verbose
_COMMENT = re.compile(rf"({_KEPT})|\(\?#[^)]*\)", re.DOTALL)
_PART = re.compile(rf"\{{(?P<least>[0-9]+)(?:,[0-9]*)?\}}|(?P<mark>[*+?])|{_KEPT}|.", re.DOTALL)


def written_out(text: str) -> int:
    """The characters of an expression, those that must repeat as often as they must; comments aside."""
    if "{" not in text:
        return len(text)
    text = _COMMENT.sub(r"\1", text)
    size = _size(text)
    # What only looks like the option does no harm where the larger size counts.
    return max(size, _size(_BLANK.sub(r"\1", text))) if _VERBOSE.search(text) else size


def _size(text: str) -> int:
    sizes = [0]  # of what is open: the whole, and groups in it
    last = 0  # of what a repeat would be of
    for part in _PART.finditer(text):
        if part["least"]:
            more = last * (max(1, int(part["least"][:10])) - 1)
            sizes[-1] += more
            last += more
        elif part[0] == "(":
            sizes.append(1)
            last = 0
        elif part[0] == ")" and len(sizes) > 1:
            last = sizes.pop()
            sizes[-1] += last
        elif not part["mark"]:
            last = 1
            sizes[-1] += len(part[0])
    return sum(sizes)


def refuse_large(text: str) -> None:
    """Raises ValueError where an expression is too large to be used."""
    size = written_out(text)
    if size > MOST_WRITTEN_OUT:
        raise ValueError(f"with its repeats written out it has {size} characters; at most {MOST_WRITTEN_OUT} are possible")
