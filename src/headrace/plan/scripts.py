"""Scripts that an agent runs before the load and after it."""

from headrace.plan.value import Value


class AttachedFile(Value, frozen=True):
    """A file that scripts find beside them. `name` is a relative path with slashes; `content` is base64 in plan.yaml."""

    name: str
    content: bytes


class Script(Value, frozen=True):
    """A command that is run in a folder with the plan's attached files, `timeout` seconds at most.

    `command` is the name of one of the attached files and its arguments, as on a shell's command line.
    """

    command: str
    timeout: float = 300.0
