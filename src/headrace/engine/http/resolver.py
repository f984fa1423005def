"""Names to addresses, cached, with the target rule applied to both.

Every connection is made to an address that was checked here, never to a name, so what is checked is what is connected to.

A name with several addresses is a way to spread load (round-robin DNS), and a load test must not undo it: every connection
begins with the next address, so that all of them get their share. The others follow, should it not answer.
"""

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from time import monotonic

from headrace.engine.http.failures import Failure, not_allowed, not_resolved
from headrace.plan.targets import TargetRule

# Seconds that an answer is used for. Load balancers by DNS change theirs about once a minute. A failure is kept for a moment
# only, so that thousands of users with a wrong name do not storm the name server.
_KEEP = 30.0
_KEEP_FAILURE = 1.0
_MOST = 10_000


class UnresolvedError(Exception):
    """The name leads nowhere that a request may go; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class _Answer:
    until: float
    addresses: tuple[str, ...] = ()
    failure: Failure | None = None
    turns: Iterator[int] = field(default_factory=count)


class Resolver:
    """Looks names up in the operating system's way, each name once however many users wait for it."""

    def __init__(self, rule: TargetRule) -> None:
        self._rule = rule
        self._answers: dict[tuple[str, int], _Answer] = {}
        self._asking: dict[tuple[str, int], asyncio.Task[_Answer]] = {}

    async def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """The addresses of a host that requests may go to, at least one, beginning with another each time.

        Raises UnresolvedError.
        """
        key = (host, port)
        answer = self._answers.get(key)
        if answer is None or answer.until < monotonic():
            task = self._asking.get(key)
            if task is None:
                task = self._asking[key] = asyncio.create_task(self._ask(host, port))
            # Shielded: one user's time-out must not take the answer from the others.
            answer = await asyncio.shield(task)
        if answer.failure is not None:
            raise UnresolvedError(answer.failure)
        addresses = answer.addresses
        if len(addresses) == 1:
            return addresses
        first = next(answer.turns) % len(addresses)
        return addresses[first:] + addresses[:first]

    def check_unresolved(self, host: str) -> None:
        """Applies the target rule to a host whose name a proxy will resolve. Raises UnresolvedError."""
        refused = self._rule.refuse_unresolved(host)
        if refused is not None:
            raise UnresolvedError(not_allowed(refused))

    async def _ask(self, host: str, port: int) -> _Answer:
        try:
            answer = await self._look_up(host, port)
            if len(self._answers) >= _MOST:
                self._answers.clear()
            self._answers[host, port] = answer
            return answer
        finally:
            del self._asking[host, port]

    async def _look_up(self, host: str, port: int) -> _Answer:
        refused = self._rule.refuse_host(host)
        if refused is not None:
            return _Answer(monotonic() + _KEEP, failure=not_allowed(refused))
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return _Answer(monotonic() + _KEEP_FAILURE, failure=not_resolved(host))
        addresses = tuple(dict.fromkeys(str(info[4][0]) for info in found))
        reasons = [self._rule.refuse_address(host, address) for address in addresses]
        allowed = tuple(address for address, reason in zip(addresses, reasons, strict=True) if reason is None)
        if not allowed:
            reason = next((reason for reason in reasons if reason), f"the host '{host}' has no address")
            return _Answer(monotonic() + _KEEP, failure=not_allowed(reason))
        before = self._answers.get((host, port))  # asked again, the turns go on
        return _Answer(monotonic() + _KEEP, allowed, turns=before.turns if before else count())
