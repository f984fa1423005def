"""Network mixes: the lines that users sit behind (reference: visual-studio-formats, 5.7).

A network is an XML document of its own in an attribute, made for a driver of Windows. Bandwidth and latency are emulated
here; what it says of lost, broken and disordered packets is not.
"""

from headrace.plan.model import Network, NetworkShare
from headrace.plan.readers.visual_studio.names import unique_name
from headrace.plan.readers.visual_studio.reading import Reading
from headrace.plan.readers.visual_studio.xml_tree import Element, XmlError, parse_xml

_FAST = 100_000.0  # kilobits a second: so fast a line is not emulated
_SPEEDS = {"bps": 0.001, "kbps": 1.0, "mbps": 1000.0, "gbps": 1_000_000.0}
_LONGEST_LATENCY = 60_000.0  # milliseconds
# What a random latency is like on average: the attributes' names.
_AVERAGES = {"Uniform": ("Min", "Max"), "Normal": ("Average",), "Linear": ("Min", "Max"), "Burst": ("Min", "Max")}


def read_network_mix(reading: Reading, scenario: Element) -> tuple[NetworkShare, ...]:
    """The networks of a scenario; none where all of them are too fast to be felt."""
    shares: list[NetworkShare] = []
    for profile in scenario.all("NetworkMix", "NetworkProfile"):
        reading.expect(profile, ("Percentage",), ("Network",))
        weight = reading.number(profile, "Percentage", 0.0, 0)
        element = profile.first("Network")
        if element is not None and weight > 0:
            name = unique_name(reading.text(element, "Name"), [share.network.name for share in shares], "Network")
            shares.append(NetworkShare(_read_network(reading, element, name), weight))
    felt = any(share.network != Network(share.network.name) for share in shares)
    return tuple(shares) if felt else ()


def _read_network(reading: Reading, element: Element, name: str) -> Network:
    reading.expect(element, ("Name", "BandwidthInKbps", "NetworkProfileConfigurationXml"), ())
    bandwidth = _line(reading.number(element, "BandwidthInKbps", 0.0, 0))
    configuration = reading.text(element, "NetworkProfileConfigurationXml").strip()
    if not configuration:
        return Network(name, bandwidth, bandwidth)
    try:
        root = parse_xml(configuration.encode())
    except XmlError as error:
        reading.error(element, f"NetworkProfileConfigurationXml, line {error.line}: {error}; choose the network anew")
        return Network(name)
    speeds: dict[str, float | None] = {}
    latencies: dict[str, float] = {}
    for rule in root.all("VirtualChannel", "VirtualLink", "LinkRule"):
        direction = reading.text(rule, "dir").strip().lower()
        speeds[direction] = _read_speed(reading, element, rule)
        latencies[direction] = _read_latency(reading, element, rule)
    _warn_of_others(reading, element, root)
    return Network(
        name,
        speeds.get("downstream", bandwidth),
        speeds.get("upstream", bandwidth),
        latencies.get("downstream", 0.0),
        latencies.get("upstream", 0.0),
    )


def _line(bandwidth: float) -> float | None:
    """The bandwidth to emulate; 0 is written for an unlimited one."""
    return bandwidth if 0 < bandwidth < _FAST else None


def _read_speed(reading: Reading, network: Element, rule: Element) -> float | None:
    speed = rule.first("Bandwidth", "Speed")
    if speed is None:
        return None
    unit = reading.text(speed, "unit", "kbps").strip().lower()
    factor = _SPEEDS.get(unit)
    if factor is None:
        reading.error(network, f"its bandwidth is in {unit!r}; give kbps or mbps")
        return None
    return _line(_read_text(reading, network, speed, 1e9 / factor) * factor)


def _read_latency(reading: Reading, network: Element, rule: Element) -> float:
    """Seconds. A random latency is emulated by its average."""
    latency = rule.first("Latency")
    if latency is None or not latency.children:
        return 0.0
    kind = latency.children[0]
    names = ("Time",) if kind.name == "Fixed" else _AVERAGES.get(kind.name, ())
    times = [_read_text(reading, network, time, _LONGEST_LATENCY) for name in names for time in kind.all(name)]
    average = sum(times) / len(times) / 1000 if times else 0.0
    if kind.name != "Fixed":
        reading.warn(network, f"its latency is random ({kind.name}); each packet is {average:g} s late instead")
    return average


def _read_text(reading: Reading, network: Element, element: Element, most: float) -> float:
    """The number inside an element of the configuration."""
    inside = Element(network.name, network.line, {**network.attributes, element.name: element.text.strip()})
    return reading.number(inside, element.name, 0.0, 0, most)


def _warn_of_others(reading: Reading, network: Element, root: Element) -> None:
    others = {
        child.name
        for rule in root.all("VirtualChannel", "VirtualLink", "LinkRule")
        for child in rule.children
        if child.name not in ("Bandwidth", "Latency")
    }
    others |= {
        child.name
        for bandwidth in root.all("VirtualChannel", "VirtualLink", "LinkRule", "Bandwidth")
        for child in bandwidth.children
        if child.name != "Speed"
    }
    if others:
        reading.warn(network, f"{', '.join(sorted(others))} of its emulation have no effect: bandwidth and latency have")
