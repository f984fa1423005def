"""visual_studio/network_mixes.py: the lines of a scenario's users, from XML within XML."""

from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.diagnostics import Severity
from headrace.plan.model import Network, NetworkShare
from headrace.plan.readers.visual_studio.network_mixes import read_network_mix
from headrace.plan.readers.visual_studio.reading import Reading
from tests.plan.readers.visual_studio.load_test_files import messages, new_reading, tree


def rule(direction: str, speed: float, inside: str = "") -> str:
    bandwidth = f'<Bandwidth><Speed unit="kbps">{speed}</Speed></Bandwidth>'
    return f'<LinkRule dir="{direction}">{bandwidth}{inside}</LinkRule>'


def emulation(rules: str) -> str:
    link = f'<VirtualLink instances="1" name="defaultLink">{rules}</VirtualLink>'
    return f'<Emulation><VirtualChannel name="defaultChannel"><FilterList/>{link}</VirtualChannel></Emulation>'


def network(name: str, percentage: float, bandwidth: float, configuration: str = "") -> str:
    attributes = f'BandwidthInKbps="{bandwidth}" NetworkProfileConfigurationXml="{escape(configuration)}"'
    return f'<NetworkProfile Percentage="{percentage}"><Network Name="{name}" {attributes} /></NetworkProfile>'


def read(*networks: str) -> tuple[tuple[NetworkShare, ...], Reading]:
    reading = new_reading()
    mix = f"<NetworkMix>{''.join(networks)}</NetworkMix>" if networks else ""
    return read_network_mix(reading, tree(f"<Scenario>{mix}</Scenario>")), reading


LAN = network("LAN", 100, 1_000_000, emulation(rule("upstream", 1_000_000) + rule("downstream", 1_000_000)))
FIXED = '<Latency><Fixed><Time unit="msec">{}</Time></Fixed></Latency>'


def test_the_usual_network_is_none() -> None:
    for networks in ((LAN,), (network("LAN", 100, 0),), ()):
        assert read(*networks)[0] == ()
        assert read(*networks)[1].findings == []


def test_bandwidth_and_fixed_latency_are_emulated_each_way() -> None:
    dsl = emulation(rule("upstream", 384, FIXED.format(50)) + rule("downstream", 1500, FIXED.format(40)))
    shares, reading = read(LAN, network("DSL", 25, 1500, dsl))
    assert shares == (
        NetworkShare(Network("LAN"), 100.0),
        NetworkShare(Network("DSL", down=1500.0, up=384.0, latency_down=0.04, latency_up=0.05), 25.0),
    )
    assert reading.findings == []


def test_a_network_without_an_emulation_has_its_bandwidth_both_ways() -> None:
    assert read(network("Old", 100, 56))[0] == (NetworkShare(Network("Old", down=56.0, up=56.0), 100.0),)


@pytest.mark.parametrize(
    ("latency", "seconds"),
    [
        ('<Uniform><Min unit="msec">20</Min><Max unit="msec">60</Max></Uniform>', 0.04),
        ("<Normal><Average>30</Average><Deviation>10</Deviation></Normal>", 0.03),
        ("<Unknown />", 0.0),
    ],
)
def test_a_random_latency_is_emulated_by_its_average(latency: str, seconds: float) -> None:
    shares, reading = read(network("3G", 100, 384, emulation(rule("downstream", 384, f"<Latency>{latency}</Latency>"))))
    assert shares[0].network.latency_down == pytest.approx(seconds)
    (told,) = messages(reading.findings, Severity.WARNING)
    assert "<Network Name='3G'>: its latency is random" in told


def test_what_is_not_emulated_is_told_once() -> None:
    worse = "<Loss><Random><Rate>0.1</Rate></Random></Loss><Reorder /><Disconnection />"
    queue = '<LinkRule dir="upstream"><Bandwidth><Speed unit="mbps">1</Speed><QueueManagement /></Bandwidth></LinkRule>'
    shares, reading = read(network("3G", 100, 384, emulation(rule("downstream", 384, worse) + queue)))
    assert shares[0].network == Network("3G", down=384.0, up=1000.0)
    (told,) = messages(reading.findings, Severity.WARNING)
    assert told.endswith(
        "<Network Name='3G'>: Disconnection, Loss, QueueManagement, Reorder of its emulation have no effect: "
        "bandwidth and latency have."
    )


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ("<Emulation>", "NetworkProfileConfigurationXml, line 1: it is no XML"),
        ("<!DOCTYPE a><Emulation/>", "it has a DTD"),
        (emulation(rule("upstream", -1)), "Speed is -1; give 0 to"),
        (emulation('<LinkRule dir="upstream"><Bandwidth><Speed>fast</Speed></Bandwidth></LinkRule>'), "Speed is 'fast'"),
        (emulation('<LinkRule><Bandwidth><Speed unit="baud">1</Speed></Bandwidth></LinkRule>'), "is in 'baud'; give kbps"),
        (emulation(rule("upstream", 1, FIXED.format(1e9))), "Time is 1000000000; give 0 to 60000"),
    ],
)
def test_what_makes_no_sense_is_an_error(configuration: str, said: str) -> None:
    _, reading = read(network("Odd", 100, 384, configuration))
    (told,) = messages(reading.findings, Severity.ERROR)
    assert said in told


@given(st.text(alphabet="<>/ab &;\"'=!", max_size=40))
def test_any_text_is_read_or_refused(configuration: str) -> None:
    shares, reading = read(network("Odd", 100, 384, configuration))
    assert len(shares) <= 1
    assert len(reading.findings) <= 2
