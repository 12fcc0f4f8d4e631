"""Crashes, kills, stops and hangs at each step of a replacement: one life serves, nothing is lost, nobody is left."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from actors import KILL, ActorDied, Ignore, Ref, Shutdown
from actors.envelopes import Call, Signal
from actors.testing import World, world
from supervisors import Apoptosis, Backoff, ReplacementFailed, Supervisor
from supervisors.apoptosis.events import Kept, Replaced, Replacing
from supervisors.errors import SupervisionError
from supervisors.events import Died, GaveUp
from supervisors.running import Running
from tests.supervisors.apoptosis.fixtures import (
    JUDGED,
    Add,
    AsyncPatient,
    Chart,
    Crash,
    Do,
    Hold,
    Patient,
    hang,
    items,
    raising,
    sleeping,
)
from tests.supervisors.fixtures import fails

# -- where a replacement can be interrupted ----------------------------------------------------------------------------


async def leave_late(actor: Patient) -> Any:
    await asyncio.sleep(2.0)
    return actor.items


async def warm_late(actor: Patient) -> bool:
    return actor.system.now() >= 2.0


def before(c: Chart, ref: Ref[Any]) -> None:
    """The old life has a message in hand and the successor is still starting."""
    c.plan("started", sleeping(1.0), life=2)
    ref.tell(Hold(2.0))


def in_hand(c: Chart, ref: Ref[Any]) -> None:
    """The successor waits for the message in hand."""
    ref.tell(Hold(2.0))


def starting(c: Chart, ref: Ref[Any]) -> None:
    c.plan("started", sleeping(2.0), life=2)


def warming(c: Chart, ref: Ref[Any]) -> None:
    c.plan("ready", sleeping(2.0, True), life=2)


def not_ready(c: Chart, ref: Ref[Any]) -> None:
    c.plan("ready", warm_late, life=2)


def bequeathing(c: Chart, ref: Ref[Any]) -> None:
    c.plan("bequeath", leave_late, life=1)


def inheriting(c: Chart, ref: Ref[Any]) -> None:
    c.plan("inherit", sleeping(2.0), life=2)


def retiring(c: Chart, ref: Ref[Any]) -> None:
    c.plan("stopping", sleeping(2.0), life=1)


STEPS = [before, in_hand, starting, warming, not_ready, bequeathing, inheriting, retiring]

# -- what can happen meanwhile -----------------------------------------------------------------------------------------

Fault = Callable[[World, Chart, Running], Awaitable[Any]]


async def kill(w: World, c: Chart, tree: Running) -> None:
    tree.ref("sub/w").kill()


async def crash(w: World, c: Chart, tree: Running) -> None:
    tree.ref("sub/w").tell(Crash())


async def exit_signal(w: World, c: Chart, tree: Running) -> None:
    tree.ref("sub/w").exit(Shutdown("enough"))


async def stop(w: World, c: Chart, tree: Running) -> None:
    tree.ref("sub/w")._cell.actor.stop()


async def terminate(w: World, c: Chart, tree: Running) -> None:
    await tree.at("sub").terminate_child("w")


async def terminate_and_restart(w: World, c: Chart, tree: Running) -> None:
    await tree.at("sub").terminate_child("w")
    await tree.at("sub").restart_child("w")


async def terminate_and_delete(w: World, c: Chart, tree: Running) -> None:
    await tree.at("sub").terminate_child("w")
    await tree.at("sub").delete_child("w")


async def group_restart(w: World, c: Chart, tree: Running) -> None:
    tree.ref("sub/sibling").kill()


async def kill_the_supervisor(w: World, c: Chart, tree: Running) -> None:
    tree.ref("sub").kill()


async def crash_the_supervisor(w: World, c: Chart, tree: Running) -> None:
    def break_down(actor: Any) -> None:
        raise RuntimeError("defect")

    tree.ref("sub")._cell.push(Call(break_down))


async def stop_the_supervisor(w: World, c: Chart, tree: Running) -> None:
    await tree.terminate_child("sub")


async def restart_the_supervisor(w: World, c: Chart, tree: Running) -> None:
    await tree.terminate_child("sub")
    await tree.restart_child("sub")


async def stop_the_tree(w: World, c: Chart, tree: Running) -> None:
    await tree.stop()


async def kill_the_tree(w: World, c: Chart, tree: Running) -> None:
    tree.kill()


async def ask_again(w: World, c: Chart, tree: Running) -> None:
    await tree.replace("sub/w")


async def suspend_and_resume(w: World, c: Chart, tree: Running) -> None:
    await tree.ref("sub/w").suspend()
    await asyncio.sleep(0.7)
    await tree.ref("sub/w").resume()


async def successor_killed(w: World, c: Chart, tree: Running) -> None:
    for cell in tuple(tree.ref("sub")._cell.more().wards):
        cell.push(Signal(KILL, None, 0, linked=False, parent=False))


FAULTS: list[Fault] = [
    kill,
    crash,
    exit_signal,
    stop,
    terminate,
    terminate_and_restart,
    terminate_and_delete,
    group_restart,
    kill_the_supervisor,
    crash_the_supervisor,
    stop_the_supervisor,
    restart_the_supervisor,
    stop_the_tree,
    kill_the_tree,
    ask_again,
    suspend_and_resume,
    successor_killed,
]


# -- the account -------------------------------------------------------------------------------------------------------


class Account:
    """What two senders told a worker, and what became of it."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []

    def tell(self, ref: Ref[Any], count: int = 4) -> None:
        for sender in "xy":
            sent = sum(name == sender for name, _ in self.told)
            for n in range(sent, sent + count):
                self.told.append((sender, n))
                ref.tell(Add((sender, n)))

    def check(self, c: Chart) -> None:
        """Each message has one fate; those of one sender keep their order; the lives begin one after the other."""
        handled = [line.split(": ", 1) for line in c.log if line.startswith("w#") and ": (" in line]
        values = [eval(value) for _, value in handled]
        dead = [letter.message.value for letter in c.system.dead_letters if isinstance(letter.message, Add)]
        lives = [int(life.partition("#")[2]) for life, _ in handled]

        assert Counter(values) + Counter(dead) == Counter(self.told)
        for sender in "xy":
            assert [n for name, n in values if name == sender] == sorted(n for name, n in values if name == sender)
        assert lives == sorted(lives)


def running(tree: Running) -> int:
    """How many actors the tree should have alive."""
    return sum(node.status == "running" for node in tree.snapshot().walk())


async def play(w: World, step: Any, fault: Fault, cls: Any, strategy: Any) -> None:
    c, account = Chart(), Account()
    sub = Supervisor("sub", [c.child("sibling", cls), c.child("w", cls, apoptosis=JUDGED)], strategy=strategy)
    async with c.run(Supervisor("top", [sub])) as tree:
        ref = tree.ref("sub/w")
        c.log.clear()
        step(c, ref)
        account.tell(ref)
        replaced = asyncio.ensure_future(tree.replace("sub/w"))
        await w.advance(0.5)
        account.tell(ref)
        injected = asyncio.ensure_future(fault(w, c, tree))
        account.tell(ref)
        await w.advance(0.3)
        account.tell(ref)
        await w.advance(60.0)
        outcome = await _outcome(replaced)
        assert await _outcome(injected) is None or fault is ask_again
        alive = running(tree) if tree.is_alive else 0

        assert tree.system.alive == alive, c.log
        assert outcome is None or isinstance(outcome, SupervisionError | ActorDied), outcome
        assert (c.of(GaveUp), len(c.of(Died)) <= 2) == ([], True)
        assert len(c.of(Replaced)) + len(c.of(Kept)) <= len(c.of(Replacing))
        if tree.is_alive and ref.is_alive:
            account.tell(ref)
            assert await ref.ask(Do(lambda actor: actor.pid.incarnation)) == ref.pid.incarnation
    await w.advance(20.0)
    account.check(c)
    assert tree.system.alive == 0


async def _outcome(task: asyncio.Future[Any]) -> BaseException | None:
    assert task.done(), "nobody was answered"
    return task.exception()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_whatever_happens_at_whatever_step_one_life_serves_and_nothing_is_lost(step: Any, fault: Fault) -> None:
    strategy = "one_for_all" if fault is group_restart else "one_for_one"
    for seed in range(3):
        world(seed).run(lambda w: play(w, step, fault, AsyncPatient, strategy))


# -- what the lives themselves do wrong --------------------------------------------------------------------------------

BOOM = RuntimeError("boom")
NOBODY = Ignore("not needed")


async def late(actor: Patient, *args: Any) -> None:
    """Fail after a while."""
    await asyncio.sleep(0.5)
    raise BOOM


def begun(*lines: str) -> list[str]:
    return ["0 top/w gets a successor beside life 1 because of by hand", *lines]


@pytest.mark.parametrize("cls", [Patient, AsyncPatient])
@pytest.mark.parametrize(
    ("hook", "life", "plan", "log"),
    [
        ("init", 2, raising(BOOM), ["0 top/w is kept: its successor failed at start (RuntimeError: boom)"]),
        (
            "started",
            2,
            raising(BOOM),
            ["w#2 started", "0 top/w is kept: its successor failed at start (RuntimeError: boom)"],
        ),
        (
            "started",
            2,
            raising(NOBODY),
            ["w#2 started", "0 top/w is kept: its successor failed at start (it raised Ignore)"],
        ),
        (
            "ready",
            2,
            raising(BOOM),
            [
                "w#2 started",
                "w#2 ready",
                "0 top/w is kept: its successor failed at ready (ready() raised RuntimeError: boom)",
                "w#2 stopping shutdown",
            ],
        ),
        (
            "bequeath",
            1,
            raising(BOOM),
            [
                "w#2 started",
                "w#2 ready",
                "w#1 bequeath",
                "0 top/w is kept: its successor failed at bequeath (bequeath() raised RuntimeError: boom)",
                "w#2 stopping shutdown",
            ],
        ),
        (
            "inherit",
            2,
            raising(BOOM),
            [
                "w#2 started",
                "w#2 ready",
                "w#1 bequeath",
                "w#2 inherit []",
                "0 top/w is kept: its successor failed at inherit (inherit() raised RuntimeError: boom)",
                "w#2 stopping shutdown",
            ],
        ),
    ],
)
@world()
async def test_a_hook_that_raises_leaves_everything_as_it_was(
    w: World, cls: Any, hook: str, life: int, plan: Any, log: list[str]
) -> None:
    c = Chart()
    c.plan(hook, plan, life=life)
    async with c.top(cls=cls) as tree:
        error = await fails(tree.replace("w"), ReplacementFailed)
        await w.advance(10.0)
        answer = await tree.ref("w").ask(Add("x"))

        assert (answer, tree.system.alive, error.path) == (1, 2, "top/w")
        assert c.take() == begun(*log, "w#1: x")


@pytest.mark.parametrize(
    ("hook", "life", "kept", "gone"),
    [
        ("started", 2, "30 top/w is kept: its successor failed at start (not ready within 30 s)", 30.0),
        ("ready", 2, "30 top/w is kept: its successor failed at ready (not ready within 30 s)", 31.0),
        ("inherit", 2, "5 top/w is kept: its successor failed at inherit (no handover within 5 s)", 6.0),
    ],
)
@world()
async def test_a_successor_that_hangs_is_given_up_after_its_time(
    w: World, hook: str, life: int, kept: str, gone: float
) -> None:
    c = Chart()
    c.plan(hook, hang, life=life)
    async with c.top(cls=AsyncPatient) as tree:
        await fails(tree.replace("w"), ReplacementFailed)
        answer = await tree.ref("w").ask(Add("x"))
        await w.advance(gone - w.now() + 0.6)

        assert (answer, tree.system.alive) == (1, 2)
        assert c.of(Kept)[0].describe() == kept.partition(" ")[2]
        assert c.of(Kept)[0].at == float(kept.partition(" ")[0])


@world()
async def test_a_successor_that_is_never_ready_is_given_up_after_its_time(w: World) -> None:
    c = Chart("ready")
    c.plan("ready", lambda actor: False)
    async with c.top(apoptosis=Apoptosis(ready_within=7.0)) as tree:
        await fails(tree.replace("w"), ReplacementFailed)
        await w.idle()

        assert (w.now(), tree.system.alive, tree.ref("w").pid.incarnation) == (7.0, 2, 1)
        assert c.take()[2:4] == [
            "7 top/w is kept: its successor failed at ready (not ready within 7 s)",
            "w#2 stopping shutdown",
        ]


@world()
async def test_an_old_life_that_never_says_what_it_leaves_is_taken_over_from(w: World) -> None:
    c = Chart("ready", "started")
    c.plan("bequeath", hang, life=1)
    async with c.top(cls=AsyncPatient) as tree:
        ref = tree.ref("w")
        await ref.ask(Add("lost"))
        replaced = asyncio.ensure_future(tree.replace("w"))
        await w.idle()
        asked = asyncio.ensure_future(ref.ask(Add("next"), timeout=None))
        await replaced
        await w.advance(6.0)

        assert (await asked, await items(ref), tree.system.alive) == (2, ["next"], 2)
        assert c.take() == [
            "w#1: lost",
            "0 top/w gets a successor beside life 1 because of by hand",
            "w#1 bequeath",
            "5 top/w is replaced by life 2 after 5 s because of by hand, 1 message moved, inherits nothing",
            "w#2: next",
            "10 life 1 of top/w has ended: killed, which was not expected",
        ]


@pytest.mark.parametrize("hook", ["started", "ready", "inherit"])
@world()
async def test_a_successor_that_fails_late_has_not_cost_a_message(w: World, hook: str) -> None:
    c = Chart("bequeath", "stopping", "started", "ready")
    c.plan(hook, late, life=2)
    async with c.top(cls=AsyncPatient) as tree:
        ref = tree.ref("w")
        failed = asyncio.ensure_future(fails(tree.replace("w"), ReplacementFailed))
        lives = []
        for n in range(10):
            await w.advance(0.1)
            lives.append(await ref.ask(Add(n)))
        await failed

        assert (lives, await items(ref)) == ([1] * 10, list(range(10)))


@pytest.mark.parametrize("hook", ["started", "ready", "inherit"])
@world()
async def test_a_successor_that_crashes_by_itself_is_given_up_at_once(w: World, hook: str) -> None:
    c = Chart("bequeath", "stopping", "started", "ready", "inherit")

    async def doomed(actor: AsyncPatient, *args: Any) -> bool:
        actor.link(peer)
        peer.tell(Crash())
        await asyncio.sleep(100.0)
        return True

    c.plan(hook, doomed, life=2, id="w")
    async with c.top(cls=AsyncPatient) as tree:
        peer = await tree.system.spawn(AsyncPatient, c, "peer")
        error = await fails(tree.replace("w"), ReplacementFailed)
        await w.advance(10.0)

        assert (await tree.ref("w").ask(Add("x")), tree.system.alive) == (1, 2)
        assert w.now() == 10.0
        assert "Cancelled" not in error.why


@pytest.mark.parametrize(
    ("plan", "line", "at"),
    [
        (raising(BOOM), "life 1 of top/w has ended: crashed(RuntimeError: boom), which was not expected", 0.0),
        (sleeping(2.0), "life 1 of top/w has ended: apoptosis(by hand)", 2.0),
        (hang, "life 1 of top/w has ended: killed, which was not expected", 4.0),
    ],
    ids=["raises", "is slow", "hangs"],
)
@world()
async def test_how_the_old_life_ends_concerns_nobody_but_is_told(w: World, plan: Any, line: str, at: float) -> None:
    c = Chart()
    c.plan("stopping", plan, life=1)
    async with c.top("w x", cls=AsyncPatient, strategy="one_for_all", shutdown=4.0, max_restarts=0) as tree:
        await tree.replace("w")
        answer = await tree.ref("w").ask(Add("y"))
        await w.advance(10.0)

        assert (answer, w.now(), tree.system.alive) == (2, 10.0, 3)
        assert [event.describe() for event in c.events if "has ended" in event.describe()] == [line]
        assert [event.at for event in c.events if "has ended" in event.describe()] == [at]


# -- shutting down in the midst of it ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hook", "life"), [("started", 2), ("ready", 2), ("bequeath", 1), ("inherit", 2), ("stopping", 1)]
)
@pytest.mark.parametrize("shutdown", [0.0, 1.0, 3.0])
@world()
async def test_a_tree_ends_in_its_time_whatever_hangs(w: World, hook: str, life: int, shutdown: float) -> None:
    c = Chart()
    c.plan(hook, hang, life=life)
    async with c.top(cls=AsyncPatient, shutdown=shutdown) as tree:
        replaced = asyncio.ensure_future(tree.replace("w"))
        await w.advance(0.5)
        begun = w.now()
        await tree.stop()
        replaced.cancel()
        await asyncio.gather(replaced, return_exceptions=True)

        # a kill takes half a second at most to be obeyed
        assert w.now() - begun <= shutdown + 0.6
        assert tree.system.alive == 0


@world()
async def test_a_tree_does_not_wait_for_answers_that_a_predecessor_owes(w: World) -> None:
    c = Chart()
    async with c.top(shutdown=float("inf")) as tree:
        asked = asyncio.ensure_future(tree.ref("w").ask(Do(lambda actor: actor.defer() and None), timeout=None))
        await w.idle()
        await tree.replace("w")
        await tree.stop(timeout=1000.0)
        error = await fails(asked, ActorDied)

        assert (w.now() < 10.0, error.ref.name) == (True, "top/w")


@pytest.mark.parametrize("step", [starting, warming, bequeathing, inheriting], ids=lambda step: step.__name__)
@world()
async def test_a_killed_supervisor_says_nothing_of_a_replacement_any_more(w: World, step: Any) -> None:
    c = Chart()
    sub = Supervisor("sub", [c.child("w", AsyncPatient, apoptosis=JUDGED)], backoff=Backoff(0.001, 0.001))
    async with c.run(Supervisor("top", [sub])) as tree:
        step(c, tree.ref("sub/w"))
        asked = asyncio.ensure_future(tree.replace("sub/w"))
        await w.advance(0.5)
        tree.ref("sub").kill()
        error = await fails(asked, ActorDied)
        await w.advance(10.0)

        assert (str(error.reason), c.of(Kept), c.of(Replaced)) == ("killed", [], [])
        assert (tree.system.alive, tree.ref("sub/w").is_alive) == (3, True)
