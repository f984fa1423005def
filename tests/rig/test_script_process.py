"""Real scripts in real processes, as an agent sees them."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest

from headrace.rig.script_process import ScriptProcess
from headrace.rig.script_runner import Job, Over, Wrote
from tests.engine.running import until
from tests.rig.test_engine_process import runs

pytestmark = pytest.mark.anyio


def job(folder: Path, script: str, *arguments: str, timeout: float = 30.0, program: str = "/bin/sh") -> Job:
    (folder / "script").write_text(script)
    return Job((program, str(folder / "script"), *arguments), str(folder), {"PATH": "/usr/bin:/bin", "A": "1"}, timeout)


@asynccontextmanager
async def closing(job: Job) -> AsyncIterator[ScriptProcess]:
    process = ScriptProcess(job)
    try:
        yield process
    finally:
        await process.close()


async def all_of(process: ScriptProcess) -> tuple[list[Wrote], Over]:
    *wrote, over = [news async for news in process.news()]
    assert isinstance(over, Over)
    return [each for each in wrote if isinstance(each, Wrote)], over


async def outcome(job: Job) -> tuple[list[Wrote], Over]:
    async with closing(job) as process:
        return await asyncio.wait_for(all_of(process), 30)


async def pid_in(file: Path) -> int:
    def read() -> str:
        return file.read_text() if file.exists() else ""

    await until(lambda: read().endswith("\n"))
    return int(read())


async def test_both_outputs_and_the_exit_status_are_told(tmp_path: Path) -> None:
    wrote, over = await outcome(job(tmp_path, 'echo "in $(pwd): $1, $A"; echo oops >&2; exit 3', "one two"))
    assert sorted(wrote, key=lambda each: each.error) == [
        Wrote((f"in {tmp_path}: one two, 1",), error=False),
        Wrote(("oops",), error=True),
    ]
    assert over == Over(3, last=("oops",))


async def test_python_runs_too_and_has_no_input(tmp_path: Path) -> None:
    script = (
        "import sys, os\nprint(len(sys.stdin.read()), sorted(set(os.environ) - {'LC_CTYPE', '__CF_USER_TEXT_ENCODING'}))"
    )
    wrote, over = await outcome(job(tmp_path, script, program=sys.executable))
    assert wrote == [Wrote(("0 ['A', 'PATH']",), error=False)]
    assert over == Over(0, last=("0 ['A', 'PATH']",))


async def test_the_settings_of_the_service_are_not_to_be_seen_in_what_runs_the_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_DATABASE", "postgresql://user:secret@host/db")
    wrote, over = await outcome(job(tmp_path, "tr '\\0' '\\n' < /proc/$PPID/environ | grep -c -e ^PATH= -e ^HEADRACE_"))
    assert (wrote, over.status) == ([Wrote(("1",), error=False)], 0)


async def test_a_script_is_in_a_session_of_its_own(tmp_path: Path) -> None:
    wrote, _ = await outcome(job(tmp_path, "import os\nprint(os.getsid(0) == os.getpid())", program=sys.executable))
    assert wrote == [Wrote(("True",), error=False)]


async def test_a_script_that_is_killed_says_by_which_signal(tmp_path: Path) -> None:
    assert await outcome(job(tmp_path, "kill -TERM $$")) == ([], Over(-signal.SIGTERM))


async def test_what_cannot_be_started_says_why(tmp_path: Path) -> None:
    _, over = await outcome(job(tmp_path, "", program="/none/sh"))
    assert over == Over(None, reason="'/none/sh' cannot be started: No such file or directory")


async def test_lines_come_while_the_script_runs(tmp_path: Path) -> None:
    script = f"echo first; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; echo second"
    async with closing(job(tmp_path, script)) as process:
        news = process.news()
        assert await anext(news) == Wrote(("first",), error=False)
        (tmp_path / "go").touch()
        assert await anext(news) == Wrote(("second",), error=False)
        assert isinstance(await anext(news), Over)


async def test_after_its_time_out_a_script_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    script = (
        f"sleep 600 & echo $! > {tmp_path}/background; (setsid sh -c 'echo $$ > {tmp_path}/away; exec sleep 600' &); "
        f"echo $$ > {tmp_path}/own; trap '' TERM; echo waiting; sleep 600"
    )
    begun = monotonic()
    wrote, over = await outcome(job(tmp_path, script, timeout=1.5))
    assert monotonic() - begun < 8
    assert wrote == [Wrote(("waiting",), error=False)]
    assert (over.timed_out, over.last) == (True, ("waiting",))
    for name in ("background", "away", "own"):
        assert not runs(await pid_in(tmp_path / name)), name


async def test_a_stop_kills_a_script_with_all_that_it_started(tmp_path: Path) -> None:
    script = f"setsid sh -c 'echo $$ > {tmp_path}/away; exec sleep 600' & echo $$ > {tmp_path}/own; wait"
    async with closing(job(tmp_path, script)) as process:
        listening = asyncio.create_task(all_of(process))
        pids = [await pid_in(tmp_path / name) for name in ("away", "own")]
        begun = monotonic()
        process.stop()
        assert await asyncio.wait_for(listening, 5) == ([], Over(None, reason="it was stopped"))
        await until(lambda: not any(map(runs, pids)))
        assert monotonic() - begun < 2


async def test_a_stop_before_it_begins_starts_nothing(tmp_path: Path) -> None:
    async with closing(job(tmp_path, f"touch {tmp_path}/begun")) as process:
        process.stop()
        assert await all_of(process) == ([], Over(None, reason="it was stopped"))
    assert not (tmp_path / "begun").exists()


async def test_what_is_left_in_the_background_lives_until_the_end_and_holds_nobody_up(tmp_path: Path) -> None:
    script = f"(while true; do echo more; sleep 0.01; done) & echo $! > {tmp_path}/background; echo done"
    async with closing(job(tmp_path, script)) as process:
        _, over = await asyncio.wait_for(all_of(process), 10)
        assert over.status == 0
        background = await pid_in(tmp_path / "background")
        assert runs(background)
    assert not runs(background)


async def test_a_flood_of_output_is_dammed(tmp_path: Path) -> None:
    wrote, over = await outcome(job(tmp_path, "yes | head -c 200000000; yes err | head -n 2000 >&2; echo the end"))
    assert over == Over(0, last=("err", "err", "err"))
    output = [line for each in wrote if not each.error for line in each.lines]
    errors = [line for each in wrote if each.error for line in each.lines]
    assert (len(output), output[-1]) == (501, "... and 99999501 more lines")
    assert (len(errors), errors[-1]) == (501, "... and 1500 more lines")


async def test_the_loop_goes_on_while_nobody_listens_to_a_flood(tmp_path: Path) -> None:
    async with closing(job(tmp_path, "yes; echo never", timeout=600)) as process:
        news = process.news()
        await anext(news)
        longest = 0.0
        for _ in range(20):
            before = monotonic()
            await asyncio.sleep(0.02)
            longest = max(longest, monotonic() - before)
        process.stop()
        await asyncio.wait_for(all_of_rest(news), 5)
    assert longest < 0.5


async def all_of_rest(news: AsyncIterator[Wrote | Over]) -> None:
    async for _ in news:
        pass


async def test_a_runner_that_is_killed_is_told_and_its_script_does_not_succeed(tmp_path: Path) -> None:
    async with closing(
        job(tmp_path, f"echo $PPID > {tmp_path}/runner; while kill -0 $PPID; do sleep 0.02; done")
    ) as process:
        listening = asyncio.create_task(all_of(process))
        os.kill(await pid_in(tmp_path / "runner"), signal.SIGKILL)
        assert await asyncio.wait_for(listening, 5) == ([], Over(None, reason="whatever ran it was killed"))
