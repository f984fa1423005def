"""Names to addresses: asked once, remembered for a while, and checked, every one."""

import asyncio
import socket
import threading
from collections import Counter
from typing import Any

import pytest

from headrace.engine.http import resolver
from headrace.engine.http.resolver import Resolver, UnresolvedError
from headrace.plan.targets import TargetRule
from tests.engine.asking import until

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # whose event loop asks the operating system where a test can answer instead


class Names:
    """What the operating system knows, what it was asked, and the time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.known: dict[str, list[str]] = {}
        self.asked: list[str] = []
        self.now = 0.0
        self.answering = threading.Event()
        self.answering.set()
        monkeypatch.setattr(socket, "getaddrinfo", self._look_up)
        monkeypatch.setattr(resolver, "monotonic", lambda: self.now)

    def _look_up(self, host: str, port: int, *more: Any, **named: Any) -> list[Any]:
        self.asked.append(host)
        self.answering.wait(5.0)
        if host not in self.known:
            raise socket.gaierror(-2, "Name or service not known")
        family = socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port)) for address in self.known[host]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    return Names(monkeypatch)


async def failure_of(resolver: Resolver, host: str, port: int = 80) -> str:
    with pytest.raises(UnresolvedError) as caught:
        await resolver.resolve(host, port)
    return caught.value.failure.message


async def test_many_users_make_one_look_up(names: Names) -> None:
    names.known["shop.test"] = ["192.0.2.1", "192.0.2.2", "192.0.2.1"]
    resolver = Resolver(TargetRule())
    answers = await asyncio.gather(*(resolver.resolve("shop.test", 80) for _ in range(100)))
    assert set(answers) == {("192.0.2.1", "192.0.2.2"), ("192.0.2.2", "192.0.2.1")}
    assert names.asked == ["shop.test"]


async def test_each_address_is_first_as_often_as_the_others_also_when_asked_again(names: Names) -> None:
    names.known["shop.test"] = ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
    names.known["other.test"] = ["192.0.2.8", "192.0.2.9"]
    resolver = Resolver(TargetRule())
    firsts: Counter[str] = Counter()
    for number in range(12):  # each a minute after the one before
        names.now = number * 60.0
        for host in ("shop.test", "other.test"):
            addresses = await resolver.resolve(host, 80)
            assert sorted(addresses) == names.known[host]
            firsts[addresses[0]] += 1
    assert firsts == {"192.0.2.1": 4, "192.0.2.2": 4, "2001:db8::1": 4, "192.0.2.8": 6, "192.0.2.9": 6}


async def test_a_user_who_gives_up_takes_the_answer_from_nobody(names: Names) -> None:
    names.known["shop.test"] = ["192.0.2.1"]
    names.answering.clear()
    resolver = Resolver(TargetRule())
    first = asyncio.create_task(resolver.resolve("shop.test", 80))
    second = asyncio.create_task(resolver.resolve("shop.test", 80))
    await until(lambda: names.asked)
    first.cancel()
    await asyncio.sleep(0)
    names.answering.set()
    assert await second == ("192.0.2.1",)
    assert first.cancelled()
    assert names.asked == ["shop.test"]


async def test_answers_are_kept_for_30_seconds_and_failures_for_one(names: Names) -> None:
    names.known["shop.test"] = ["192.0.2.1"]
    resolver = Resolver(TargetRule())
    for names.now in (0.0, 29.0, 31.0):
        await resolver.resolve("shop.test", 80)
        assert await failure_of(resolver, "gone.test") == "The remote name could not be resolved: 'gone.test'"
    assert names.asked.count("shop.test") == 2
    names.asked.clear()
    for names.now in (100.0, 100.9, 101.1):
        await failure_of(resolver, "gone.test")
    assert names.asked == ["gone.test", "gone.test"]


async def test_a_name_that_failed_may_come_back(names: Names) -> None:
    resolver = Resolver(TargetRule())
    await failure_of(resolver, "shop.test")
    names.known["shop.test"] = ["192.0.2.1"]
    names.now = 2.0
    assert await resolver.resolve("shop.test", 80) == ("192.0.2.1",)


async def test_every_address_is_checked(names: Names) -> None:
    names.known["mixed.test"] = ["169.254.169.254", "192.0.2.1", "::ffff:169.254.169.254"]
    names.known["bad.test"] = ["169.254.169.254", "::ffff:169.254.169.254"]
    resolver = Resolver(TargetRule())
    assert await resolver.resolve("mixed.test", 80) == ("192.0.2.1",)
    message = await failure_of(resolver, "bad.test")
    assert message.startswith("The request was not sent: the host 'bad.test' is at 169.254.169.254")


async def test_a_denied_name_is_not_even_asked_for(names: Names) -> None:
    resolver = Resolver(TargetRule(deny=("*.internal",)))
    assert "'*.internal'" in await failure_of(resolver, "db.internal")
    assert names.asked == []


async def test_only_allowed_targets_are_allowed(names: Names) -> None:
    names.known = {"a.shop.test": ["192.0.2.1"], "other.test": ["198.51.100.1"], "cdn.test": ["203.0.113.7"]}
    resolver = Resolver(TargetRule(allow=("*.shop.test", "203.0.113.0/24"), deny=()))
    assert await resolver.resolve("a.shop.test", 80) == ("192.0.2.1",)
    assert await resolver.resolve("cdn.test", 80) == ("203.0.113.7",)
    assert "not among the allowed targets" in await failure_of(resolver, "other.test")


async def test_a_name_without_addresses_is_a_failure(names: Names) -> None:
    names.known["empty.test"] = []
    assert "has no address" in await failure_of(Resolver(TargetRule()), "empty.test")


async def test_what_is_remembered_is_bounded(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "_MOST", 20)
    one = Resolver(TargetRule())
    for number in range(100):
        names.known[f"h{number}.test"] = ["192.0.2.1"]
        await one.resolve(f"h{number}.test", 80)
        assert len(one._answers) <= 20
    assert one._asking == {}


@pytest.mark.parametrize(
    ("rule", "host", "refused"),
    [
        (TargetRule(), "shop.test", False),
        (TargetRule(allow=("*.test",), deny=()), "shop.test", False),
        (TargetRule(allow=("192.0.2.0/24",), deny=()), "192.0.2.1", False),
        (TargetRule(allow=("192.0.2.0/24",), deny=()), "shop.test", True),
        (TargetRule(allow=("192.0.2.0/24",), deny=()), "198.51.100.1", True),
        (TargetRule(), "169.254.169.254", True),
        (TargetRule(deny=("*.internal",)), "db.internal.", True),
    ],
)
def test_behind_a_proxy_the_name_decides(rule: TargetRule, host: str, refused: bool) -> None:
    if refused:
        with pytest.raises(UnresolvedError, match="The request was not sent: "):
            Resolver(rule).check_unresolved(host)
    else:
        Resolver(rule).check_unresolved(host)
