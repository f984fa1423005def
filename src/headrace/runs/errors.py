"""Why an operation was refused. The API turns these into statuses; everything else is a fault of the service."""


class Refused(Exception):  # noqa: N818 - a refusal is no error
    """What the client asked for is not done; the message says why and what to do instead."""


class NotFound(Refused):
    """What the client names does not exist, or not in this organization."""


class Forbidden(Refused):
    """It exists, but not for whoever asks to do this with."""


class Conflict(Refused):
    """It exists, but its present state does not allow this."""


class Invalid(Refused):
    """A value the client gave is not acceptable.

    `field` is the dotted path of the value in our spelling, such as `details.users`; `message` goes without it.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message
