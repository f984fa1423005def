"""How a rule that failed is told."""

_MOST_FOREIGN = 300  # characters of a text that is not ours in a message


class RuleError(Exception):
    """A rule failed: kind and sub-kind in the error tree, and a message (reference: visual-studio-formats, 8)."""

    def __init__(self, kind: str, subkind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.subkind = subkind
        self.message = message


class UnreadableError(ValueError):
    """A response is not of the format that a rule reads."""


def quote(text: str) -> str:
    """A foreign text in a message: in quotes, cut to 300 characters."""
    return f"'{text}'" if len(text) <= _MOST_FOREIGN else f"'{text[:_MOST_FOREIGN]}...'"
