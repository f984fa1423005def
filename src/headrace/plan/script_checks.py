"""What the types of a Plan do not say of scripts and the files beside them: nothing leads out of their folder."""

from collections.abc import Iterator
from itertools import accumulate

from headrace.plan.limits import judge_number
from headrace.plan.model import Plan
from headrace.plan.scripts import AttachedFile, Script, interpreters, split_command
from headrace.plan.step_checks import shown

MOST_FILES = 100
LARGEST_FILES = 16 * 1024 * 1024  # bytes, all together
LONGEST_PATH = 1000
LONGEST_PART = 255  # bytes of a file's or folder's name, as file systems have it
LONGEST_COMMAND = 1000
LONGEST_SCRIPT = 3600.0


def judge_sizes(plan: Plan) -> Iterator[str]:
    if len(plan.files) > MOST_FILES:
        yield f"files has {len(plan.files)} entries; at most {MOST_FILES} are taken"
    size = sum(len(file.content) for file in plan.files)
    if size > LARGEST_FILES:
        yield f"files have {size} bytes together; at most {LARGEST_FILES} are taken"


def judge_scripts(plan: Plan) -> Iterator[str]:
    yield from _judge_files(plan.files)
    for what, script in (("setup", plan.setup), ("cleanup", plan.cleanup)):
        if script is not None:
            yield from _judge_script(what, script, plan.files)


def doubt_scripts(plan: Plan) -> Iterator[str]:
    if plan.files and plan.setup is None and plan.cleanup is None:
        yield "files are given, but there is neither setup nor cleanup that could use them"
    for script in (plan.setup, plan.cleanup):
        file = None if script is None else named_file(script, plan.files)
        if file is not None and b"\r\n" in file.content and not file.name.lower().endswith((".py", ".ps1")):
            yield f"file '{file.name}' has Windows line ends, at which shells stumble; save it with LF alone"


def named_file(script: Script, files: tuple[AttachedFile, ...]) -> AttachedFile | None:
    """The file that a command names; None where there is none of that name, or no command."""
    try:
        name, *_ = split_command(script.command)
    except ValueError:
        return None
    return next((file for file in files if file.name == name), None)


def _judge_script(what: str, script: Script, files: tuple[AttachedFile, ...]) -> Iterator[str]:
    yield from judge_number(f"{what}.timeout", script.timeout, 0.1, LONGEST_SCRIPT, "seconds")
    given = f"{what}.command is {shown(script.command)}"
    if len(script.command) > LONGEST_COMMAND or not script.command.isprintable():
        yield f"{given}; give at most {LONGEST_COMMAND} printable characters"
        return
    try:
        words = split_command(script.command)
    except ValueError as error:
        yield f"{given}, which cannot be split into words: {str(error).lower()}; close what is open, or quote it"
        return
    if not words:
        yield f"{given}; give the name of one of the files, and its arguments"
        return
    file = named_file(script, files)
    if file is None:
        names = ", ".join(shown(each.name) for each in files[:20]) or "none"
        yield f"{given}, and there is no file {shown(words[0])}; there is {names}"
        return
    try:
        interpreters(file.name, file.content)
    except ValueError as error:
        yield f"{given}: {error}"


def _judge_files(files: tuple[AttachedFile, ...]) -> Iterator[str]:
    taken: dict[str, str] = {}
    for file in files:
        if file.file:
            yield f"file {shown(file.name)}: '{file.file}' has not been read into its content"
        wrong = _refuse_name(file.name)
        if wrong:
            yield f"file {shown(file.name)}: the name {wrong}"
            continue
        *folders, path = accumulate(file.name.casefold().split("/"), lambda folder, part: f"{folder}/{part}")
        for folder in folders:
            if taken.setdefault(folder, "folder") == "file":
                yield f"file {shown(file.name)}: a folder of it has the name of another file; rename one of the two"
        if path in taken:
            yield f"file {shown(file.name)}: another file or folder has this name, capitals aside; rename one of the two"
        taken[path] = "file"


def _refuse_name(name: str) -> str:
    """Why a file must not be called so, "" where it may."""
    if len(name) > LONGEST_PATH or not name.isprintable():
        return f"is too long, or has control characters; give at most {LONGEST_PATH} printable ones"
    if "\\" in name or ":" in name:
        return "has a back slash or a colon, as on Windows; write a relative path with slashes"
    parts = name.split("/")
    if "" in parts:
        return "is empty or absolute, or has an empty part; write a relative path such as tools/prepare.sh"
    if "." in parts or ".." in parts:
        return "has a part '.' or '..'; write it without, below the folder of the scripts"
    if any(len(part.encode()) > LONGEST_PART for part in parts):
        return f"has a part of more than {LONGEST_PART} bytes; shorten it"
    return ""
