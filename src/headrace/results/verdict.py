"""Whether the numbers of a run can be trusted: valid, suspect or invalid, and why.

It is about the load generators, not about the target: a target that fails every request can be measured well. Every limit is
here with its reason; docs/verdict.md tells users.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from headrace.results.strain import Strain
from headrace.ticks.tick import Tick


class VerdictKind(StrEnum):
    """From good to bad."""

    VALID = "valid"
    SUSPECT = "suspect"  # the numbers may be the generator's own: look before you trust them
    INVALID = "invalid"  # the numbers are not those of the load that was planned


_BADNESS = {kind: badness for badness, kind in enumerate(VerdictKind)}


@dataclass(frozen=True, slots=True)
class Limit:
    """A number over `suspect` makes a run suspect, one over `invalid` invalid (None: no number does)."""

    suspect: float
    invalid: float | None = None

    def grade(self, value: float) -> VerdictKind:
        if self.invalid is not None and value > self.invalid:
            return VerdictKind.INVALID
        return VerdictKind.SUSPECT if value > self.suspect else VerdictKind.VALID


# Seconds by which 1 % of the iterations began late. People tell 10 ms from nothing only in a fast site's p99; 100 ms is what
# many sites take in all, and arrivals that bunch together so are another load than the planned one.
SEND_LAG = Limit(0.010, 0.100)
# The share of arrivals that found no user free. One in a thousand is a p99.9 that nobody saw; with one in twenty missing,
# the target was spared just when it was slow, and every percentile flatters it.
DROPPED = Limit(0.001, 0.05)
# The share of seconds in which a process was busy (strain.BUSY). A tenth reaches the p90; half of them reaches the median.
BUSY_SECONDS = Limit(0.10, 0.50)
# The share of the time that an event loop or the garbage collector stood still: answers that came then were noticed late,
# and from one in a hundred on they are in the p99. What it does to the sending is in the send lag, which can be invalid.
STANDSTILL = Limit(0.01)
# Seconds at once. A generator that stood still for a second and more has made response times of that length.
LONGEST_STANDSTILL = Limit(1.0)
# The share of open files: what is left may not last for the next burst.
OPEN_FILES = Limit(0.90)
# The share of ephemeral ports. A port that was used rests for 60 s, so they run out faster than they come back.
PORTS = Limit(0.80)
# The share of requests that failed because the generator had no port or file left: none of them says anything of the target.
EXHAUSTED = Limit(0.0, 0.01)
# The share of the planned load that went with lost generators. Any loss makes the load another one from then on.
LOST = Limit(0.0, 0.10)
# The share of requests that still waited for a connection at the end. They would have been the slowest: over 1 % moves
# the p99.
ABANDONED = Limit(0.01)
# The share of seconds of which nothing was reported. Nobody knows what happened in them.
MISSING = Limit(0.0, 0.10)

# In the messages of engine/http/failures.py for EADDRNOTAVAIL, EMFILE and ENFILE; nothing a server sends gets into these.
_OWN_FAULT = "This load generator "


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a run is not valid: `name` for programs, `text` (a sentence with the number and the remedy) for people."""

    name: str
    kind: VerdictKind
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The worst of its reasons, worst first; valid where there is none."""

    kind: VerdictKind = VerdictKind.VALID
    reasons: tuple[Reason, ...] = ()

    @property
    def message(self) -> str:
        """What a person should be told about the run; "" where it is valid."""
        if self.kind is VerdictKind.VALID:
            return ""
        return " ".join([f"The numbers of this run are {self.kind}.", *(reason.text for reason in self.reasons)])


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a run is judged by: its ticks added up, its strain, and the share of the planned load that was lost (0 to 1)."""

    total: Tick
    strain: Strain
    lost: float


def judge(total: Tick, strain: Strain, lost: float = 0.0) -> Verdict:
    """The verdict on a run so far, of which at least one second was recorded."""
    evidence = Evidence(total, strain, lost)
    found = [reason for look in _RULES if (reason := look(evidence)) is not None]
    found.sort(key=lambda reason: -_BADNESS[reason.kind])
    return Verdict(found[0].kind, tuple(found)) if found else Verdict()


def _send_lag(evidence: Evidence) -> Reason | None:
    p99 = evidence.total.health.send_lag.percentile(99)
    text = (
        f"The generator began 1 % of the iterations {_time(p99)} or more after their time; response times count from that "
        "time, so this is in them. Use more agents or cores, or less load."
    )
    return _reason("send_lag", SEND_LAG.grade(p99 / 1e6), text)


def _dropped(evidence: Evidence) -> Reason | None:
    due = sum(load.due for load in evidence.total.load.values())
    dropped = sum(load.dropped for load in evidence.total.load.values())
    text = (
        f"{dropped:,} of {due:,} arrivals ({_share(dropped, due)}) were dropped because no user was free: the target had "
        "less load than planned. Give the load more users, or a lower rate."
    )
    return _reason("dropped_arrivals", DROPPED.grade(_ratio(dropped, due)), text)


def _generator_cpu(evidence: Evidence) -> Reason | None:
    strain = evidence.strain
    kind = BUSY_SECONDS.grade(_ratio(strain.busy, strain.seconds))
    where = (
        f"The busiest generator process had no CPU to spare in {strain.busy:,} of {strain.seconds:,} seconds "
        f"({_share(strain.busy, strain.seconds)})"
    )
    if _has_times_to_keep(evidence.total):
        text = f"{where}: its own delays are in the response times. Use more agents or cores, or less load."
    else:
        # Users who go on as fast as they can take what they get: a full core is their nature, and no plan is missed.
        kind = min(kind, VerdictKind.SUSPECT, key=_BADNESS.__getitem__)
        text = (
            f"{where}: the generator, not the target, may be the limit. Use more agents or cores, or give users think time."
        )
    return _reason("generator_cpu", kind, text)


def _has_times_to_keep(total: Tick) -> bool:
    """Whether most iterations were to begin at a certain time: arrivals, pacing, think time."""
    return 2 * total.health.send_lag.count > sum(stats.total for stats in total.tests.values())


def _standstill(evidence: Evidence) -> Reason | None:
    late, worst = evidence.strain.late_us / 1e6, evidence.total.health.loop_lag_us
    duration = _duration(evidence)
    kind = max(STANDSTILL.grade(_ratio(late, duration)), LONGEST_STANDSTILL.grade(worst / 1e6), key=_BADNESS.__getitem__)
    text = (
        f"The generator stood still for {_share(late, duration)} of the time, at worst for {_time(worst)} at once; answers "
        "that came then were noticed late. Let nothing else run on its machine, or use more agents or cores."
    )
    return _reason("loop_lag", kind, text)


def _garbage_collection(evidence: Evidence) -> Reason | None:
    held_up, duration = evidence.strain.gc_us / 1e6, _duration(evidence)
    text = (
        f"Garbage collection held the generator up for {_share(held_up, duration)} of the time, at worst for "
        f"{_time(evidence.total.health.gc_us)} at once. Use more agents or cores, so that each has fewer users."
    )
    return _reason("garbage_collection", STANDSTILL.grade(_ratio(held_up, duration)), text)


def _open_files(evidence: Evidence) -> Reason | None:
    used, most = evidence.total.health.open_files, evidence.total.health.file_limit
    text = (
        f"A generator had {used:,} of {most:,} files open ({_share(used, most)}). Raise its limit (ulimit -n) or use more "
        "agents."
    )
    return _reason("open_files", OPEN_FILES.grade(_ratio(used, most)), text)


def _ports(evidence: Evidence) -> Reason | None:
    used, most = evidence.total.health.ports, evidence.total.health.port_limit
    text = (
        f"A generator used {used:,} of {most:,} ports ({_share(used, most)}). Use more agents, connections that are kept "
        "alive, or a wider net.ipv4.ip_local_port_range."
    )
    return _reason("ports", PORTS.grade(_ratio(used, most)), text)


def _exhausted(evidence: Evidence) -> Reason | None:
    failed = sum(
        stats.count
        for error, stats in evidence.total.errors.items()
        if (error.kind, error.subkind) == ("Exception", "SocketException") and _OWN_FAULT in error.message
    )
    requests = max(failed, _requests(evidence.total))
    text = (
        f"{failed:,} of {requests:,} requests ({_share(failed, requests)}) failed because the generator had no port or file "
        "left for them. Use more agents or think time, or raise the limits that the errors name."
    )
    return _reason("exhausted_generator", EXHAUSTED.grade(_ratio(failed, requests)), text)


def _lost_generators(evidence: Evidence) -> Reason | None:
    text = (
        f"Load generators with {_share(evidence.lost, 1)} of the planned load were lost; the messages of the run say why. "
        "Run the test again."
    )
    return _reason("lost_generators", LOST.grade(evidence.lost), text)


def _abandoned(evidence: Evidence) -> Reason | None:
    given_up = evidence.total.abandoned
    requests = given_up + _requests(evidence.total)
    text = (
        f"{given_up:,} of {requests:,} requests ({_share(given_up, requests)}) still waited for a connection at the end "
        "and were never sent; they would have been the slowest. Give the run a cool-down, or requests a shorter time-out."
    )
    return _reason("abandoned_requests", ABANDONED.grade(_ratio(given_up, requests)), text)


def _missing_seconds(evidence: Evidence) -> Reason | None:
    missing, seconds = evidence.strain.missing, evidence.strain.last + 1
    text = (
        f"Of {missing:,} of {seconds:,} seconds ({_share(missing, seconds)}) nothing was reported, and nothing of them is "
        "in the numbers; the messages of the run say why. Run the test again."
    )
    return _reason("missing_seconds", MISSING.grade(_ratio(missing, seconds)), text)


# In the order in which reasons that are equally bad are told: what was not sent, then why it may have been late.
_RULES: tuple[Callable[[Evidence], Reason | None], ...] = (
    _lost_generators,
    _missing_seconds,
    _dropped,
    _send_lag,
    _exhausted,
    _generator_cpu,
    _standstill,
    _garbage_collection,
    _ports,
    _open_files,
    _abandoned,
)


def _reason(name: str, kind: VerdictKind, text: str) -> Reason | None:
    return None if kind is VerdictKind.VALID else Reason(name, kind, text)


def _requests(total: Tick) -> int:
    return sum(stats.total for stats in total.requests.values())


def _duration(evidence: Evidence) -> float:
    """Seconds of which there are numbers."""
    return max(evidence.total.elapsed - evidence.strain.missing, float(evidence.strain.seconds))


def _ratio(part: float, whole: float) -> float:
    """0 where there is no whole: a limit that is not known is not reached."""
    return part / whole if whole > 0 else 0.0


def _share(part: float, whole: float) -> str:
    percent = 100 * _ratio(part, whole)
    return f"{percent:.3g} %" if percent >= 0.01 else "under 0.01 %"


def _time(us: int) -> str:
    return f"{us / 1e6:.2f} s" if us >= 1_000_000 else f"{us / 1000:.{0 if us >= 100_000 else 1}f} ms"
