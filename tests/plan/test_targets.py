"""plan/targets.py: which hosts and addresses a test may be aimed at."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.plan.targets import METADATA, TargetRule


@pytest.mark.parametrize("address", ["192.0.2.7", "10.1.2.3", "127.0.0.1", "2001:db8::1", "::1"])
def test_by_default_any_other_address_may_be_tested(address: str) -> None:
    rule = TargetRule()
    assert rule.refuse_host("shop.example.com") is None
    assert rule.refuse_address("shop.example.com", address) is None


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",  # AWS, Azure, GCP, OpenStack, DigitalOcean
        "169.254.170.2",  # AWS containers
        "fd00:ec2::254",  # AWS
        "fd20:ce::254",  # GCP
        "fe80::a9fe:a9fe",  # link-local
        "fe80::1%eth0",
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle
        "168.63.129.16",  # Azure's wire server
    ],
)
def test_by_default_the_metadata_addresses_are_denied_whatever_the_name(address: str) -> None:
    reason = TargetRule().refuse_address("innocent.example.com", address)
    assert reason is not None
    assert "innocent.example.com" in reason
    assert address in reason


@pytest.mark.parametrize(
    "address",
    [
        "::ffff:169.254.169.254",  # IPv4-mapped
        "::ffff:a9fe:a9fe",
        "64:ff9b::169.254.169.254",  # NAT64
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",  # 6to4
    ],
)
def test_an_ipv6_address_that_leads_to_a_denied_ipv4_address_is_denied(address: str) -> None:
    assert TargetRule().refuse_address("innocent.example.com", address) is not None


@given(st.integers(0, 2**32 - 1))
def test_wrapping_an_ipv4_address_never_changes_the_verdict(number: int) -> None:
    rule = TargetRule(deny=("10.0.0.0/8", "192.0.2.0/24"))
    plain = IPv4Address(number)
    expected = any(plain in IPv4Network(network) for network in rule.deny)
    for address in (plain, IPv6Address((0xFFFF << 32) | number), IPv6Address((0x64FF9B << 96) | number)):
        assert (rule.refuse_address("host", str(address)) is not None) is expected, address


@pytest.mark.parametrize("host", ["metadata.google.internal", "METADATA.Google.Internal", "metadata.google.internal."])
def test_a_denied_name_is_denied_in_any_spelling(host: str) -> None:
    reason = TargetRule().refuse_host(host)
    assert reason is not None
    assert "metadata.google.internal" in reason


@pytest.mark.parametrize(
    ("host", "denied"),
    [
        ("a.example.com", True),
        ("a.b.example.com", True),
        ("A.EXAMPLE.COM.", True),
        ("example.com", False),
        ("badexample.com", False),
        ("example.com.evil.test", False),
    ],
)
def test_a_wildcard_stands_for_all_names_below_a_name(host: str, denied: bool) -> None:
    assert (TargetRule(deny=("*.example.com",)).refuse_host(host) is not None) is denied


@pytest.mark.parametrize(
    ("host", "address", "allowed"),
    [
        ("shop.test", "192.0.2.1", True),  # by name
        ("www.shop.test", "192.0.2.1", True),  # by wildcard
        ("other.test", "10.9.9.9", True),  # by network
        ("10.9.9.9", "10.9.9.9", True),
        ("other.test", "::ffff:10.9.9.9", True),
        ("other.test", "192.0.2.1", False),
        ("other.test", "2001:db8::1", False),
    ],
)
def test_with_an_allow_list_nothing_else_may_be_tested(host: str, address: str, allowed: bool) -> None:
    rule = TargetRule(allow=("shop.test", "*.shop.test", "10.0.0.0/8"))
    reason = rule.refuse_address(host, address)
    assert (reason is None) is allowed
    assert reason is None or "not among the allowed targets" in reason


def test_an_allow_list_alone_decides_nothing_by_name() -> None:
    """The name may yet resolve to an allowed address."""
    assert TargetRule(allow=("10.0.0.0/8",)).refuse_host("other.test") is None


def test_what_is_denied_stays_denied_where_it_is_allowed_too() -> None:
    rule = TargetRule(allow=("*.example.com", "10.0.0.0/8"), deny=("db.example.com", "10.0.0.1"))
    assert rule.refuse_host("db.example.com") is not None
    assert rule.refuse_host("www.example.com") is None
    assert rule.refuse_address("www.example.com", "10.0.0.1") is not None
    assert rule.refuse_address("www.example.com", "10.0.0.2") is None


@pytest.mark.parametrize("entry", ["", "10.0.0.0/33", "http://example.com", "example.com:80", "a b", "*", "*.", "a*.b"])
def test_an_entry_that_is_neither_network_nor_name_is_refused_and_named(entry: str) -> None:
    with pytest.raises(ValueError, match="is neither a network") as raised:
        TargetRule(deny=(entry,))
    assert f"'{entry}'" in str(raised.value)


def test_the_published_entries_are_all_accepted() -> None:
    assert TargetRule(allow=METADATA).allow == METADATA


@pytest.mark.parametrize("address", ["fd00:ec2::23", "64:ff9b:1::a9fe:a9fe", "::a9fe:a9fe"])
def test_metadata_is_denied_in_all_its_spellings(address: str) -> None:
    assert TargetRule().refuse_address("host", address) is not None


def test_a_url_is_refused_by_its_host_or_by_its_address_where_it_has_one() -> None:
    rule = TargetRule(allow=("10.0.0.0/8", "*.shop.test"), deny=("admin.shop.test",))
    assert rule.refuse_url("http://10.1.2.3/") is None
    assert rule.refuse_url("http://www.shop.test:8080/") is None
    assert "admin.shop.test" in (rule.refuse_url("https://admin.shop.test/a") or "")
    assert "not among the allowed" in (rule.refuse_url("http://11.0.0.1/") or "")
    assert TargetRule().refuse_url("http://[fd00:ec2::254]/") is not None
