"""Which hosts and addresses a test may be aimed at.

Checked for every origin a request goes to, redirects included, by name before and by address after name resolution, so a
name that resolves to a denied address is denied too. `deny` wins over `allow`; an empty `allow` permits all that is not
denied. An entry is a network (`10.0.0.0/8`), an address, a host name, or `*.example.com` for all names below one.
"""

from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

# Where clouds hand credentials to whoever asks from inside: AWS, Azure, GCP, OpenStack and DigitalOcean use the link-local
# address, Alibaba and Oracle their own, Azure also its wire server. A load test has no business there.
METADATA = (
    "169.254.0.0/16",
    "fe80::/10",
    "fd00:ec2::/32",
    "fd20:ce::254",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "metadata.google.internal",
)


@dataclass(frozen=True, slots=True)
class TargetRule:
    """Raises ValueError, naming the entry, where one is neither a network nor a host name."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = METADATA

    def __post_init__(self) -> None:
        for entry in (*self.allow, *self.deny):
            _check_entry(entry)

    def refuse_host(self, host: str) -> str | None:
        """Why no request may go to this host, by its name alone; None where the name does not decide it."""
        name = host.rstrip(".").lower()
        for entry in self.deny:
            if _names(entry, name):
                return f"the host '{host}' is denied by the target rule '{entry}'"
        return None

    def refuse_unresolved(self, host: str) -> str | None:
        """Why no request may go to `host` where somebody else, a proxy, resolves its name; None where it may."""
        refused = self.refuse_host(host)
        if refused is not None:
            return refused
        try:
            ip_address(host)
        except ValueError:
            name = host.rstrip(".").lower()
            if self.allow and not any(_names(entry, name) for entry in self.allow):
                return f"the host '{host}' is not among the allowed targets by its name, which is all that a proxy leaves"
            return None
        return self.refuse_address(host, host)

    def refuse_url(self, url: str) -> str | None:
        """Why no request may go to a checked URL, as far as can be said before its name is resolved; None where it may."""
        host = urlsplit(url).hostname or ""
        try:
            ip_address(host)
        except ValueError:
            return self.refuse_host(host)
        return self.refuse_host(host) or self.refuse_address(host, host)

    def refuse_address(self, host: str, address: str) -> str | None:
        """Why no connection may be made to `address`, to which `host` resolved; None where it may."""
        name = host.rstrip(".").lower()
        for entry in self.deny:
            if _contains(entry, address):
                return f"the host '{host}' is at {address}, which is denied by the target rule '{entry}'"
        if self.allow and not any(_names(entry, name) or _contains(entry, address) for entry in self.allow):
            return f"the host '{host}' at {address} is not among the allowed targets"
        return None


ANYWHERE = TargetRule(deny=())
"""For readers, who judge whether an address is one; whether a test may be aimed at it is judged of the whole plan."""


@cache
def _network(entry: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(entry, strict=False)
    except ValueError:
        return None


def _check_entry(entry: str) -> None:
    if _network(entry) is None and (
        "/" in entry or not entry.removeprefix("*.").replace("-", "").replace(".", "").isalnum()
    ):
        raise ValueError(
            f"target rule '{entry}' is neither a network such as 10.0.0.0/8 nor a host name such as *.example.com"
        )


def _names(entry: str, name: str) -> bool:
    entry = entry.lower()
    return name.endswith(entry[1:]) if entry.startswith("*.") else name == entry


def _contains(entry: str, address: str) -> bool:
    network = _network(entry)
    if network is None:
        return False
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        # ::ffff:a.b.c.d, NAT64 and 6to4 all lead to an IPv4 address: judge that one as well
        for inner in (ip.ipv4_mapped, ip.sixtofour, _nat64(ip)):
            if inner is not None and inner in network:
                return True
    return ip in network


# NAT64, its local use, and addresses that only wrap an IPv4 one (RFC 6052, 8215, 4291)
_WRAPPING = tuple(IPv6Network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96"))


def _nat64(ip: IPv6Address) -> IPv4Address | None:
    return IPv4Address(int(ip) & 0xFFFFFFFF) if any(ip in network for network in _WRAPPING) else None
