"""Scripts that an agent runs before the load and after it."""

import shlex

from headrace.plan.value import Value

# The programs that run a file of this ending; the first that an agent has is taken.
_INTERPRETERS: dict[str, tuple[tuple[str, ...], ...]] = {
    ".sh": (("sh",),),
    ".py": (("python3",), ("python",)),
    ".ps1": (("pwsh", "-NoLogo", "-NoProfile", "-NonInteractive", "-File"),),
}
# Endings whose interpreter stands for all: a first line `#!...` says nothing that their ending does not.
_FIXED = frozenset({".py", ".ps1"})
_OF_WINDOWS = frozenset({".bat", ".cmd", ".exe", ".com", ".msi", ".vbs"})
_FIRST_LINE = 256  # characters that are looked at


class AttachedFile(Value, frozen=True):
    """A file that scripts find beside them. `name` is a relative path with slashes; `content` is base64 in plan.yaml.

    A plan on disk may name a `file` beside it instead; it is read into `content` before the plan is sent anywhere.
    """

    name: str
    content: bytes = b""
    file: str = ""


class Script(Value, frozen=True):
    """A command that is run in a folder with the plan's attached files, `timeout` seconds at most.

    `command` is the name of one of the attached files and its arguments, as on a shell's command line.
    """

    command: str
    timeout: float = 300.0


def split_command(command: str) -> tuple[str, ...]:
    """The words of a command: blanks part them, quotes and back slashes keep them together. Nothing else means anything.

    Raises ValueError with the reason where a quote is left open.
    """
    return tuple(shlex.split(command))


def interpreters(name: str, content: bytes) -> tuple[tuple[str, ...], ...]:
    """What can run a file: programs with their arguments, the best first. Raises ValueError where nothing on Linux can.

    The first line of a shell script may name another interpreter, and that of a file without a known ending must.
    """
    dot = name.rpartition("/")[2].rfind(".")
    ending = name.rpartition("/")[2][dot:].lower() if dot >= 0 else ""
    if ending in _OF_WINDOWS:
        raise ValueError(
            f"'{ending}' is of Windows, and agents run Linux; "
            "write it as a script for sh (.sh), Python (.py) or PowerShell (.ps1)"
        )
    if ending not in _FIXED and content.startswith(b"#!"):
        line = content[2:].split(b"\n", 1)[0][:_FIRST_LINE].decode(errors="replace")
        program, _, argument = line.strip().partition(" ")
        if program.startswith("/"):
            return ((program, argument.strip()) if argument.strip() else (program,),)
        raise ValueError(f"its first line is '#!{line.strip()}'; write the interpreter's absolute path, such as #!/bin/sh")
    known = _INTERPRETERS.get(ending)
    if known is None:
        raise ValueError(
            "it has none of the endings .sh, .py and .ps1, and its first line names no interpreter; begin it with #!/bin/sh"
        )
    return known
