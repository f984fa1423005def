"""Instants as the wire spells them: UTC, seven fractional digits and a Z, as .NET writes them."""

from datetime import UTC, datetime


def write_date(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "0Z"


def read_date(text: str) -> datetime:
    """Reads .NET's round-trip form, a date alone and the compact form `20140623T061334Z`; UTC where no zone is given.

    Raises ValueError with an example of each.
    """
    try:
        at = datetime.fromisoformat(text.strip())
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is no date; write it like 2024-01-01T00:00:00.0000000Z, 2024-01-01 or 20240101T000000Z") from None
