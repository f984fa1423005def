"""The verdict on a run: each limit from both sides, and what is said when it is passed."""

import errno
from typing import Any

import pytest
from hypothesis import given

from headrace.engine.http.failures import behind_proxy, not_connected
from headrace.results.strain import Strain
from headrace.results.verdict import Verdict, VerdictKind, judge
from headrace.ticks.histogram import Histogram
from headrace.ticks.tick import ErrorName, ErrorStats, Health, Load, Name, RequestStats, TestStats, Tick
from tests.ticks.strategies import ticks

VALID, SUSPECT, INVALID = VerdictKind.VALID, VerdictKind.SUSPECT, VerdictKind.INVALID
EVERY = Name("s", "t", "/")


def a_run(requests: int = 1000, iterations: int = 1000, load: Load | None = None, **parts: Any) -> Tick:
    """100 seconds of a healthy run."""
    return Tick(
        0,
        100.0,
        load={"s": load or Load(10, 10)},
        requests={EVERY: RequestStats(passed=requests)},
        tests={EVERY: TestStats(passed=iterations)},
        **parts,
    )


def strain(**parts: int) -> Strain:
    return Strain(**{"seconds": 100, "last": 99, **parts})


def lags(**ms_times: int) -> Histogram:
    """`ms5=990` is 990 iterations that began 5 ms late."""
    histogram = Histogram()
    for ms, times in ms_times.items():
        histogram.record(int(ms.removeprefix("ms")) * 1000, times)
    return histogram


def kind_of(verdict: Verdict, name: str) -> VerdictKind:
    """What one reason makes of the run; no other may be there."""
    assert {reason.name for reason in verdict.reasons} <= {name}
    return verdict.kind


def test_a_healthy_run_is_valid_and_there_is_nothing_to_say() -> None:
    verdict = judge(a_run(), strain())
    assert verdict == Verdict(VALID, ())
    assert verdict.message == ""


def test_a_target_that_fails_every_request_can_be_measured_well() -> None:
    run = a_run()
    run.requests[EVERY] = RequestStats(failed=1000)
    run.errors[ErrorName("HttpError", "500", "s", "t", "http://site/", "GET", "500")] = ErrorStats(1000)
    assert judge(run, strain()).kind is VALID


@pytest.mark.parametrize(
    ("lag", "kind"),
    [
        (lags(ms0=990, ms500=10), VALID),  # 1 % may be late
        (lags(ms10=1000), VALID),
        (lags(ms0=980, ms11=20), SUSPECT),
        (lags(ms100=1000), SUSPECT),
        (lags(ms0=980, ms101=20), INVALID),
    ],
)
def test_iterations_should_begin_on_time(lag: Histogram, kind: VerdictKind) -> None:
    assert kind_of(judge(a_run(health=Health(send_lag=lag)), strain()), "send_lag") is kind


@pytest.mark.parametrize(("dropped", "kind"), [(10, VALID), (11, SUSPECT), (500, SUSPECT), (501, INVALID)])
def test_arrivals_should_find_a_user(dropped: int, kind: VerdictKind) -> None:
    run = a_run(load=Load(10, 10, due=10_000, dropped=dropped))
    assert kind_of(judge(run, strain()), "dropped_arrivals") is kind


@pytest.mark.parametrize(("busy", "kind"), [(10, VALID), (11, SUSPECT), (50, SUSPECT), (51, INVALID), (100, INVALID)])
def test_a_generator_that_has_times_to_keep_should_have_cpu_to_spare(busy: int, kind: VerdictKind) -> None:
    run = a_run(health=Health(send_lag=lags(ms1=1000)))
    assert kind_of(judge(run, strain(busy=busy)), "generator_cpu") is kind


@pytest.mark.parametrize(("busy", "kind"), [(10, VALID), (11, SUSPECT), (100, SUSPECT)])
def test_users_who_go_as_fast_as_they_can_may_use_a_core_up(busy: int, kind: VerdictKind) -> None:
    run = a_run(health=Health(send_lag=lags(ms1=10)))  # only the first iteration of each user had a time to keep
    verdict = judge(run, strain(busy=busy))
    assert kind_of(verdict, "generator_cpu") is kind
    assert all("the generator, not the target, may be the limit" in reason.text for reason in verdict.reasons)


@pytest.mark.parametrize(
    ("late_us", "longest_us", "kind"),
    [
        (1_000_000, 30_000, VALID),
        (1_000_001, 30_000, SUSPECT),
        (90_000_000, 900_000, SUSPECT),
        (1_000_001, 1_000_001, SUSPECT),
    ],
)
def test_a_generator_should_not_stand_still(late_us: int, longest_us: int, kind: VerdictKind) -> None:
    verdict = judge(a_run(health=Health(loop_lag_us=longest_us)), strain(late_us=late_us))
    assert kind_of(verdict, "loop_lag") is kind


def test_one_long_standstill_is_enough_however_long_the_run_is() -> None:
    verdict = judge(a_run(health=Health(loop_lag_us=1_100_000)), strain(seconds=36_000, last=35_999, late_us=1_100_000))
    assert kind_of(verdict, "loop_lag") is SUSPECT
    assert "at worst for 1.10 s at once" in verdict.reasons[0].text


@pytest.mark.parametrize(("gc_us", "kind"), [(1_000_000, VALID), (1_000_001, SUSPECT)])
def test_garbage_collection_should_take_little_time(gc_us: int, kind: VerdictKind) -> None:
    verdict = judge(a_run(health=Health(gc_us=60_000)), strain(gc_us=gc_us))
    assert kind_of(verdict, "garbage_collection") is kind


@pytest.mark.parametrize(("used", "limit", "kind"), [(90, 100, VALID), (91, 100, SUSPECT), (5000, 0, VALID)])
def test_there_should_be_files_left(used: int, limit: int, kind: VerdictKind) -> None:
    assert kind_of(judge(a_run(health=Health(open_files=used, file_limit=limit)), strain()), "open_files") is kind


@pytest.mark.parametrize(("used", "limit", "kind"), [(80, 100, VALID), (81, 100, SUSPECT), (5000, 0, VALID)])
def test_there_should_be_ports_left(used: int, limit: int, kind: VerdictKind) -> None:
    assert kind_of(judge(a_run(health=Health(ports=used, port_limit=limit)), strain()), "ports") is kind


@pytest.mark.parametrize("number", [errno.EADDRNOTAVAIL, errno.EMFILE, errno.ENFILE])
@pytest.mark.parametrize("proxied", [False, True])
@pytest.mark.parametrize(("times", "kind"), [(1, SUSPECT), (10, SUSPECT), (11, INVALID)])
def test_requests_should_not_fail_for_want_of_ports_or_files(
    number: int, proxied: bool, times: int, kind: VerdictKind
) -> None:
    failure = not_connected(OSError(number, "no"), "site", "10.0.0.1", 80)
    failure = behind_proxy("http://proxy:3128", failure) if proxied else failure
    name = ErrorName(failure.kind, failure.subkind, "s", "t", "http://site/", "GET", failure.message)
    assert kind_of(judge(a_run(errors={name: ErrorStats(times)}), strain()), "exhausted_generator") is kind


@pytest.mark.parametrize("error", [ConnectionRefusedError(), TimeoutError(), OSError(errno.EHOSTUNREACH, "no route")])
def test_connections_that_the_target_does_not_take_are_no_fault_of_the_generator(error: OSError) -> None:
    failure = not_connected(error, "site", "10.0.0.1", 80)
    name = ErrorName(failure.kind, failure.subkind, "s", "t", "http://site/", "GET", failure.message)
    assert judge(a_run(errors={name: ErrorStats(1000)}), strain()).kind is VALID


def test_what_a_server_writes_into_an_error_does_not_accuse_the_generator() -> None:
    message = "The server redirected to 'This load generator has no free port left': it is no URL."
    name = ErrorName("Exception", "UriFormatException", "s", "t", "http://site/", "GET", message)
    assert judge(a_run(errors={name: ErrorStats(1000)}), strain()).kind is VALID


@pytest.mark.parametrize(("lost", "kind"), [(0.0, VALID), (0.001, SUSPECT), (0.1, SUSPECT), (0.11, INVALID)])
def test_no_load_generator_should_be_lost(lost: float, kind: VerdictKind) -> None:
    assert kind_of(judge(a_run(), strain(), lost), "lost_generators") is kind


@pytest.mark.parametrize(("abandoned", "requests", "kind"), [(1, 99, VALID), (1, 98, SUSPECT), (50, 0, SUSPECT)])
def test_requests_should_be_answered_before_the_end(abandoned: int, requests: int, kind: VerdictKind) -> None:
    assert kind_of(judge(a_run(requests, abandoned=abandoned), strain()), "abandoned_requests") is kind


@pytest.mark.parametrize(("seconds", "kind"), [(100, VALID), (99, SUSPECT), (90, SUSPECT), (89, INVALID)])
def test_every_second_should_be_reported(seconds: int, kind: VerdictKind) -> None:
    assert kind_of(judge(a_run(), strain(seconds=seconds)), "missing_seconds") is kind


def test_the_worst_reason_decides_and_comes_first() -> None:
    verdict = judge(a_run(abandoned=500, load=Load(due=100, dropped=50)), strain(), lost=0.05)
    assert verdict.kind is INVALID
    assert [(reason.name, reason.kind) for reason in verdict.reasons] == [
        ("dropped_arrivals", INVALID),
        ("lost_generators", SUSPECT),
        ("abandoned_requests", SUSPECT),
    ]
    assert verdict.message == " ".join(
        ["The numbers of this run are invalid.", *(reason.text for reason in verdict.reasons)]
    )


def test_a_reason_has_its_number_and_its_remedy() -> None:
    (reason,) = judge(a_run(load=Load(due=10_000, dropped=1234)), strain()).reasons
    assert reason.text == (
        "1,234 of 10,000 arrivals (12.3 %) were dropped because no user was free: the target had less load than planned. "
        "Give the load more users, or a lower rate."
    )


@given(ticks(second=3))
def test_whatever_was_measured_can_be_judged(tick: Tick) -> None:
    its = Strain()
    its.note(tick)
    verdict = judge(tick, its)
    assert verdict.kind is max((reason.kind for reason in verdict.reasons), key=list(VerdictKind).index, default=VALID)
    assert "missing_seconds" in {reason.name for reason in verdict.reasons}
