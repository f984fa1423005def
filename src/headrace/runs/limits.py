"""What the details of a run may be, from the operator's limits and the service's own."""

from headrace.runs.errors import Invalid
from headrace.runs.model import RunDetails
from headrace.runs.text import check_text
from headrace.settings import Settings

LONGEST_SAMPLING_INTERVAL = 3600
MOST_MACHINES = 100_000  # agents and cores; only a number to stop at, the rig knows what there is
LONGEST_TEXT = 1024

# The places of the Cloud Load Test service (reference: clt-service, section 6.1). Here they are only labels, so that tests
# that name them still run.
LOCATIONS = (
    "Default",
    "Australia East",
    "Australia Southeast",
    "Brazil South",
    "Central India",
    "Central US",
    "East Asia",
    "East US",
    "East US 2",
    "Japan East",
    "Japan West",
    "North Central US",
    "North Europe",
    "South Central US",
    "South India",
    "Southeast Asia",
    "West Europe",
    "West US",
)
_KNOWN = frozenset(label.lower() for label in LOCATIONS)


def check_details(details: RunDetails, settings: Settings) -> None:
    """Raises Invalid, whose `field` is `details.` and the name of the first detail that is not acceptable."""
    ranges = (
        ("users", details.users, 1, settings.max_users),
        ("duration", details.duration, 1, settings.max_duration),
        ("warm_up", details.warm_up, 0, settings.max_duration),
        ("sampling_interval", details.sampling_interval, 1, LONGEST_SAMPLING_INTERVAL),
        ("agents", details.agents, 0, MOST_MACHINES),
        ("cores", details.cores, 0, MOST_MACHINES),
        ("cores_per_agent", details.cores_per_agent, 0, MOST_MACHINES),
    )
    for name, value, least, most in ranges:
        if value is not None and not least <= value <= most:
            raise Invalid(f"details.{name}", f"is {_number(value)}; give {least} to {most}")
    texts = (
        ("machines", details.machines),
        ("setup_command", details.setup_command),
        ("cleanup_command", details.cleanup_command),
        ("platform", details.platform),
        ("superseding_machines", details.superseding_machines),
        ("agent_group", details.agent_group),
    )
    for name, text in texts:
        check_text(f"details.{name}", text or "", LONGEST_TEXT)
    _check_locations(details.locations)


def _check_locations(locations: tuple[tuple[str, int], ...]) -> None:
    for label, share in locations:
        if label.lower() not in _KNOWN:
            raise Invalid("details.locations", f"names {label[:100]!r}; known are {', '.join(LOCATIONS)}")
        if not 0 <= share <= 100:
            raise Invalid("details.locations", f"gives {label!r} {_number(share)} percent; give 0 to 100")
    total = sum(share for _, share in locations)
    if total != 100:
        raise Invalid("details.locations", f"add up to {total} percent; let them add up to 100")


def _number(value: int) -> str:
    """A number for a message; Python refuses to write one of thousands of digits, and nobody would read it."""
    return str(value) if abs(value) < 10**20 else f"a number of {value.bit_length()} bits"
