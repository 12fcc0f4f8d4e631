"""The thread that watches a loop: whom it reports and when, whom it spares, how it ends.  In real time, but short."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from actors import Actor, ActorSystem, Blocked, Watchdog
from actors.evidence import Evidence, Harm
from actors.pulse import Pulse, attach
from actors.sentry import Clocks, Sentry
from actors.testing import World, world
from tests.actors.kit import Do, Plain, Puppet
from tests.project import ROOT

pytestmark = pytest.mark.real

QUICK = Watchdog(bound=0.05, log=False)
"""Found out early, so that the tests are short."""

HELD = 0.25
"""Seconds that the loop is held: several times the bound, for machines that are busy with something else."""


def doze(_: object = None) -> None:
    time.sleep(HELD)


def spin(_: object = None) -> None:
    until = time.thread_time() + HELD / 2
    while time.thread_time() < until:
        pass


def backtrack(_: object = None) -> None:
    """Holds the interpreter, for as long as it is interesting."""
    text, until = "a" * 20, time.thread_time() + HELD
    while time.thread_time() < until:
        text += "a"
        re.fullmatch("(a+)+b", text)


async def suspend_and_doze(_: object) -> None:
    await asyncio.sleep(0)
    doze()


def reports_of(system: ActorSystem) -> list[Blocked]:
    reports: list[Blocked] = []
    system.events.subscribe(lambda event: reports.append(event) if isinstance(event, Blocked) else None)
    return reports


async def held_by(
    act: Callable[[Any], Any], cls: type[Actor] = Plain, policy: Watchdog | None = QUICK
) -> list[Blocked]:
    """What is reported when one handler does ``act`` and another one nothing."""
    async with ActorSystem("s", watchdog=policy) as system:
        reports = reports_of(system)
        ref = await system.spawn(cls, name="slow")
        other = await system.spawn(cls, name="other")
        await ref.ask(Do(act), timeout=None)
        await other.ask(Do(lambda _: None), timeout=None)
        await asyncio.sleep(0)
    return reports


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until, "it does not come about"
        time.sleep(0.01)


def watchdogs() -> list[str]:
    return sorted(thread.name for thread in threading.enumerate() if "watchdog" in thread.name)


def sentry_of(system: ActorSystem) -> Sentry:
    sentry = system.scheduler.watchdog
    assert sentry is not None
    return sentry


# -- who is reported ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "cls", "name"),
    [(doze, Plain, "doze"), (spin, Plain, "spin"), (suspend_and_doze, Puppet, "doze")],
    ids=["asleep", "busy", "after it suspended"],
)
def test_who_holds_the_loop_is_noticed_meanwhile_and_reported_once(
    act: Callable[[Any], Any], cls: type[Actor], name: str
) -> None:
    (report,) = asyncio.run(held_by(act, cls))

    assert (str(report.pid), report.handler, report.message) == ("slow#1", f"{cls.__name__}.do", "Do")
    assert report.noticed is not None
    assert QUICK.bound <= report.noticed < report.seconds
    assert f" in {name}: " in report.stack[-1]


def test_who_holds_the_interpreter_too_is_reported_once_when_it_is_over() -> None:
    (report,) = asyncio.run(held_by(backtrack))

    assert (report.pid.name, report.handler) == ("slow", "Plain.do")
    assert report.seconds >= HELD


def test_the_stack_begins_at_the_handler() -> None:
    (report,) = asyncio.run(held_by(doze))

    places = [line.partition(": ")[0].rpartition(" in ")[2] for line in report.stack]
    assert places == ["Plain.do", "doze"]
    assert report.stack[-1].endswith("time.sleep(HELD)")
    assert str(Path(__file__).name) in report.stack[-1]


def test_a_deep_stack_is_cut_in_the_middle() -> None:
    def dig(depth: int) -> None:
        if depth == 0:
            doze()
        else:
            dig(depth - 1)

    (report,) = asyncio.run(held_by(lambda _: dig(200)))

    assert len(report.stack) == 21
    assert report.stack[0].partition(": ")[0].endswith("Plain.do")
    assert report.stack[8] == "... 184 more"
    assert " in doze: " in report.stack[-1]


def test_a_hook_that_holds_the_loop_is_named() -> None:
    class Slow(Actor):
        async def started(self) -> None:
            doze()

    async def main() -> list[Blocked]:
        async with ActorSystem("s", watchdog=QUICK) as system:
            reports = reports_of(system)
            await system.spawn(Slow, name="slow")
        return reports

    (report,) = asyncio.run(main())

    assert (report.handler.rpartition(".")[2], report.message) == ("started", "")
    assert report.stack[0].partition(": ")[0].endswith(".Slow.started")
    assert report.describe().endswith("Slow.started")


def test_a_handler_that_hands_back_a_coroutine_after_it_held_the_loop_is_reported_itself() -> None:
    """The run queue does not read the clock then; the thread's report stands."""

    class Own(Plain):
        """Of this test alone: a class that has once handed back a coroutine is run in a task from then on."""

    async def nothing() -> None: ...

    def act(_: object) -> Any:
        doze()
        return nothing()

    (report,) = asyncio.run(held_by(act, Own))

    assert (report.pid.name, report.handler) == ("slow", "Plain.do")
    assert report.seconds >= HELD


def test_evidence_is_noted_against_who_is_watched() -> None:
    found: list[Evidence] = []

    async def main() -> None:
        async with ActorSystem("s", watchdog=QUICK) as system:
            ref = await system.spawn(Plain, name="slow")
            attach(ref._cell, Pulse(found.append), QUICK.bound)
            await ref.ask(Do(doze))

    asyncio.run(main())

    assert [(each.harm, each.handler, each.message) for each in found] == [(Harm.BLOCKED, "Plain.do", "Do")]


def test_without_a_watchdog_the_clock_reports_when_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    (report,) = asyncio.run(held_by(doze, policy=None))

    assert (report.pid.name, report.noticed, report.stack) == ("slow", None, ())


def test_a_report_is_ready_for_json() -> None:
    (report,) = asyncio.run(held_by(doze))

    plain = report.to_dict()
    assert (plain["event"], plain["path"], plain["life"], plain["message"]) == ("Blocked", "slow", 1, "Do")
    assert plain["stack"] == list(report.stack)


# -- the log -----------------------------------------------------------------------------------------------------------


def test_the_log_says_it_while_the_loop_is_held(caplog: pytest.LogCaptureFixture) -> None:
    ended: list[float] = []

    def act(_: object) -> None:
        doze()
        ended.append(time.time())

    asyncio.run(held_by(act, policy=Watchdog(bound=0.05, unready=0.1)))

    first, second = [record for record in caplog.records if record.name == "planaria"]
    assert first.created < second.created < ended[0]
    assert (first.levelname, second.levelname) == ("WARNING", "ERROR")
    assert re.match(r"slow#1 blocks the loop: 0\.\d+ s so far in Plain\.do handling Do\n    /.*test", first.message)
    assert " handling Do; not ready until it is free, and for 10 s more\n" in second.message


def test_the_record_in_the_log_has_the_event_so_far(caplog: pytest.LogCaptureFixture) -> None:
    asyncio.run(held_by(doze, policy=Watchdog(bound=0.05)))

    (event,) = [record.__dict__["event"] for record in caplog.records if record.name == "planaria"]
    assert isinstance(event, Blocked)
    assert (event.pid.name, event.message, event.seconds < HELD) == ("slow", "Do", True)
    assert " in doze: " in event.stack[-1]


def test_a_log_handler_that_fails_does_not_end_the_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise ZeroDivisionError

    complaints: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: complaints.append(args.exc_type.__name__))
    logger, broken = logging.getLogger("planaria"), Broken()
    logger.addHandler(broken)
    try:
        reports = asyncio.run(held_by(doze, policy=Watchdog(bound=0.05, unready=0.1)))
    finally:
        logger.removeHandler(broken)

    assert complaints in (["ZeroDivisionError"] * 2, ["ZeroDivisionError"])  # one, if the watch had no turn in between
    assert len(reports) == 1


def test_the_log_can_be_spared_it(caplog: pytest.LogCaptureFixture) -> None:
    asyncio.run(held_by(doze, policy=QUICK))

    assert [record for record in caplog.records if record.name == "planaria"] == []


# -- who is spared -----------------------------------------------------------------------------------------------------


@contextmanager
def slow_collections(seconds: float) -> Iterator[None]:
    """Collections of garbage take that much longer."""

    def delay(phase: str, _: object) -> None:
        if phase == "start":
            until = time.perf_counter() + seconds
            while time.perf_counter() < until:
                pass

    gc.callbacks.append(delay)
    try:
        yield
    finally:
        gc.callbacks.remove(delay)


def test_garbage_collection_in_the_midst_of_a_handler_is_not_its_fault() -> None:
    def act(_: object) -> None:
        with slow_collections(HELD):
            gc.collect()

    assert asyncio.run(held_by(act)) == []
    assert len(asyncio.run(held_by(act, policy=None))) == 1  # the clock alone would say so


def test_a_handler_that_suspends_is_not_reported() -> None:
    assert asyncio.run(held_by(lambda _: asyncio.sleep(2 * QUICK.bound), Puppet)) == []


def test_what_holds_the_loop_and_is_no_actor_is_nobodys_fault() -> None:
    async def main() -> list[Blocked]:
        async with ActorSystem("s", watchdog=QUICK) as system:
            reports = reports_of(system)
            ref = await system.spawn(Plain)
            ref.tell(Do(lambda _: None))
            doze()
            await ref.ask(Do(lambda _: None))
        return reports

    assert asyncio.run(main()) == []


def program(text: str) -> subprocess.Popen[str]:
    """A Python program that imports what is here."""
    code = "import asyncio, os, sys, time\nfrom actors import *\n" + textwrap.dedent(text)
    command = [sys.executable, "-c", code]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def output_of(text: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a program; it has twenty seconds."""
    running = program(text)
    try:
        out, err = running.communicate(timeout=20)
    finally:
        running.kill()
    return running.returncode, out, err


@pytest.mark.parametrize(
    ("policy", "accused"), [("Watchdog()", False), ("None", True)], ids=["watchdog", "by the clock alone"]
)
def test_a_process_that_was_stopped_reports_nobody(policy: str, accused: bool) -> None:
    running = program(f"""
        class Busy(Actor):
            @handle
            def work(self, message: float) -> None:
                until = time.thread_time() + message
                while time.thread_time() < until:
                    pass

        async def main():
            async with ActorSystem("s", watchdog={policy}) as system:
                system.events.subscribe(lambda event: print(event.describe(), flush=True))
                ref = await system.spawn(Busy)
                print("ready", flush=True)
                while time.thread_time() < 0.6:
                    await ref.ask(0.02)
            print("done", flush=True)

        asyncio.run(main())
        """)
    assert running.stdout is not None
    try:
        lines = [running.stdout.readline()]
        for _ in range(3):
            time.sleep(0.05)
            running.send_signal(signal.SIGSTOP)
            time.sleep(0.2)
            running.send_signal(signal.SIGCONT)
        lines += running.communicate(timeout=20)[0].splitlines(keepends=True)
    finally:
        running.kill()

    assert (lines[0], lines[-1], len(lines) > 2) == ("ready\n", "done\n", accused)


def test_a_thread_that_sleeps_is_known_to_sleep() -> None:
    clocks: list[Clocks] = []
    made, over = threading.Event(), threading.Event()

    def sleep() -> None:
        clocks.append(Clocks())
        made.set()
        over.wait()

    thread = threading.Thread(target=sleep)
    thread.start()
    made.wait()
    wait_until(lambda: not clocks[0].sample(None).can_run)
    first = clocks[0].sample(None)
    time.sleep(0.05)
    second = clocks[0].sample(first)
    over.set()
    thread.join()
    clocks[0].close()

    assert second.cpu - first.cpu < 0.04 < second.at - first.at
    assert second.waited - first.waited < 0.04


# -- whose thread ------------------------------------------------------------------------------------------------------


def test_the_thread_lives_while_the_system_is_entered() -> None:
    async def main() -> list[list[str]]:
        system = ActorSystem("shop")
        seen = [watchdogs()]
        async with system:
            seen.append(watchdogs())
        return [*seen, watchdogs()]

    callbacks = len(gc.callbacks)

    assert asyncio.run(main()) == [[], ["planaria watchdog of shop"], []]
    assert len(gc.callbacks) == callbacks


def test_a_system_may_be_closed_twice() -> None:
    async def main() -> list[str]:
        async with ActorSystem("shop") as system:
            await system.close()
        return watchdogs()

    assert asyncio.run(main()) == []


def test_a_system_without_a_watchdog_has_no_thread() -> None:
    async def main() -> list[str]:
        async with ActorSystem("s", watchdog=None):
            return watchdogs()

    assert asyncio.run(main()) == []


def test_virtual_time_has_no_watchdog() -> None:
    async def main(w: World) -> tuple[object, list[str]]:
        async with ActorSystem("s", watchdog=Watchdog(bound=0.01)) as system:
            return system.scheduler.watchdog, watchdogs()

    seen: list[object] = []

    async def keep(w: World) -> None:
        seen.append(await main(w))

    world(seed=1).run(keep)

    assert seen == [(None, [])]


def test_of_two_systems_on_a_loop_the_right_one_reports() -> None:
    async def main() -> tuple[list[Blocked], list[Blocked]]:
        async with ActorSystem("one", watchdog=QUICK) as one, ActorSystem("two", watchdog=QUICK) as two:
            reports = reports_of(one), reports_of(two)
            refs = [await system.spawn(Plain, name="slow") for system in (one, two)]
            refs[0].tell(Do(lambda _: None))
            await refs[1].ask(Do(doze))
        return reports

    first, second = asyncio.run(main())

    assert (len(first), len(second)) == (0, 1)


def test_loops_in_several_threads_are_watched_apart() -> None:
    results: dict[str, list[Blocked]] = {}

    def run(name: str, act: Callable[[Any], Any]) -> None:
        results[name] = asyncio.run(held_by(act, Puppet))

    threads = [
        threading.Thread(target=run, args=(name, act))
        for name, act in [("slow", doze), ("calm", lambda _: asyncio.sleep(HELD)), ("slow too", doze)]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert {name: len(reports) for name, reports in results.items()} == {"slow": 1, "calm": 0, "slow too": 1}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_thread_of_a_loop_that_was_closed_ends_by_itself() -> None:
    system = ActorSystem("s")
    loop = asyncio.new_event_loop()
    loop.run_until_complete(system.__aenter__())
    before = watchdogs()
    loop.close()
    wait_until(lambda: not watchdogs())

    assert len(before) == 1


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_thread_of_a_system_that_was_dropped_ends_by_itself() -> None:
    loop = asyncio.new_event_loop()
    system: ActorSystem | None = ActorSystem("s")
    assert system is not None
    loop.run_until_complete(system.__aenter__())
    kept = weakref.ref(sentry_of(system))
    system = None
    wait_until(lambda: gc.collect() >= 0 and not watchdogs())
    loop.close()

    assert kept() is None


def test_the_thread_ends_when_that_of_its_loop_has_ended() -> None:
    kept: list[ActorSystem] = []
    loop = asyncio.new_event_loop()

    def run() -> None:
        kept.append(ActorSystem("s"))
        loop.run_until_complete(kept[0].__aenter__())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    wait_until(lambda: not watchdogs())
    loop.close()

    assert kept[0].scheduler.watchdog is not None


def test_where_no_thread_can_be_started_the_system_runs_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    callbacks = len(gc.callbacks)

    async def main() -> Sentry | None:
        async with ActorSystem("s") as system:
            assert await (await system.spawn(Plain)).ask(Do(lambda _: 5)) == 5
            return system.scheduler.watchdog

    assert asyncio.run(main()) is None
    assert caplog.messages == [
        (
            "system 's' has no thread for its watchdog (can't start new thread): "
            "a handler that holds the loop is seen when it is done, not before"
        )
    ]
    assert len(gc.callbacks) == callbacks


def test_a_fork_hangs_nowhere() -> None:
    code, out, err = output_of("""
        async def main():
            async with ActorSystem("s", watchdog=Watchdog(bound=0.01)) as system:
                await system.spawn(Actor)
                for _ in range(20):
                    await asyncio.sleep(0.005)
                    child = os.fork()
                    if child == 0:
                        system.scheduler.watchdog.end()
                        os._exit(7)
                    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
            print("left")

        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        asyncio.run(main())
        """)

    assert (code, out, err) == (0, "left\n", "")


def test_an_interpreter_that_ends_does_not_wait_for_the_watchdog() -> None:
    code, out, err = output_of("""
        loop = asyncio.new_event_loop()
        system = ActorSystem("s", watchdog=Watchdog(bound=0.01))
        loop.run_until_complete(system.__aenter__())
        print("over")
        """)

    assert (code, out) == (0, "over\n")
    assert "Fatal" not in err


# -- readiness ---------------------------------------------------------------------------------------------------------


def test_readiness_fails_while_the_loop_is_held_for_long_and_for_a_while_after() -> None:
    policy = Watchdog(bound=0.05, unready=0.1, hold=0.3, log=False)

    async def main() -> list[list[str]]:
        async with ActorSystem("s", watchdog=policy) as system:
            ref = await system.spawn(Plain, name="slow")
            seen = [system.blocking()]
            asking = threading.Timer(0.2, lambda: seen.append(system.blocking()))
            asking.start()
            await ref.ask(Do(doze))
            asking.join()
            seen.append(system.blocking())
            await asyncio.sleep(0.35)
            return [*seen, system.blocking()]

    assert asyncio.run(main()) == [[], ["slow"], ["slow"], []]


def test_readiness_fails_after_the_interpreter_was_held_for_long() -> None:
    policy = Watchdog(bound=0.05, unready=0.1, log=False)

    async def main() -> list[str]:
        async with ActorSystem("s", watchdog=policy) as system:
            await (await system.spawn(Plain, name="slow")).ask(Do(backtrack))
            return system.blocking()

    assert asyncio.run(main()) == ["slow"]


def test_a_short_hold_of_the_loop_does_not_harm_readiness() -> None:
    async def main() -> tuple[int, list[str]]:
        async with ActorSystem("s", watchdog=QUICK) as system:
            reports = reports_of(system)
            await (await system.spawn(Plain)).ask(Do(doze))
            return len(reports), system.blocking()

    assert asyncio.run(main()) == (1, [])


def test_a_system_that_was_not_entered_is_not_held() -> None:
    assert ActorSystem("s").blocking() == []


# -- load --------------------------------------------------------------------------------------------------------------


def test_the_share_of_the_loop_that_an_actor_takes_is_measured() -> None:
    async def main() -> tuple[float, float, float]:
        async with ActorSystem("s") as system:
            sentry = sentry_of(system)
            busy, idle = await system.spawn(Plain), await system.spawn(Plain)
            taken = 0.0

            def work(_: object) -> None:
                nonlocal taken
                began = time.perf_counter()
                while time.perf_counter() < began + 0.002:
                    pass
                taken += time.perf_counter() - began

            sentry.load(busy._cell), sentry.load(idle._cell)
            began = time.perf_counter()
            for _ in range(100):
                await busy.ask(Do(work))
                await asyncio.sleep(0.001)
            passed = time.perf_counter() - began
            return taken / passed, sentry.load(busy._cell), sentry.load(idle._cell)

    true, measured, idle = asyncio.run(main())

    assert measured == pytest.approx(true, abs=0.05)
    assert idle == 0.0


def test_a_cell_is_looked_at_closely_only_for_a_while() -> None:
    async def main() -> tuple[float, float, float]:
        async with ActorSystem("s") as system:
            ref = await system.spawn(Plain)
            before = ref._cell.patience
            sentry_of(system).load(ref._cell)
            meanwhile = ref._cell.patience
            for _ in range(300):
                await ref.ask(Do(lambda _: None))
            return before, meanwhile, ref._cell.patience

    assert asyncio.run(main()) == (0.1, -1.0, 0.1)


def test_the_load_of_an_actor_that_nobody_asks_about_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> tuple[int, float]:
        async with ActorSystem("s") as system:
            sentry, one = sentry_of(system), await system.spawn(Plain)
            sentry.load(one._cell)
            monkeypatch.setattr("actors.sentry.FORGET_AFTER", 0.0)
            sentry.load((await system.spawn(Plain))._cell)
            await one.ask(Do(lambda _: None))
            return len(sentry._meters), one._cell.patience

    assert asyncio.run(main()) == (1, 0.1)
