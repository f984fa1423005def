"""Data sources: rows of values that iterations take, one row each time."""

from enum import StrEnum

from headrace.plan.value import Value


class Access(StrEnum):
    """In which order rows are taken; `plan/cursors.py` has the rule for several engines."""

    SEQUENTIAL = "sequential"  # one after the other, then again from the first
    RANDOM = "random"
    UNIQUE = "unique"  # each row once in the whole test; what follows is the step's to say
    FIXED = "fixed"  # always the first row


class DataSource(Value, frozen=True):
    """Rows, each a text for each of `columns`, which are the names of the variables that a row sets.

    A plan on disk may name a `file` beside it (CSV with a head line, or a JSON array of objects) instead of rows; it is read
    into `rows` before the plan is sent anywhere. `per_user`: every user has a cursor of its own.
    """

    name: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    access: Access = Access.SEQUENTIAL
    per_user: bool = False
    file: str = ""
    delimiter: str = ","
