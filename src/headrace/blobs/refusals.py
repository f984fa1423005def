"""Why a file of a drop is not taken, changed or given."""

from enum import StrEnum


class Reason(StrEnum):
    NO_DROP = "no drop"
    NO_BLOB = "no blob"
    TAKEN = "taken"
    FULL = "full"
    BLOCKS = "blocks"


class BlobRefused(Exception):  # noqa: N818 - a refusal is no error
    """What was asked for is not done; the message says why, for the user."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def full(message: str, setting: str) -> BlobRefused:
    """There is no room; `setting` is the one that bounds it."""
    return BlobRefused(Reason.FULL, f"{message} (the service's setting {setting}).")
