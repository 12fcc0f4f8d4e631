"""Refs, names and lives that others elsewhere know of, in the moments in which that is just changing."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from actors import ActorDied, Blueprint, Crashed, Pid, Shutdown
from actors.errors import CodecError
from actors.evidence import Evidence, Harm
from actors.places import nearby
from actors.places.deputy import Deputy
from actors.places.endpoint import Endpoint
from actors.places.frames import Kind
from actors.places.pipe import Post
from actors.places.place import Process
from tests.actors.places.players import Player, Trapper
from tests.actors.places.stage import Note, Stage, Tireless, elsewhere, fails, order, play

SIMULATED = (Process(), True)


def one_by_one() -> Post:
    """Frames that come a millisecond apart, so that much can happen between two."""
    loop = asyncio.get_running_loop()
    due = 0.0

    def post(call: Callable[[], None]) -> None:
        nonlocal due
        due = max(due, loop.time()) + 0.001
        loop.call_at(due, call)

    return post


def test_of_two_that_take_a_name_in_the_same_moment_one_ends() -> None:
    async def test(s: Stage) -> None:
        refs = [await s.start(Player, "", True, name=name) for name in "pq"]
        for ref in refs:
            ref.tell(order("register", "chief"))
        await s.until(lambda: sum(ref.is_alive for ref in refs) == 1)
        (alive,) = (ref for ref in refs if ref.is_alive)
        (ended,) = (ref for ref in refs if not ref.is_alive)

        assert s.system.whereis("chief") is alive
        assert type(ended._cell.reason.exception).__name__ == "NameTaken"  # type: ignore[union-attr]

    play(SIMULATED, test)


def test_a_ref_that_took_its_time_stands_for_the_life_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(s: Stage) -> None:
        one = await s.start(Player, "one", True)
        two = await s.start(Player, "two", True, name="q", at_home=True, restarts=3)
        monkeypatch.setattr(nearby, "DELAY", 1.0)
        one.tell(order("keep", two))
        two.kill()
        await s.sleep(10.0)
        assert two.pid == Pid("q", 2)

        assert await one.ask(order("kept_pid"), timeout=30.0) == Pid("q", 2)
        await one.ask(order("monitor_kept"), timeout=30.0)
        two.kill()
        await s.sleep(10.0)
        await s.logged("one down q#2 killed")

    play(SIMULATED, test)


@elsewhere
async def test_actors_that_a_life_has_spawned_end_with_it(s: Stage) -> None:
    for how in ("stop", "boom", "kill"):
        ref = await s.start(Player, "", True, name=f"p-{how}")
        child = await ref.ask(order("spawn", "child"))
        if how == "kill":
            ref.kill()
        else:
            ref.tell(order(how))
        await ref.wait_ended()
        await s.until(lambda child=child: not child.is_alive)  # type: ignore[misc]
        error = await fails(child.ask(Note("x")))

        assert type(error) is ActorDied


@elsewhere
async def test_a_question_that_was_asked_from_there_is_not_handled_any_more_when_its_asker_is_gone(s: Stage) -> None:
    home = await s.start(Player, "home", True, name="home", at_home=True)
    ref = await s.start(Player, "", True)
    home.tell(order("sleep", 0.3))
    await s.until(lambda: "home asleep" in s.log)
    ref.tell(order("relay", home, Note("late")))
    await s.until(lambda: home.statistics().mailbox == 1)
    ref.kill()
    await ref.wait_ended()

    assert await home.ask(Note("next")) == "next"
    await s.logged("home asleep", "home awake", "home next")


@elsewhere
async def test_statistics_that_are_read_elsewhere_count_what_was_sent_from_there(s: Stage) -> None:
    one, two = await s.start(Player, "", True), await s.start(Player, "", True, name="q")
    for _ in range(5):
        await two.ask(Note("from home"))
    before = await one.ask(order("statistics", two))
    for _ in range(3):
        await one.ask(order("relay", two, Note("from there")))

    assert before == ("running", 0, 0)
    assert await one.ask(order("statistics", two)) == ("running", 0, 3)
    assert two.statistics().handled == 8


@elsewhere
async def test_a_management_call_that_comes_during_a_start_waits_for_it(s: Stage) -> None:
    ref = await s.start(Player, "x", True, restarts=1)
    ref.kill()
    await s.until(lambda: ref.pid.incarnation == 2)

    assert (await ref.get_state())["mark"] == "x "


def test_nothing_is_kept_of_lives_that_are_over() -> None:
    async def test(s: Stage) -> None:
        ref = await s.start(Player, "", True, restarts=30)
        held: list[Any] = []
        for _ in range(20):
            held.append(weakref.ref(ref._cell.actor))
            await ref.ask(order("spawn", "child"))
            life = ref.pid.incarnation
            ref.kill()
            await s.until(lambda life=life: ref.pid.incarnation > life and ref.is_alive)  # type: ignore[misc]
        before = len(s.system._roots)
        await s.sleep(20.0)  # longer than a question has
        gc.collect()

        assert sum(each() is not None for each in held) <= 4  # the last of each idle fiber
        assert before <= 6  # the scribe, the keeper, the embassy, and what ends just now
        assert len(s.system.registry.listeners) == 1

    play(SIMULATED, test)


def test_exports_of_names_are_forgotten_with_their_places() -> None:
    async def test(s: Stage) -> None:
        ref = await s.start(Player, "", True)
        endpoint: Endpoint = ref._cell.actor.endpoint
        count = len(endpoint.exports)
        for number in range(10):
            named = await s.system.spawn(Player, s.scribe, "", True, name=f"n{number}")
            await ref.ask(order("whereis", f"n{number}" if number % 2 else "nobody"))
            await named.stop()
        await s.sleep(0.1)

        assert len(endpoint.exports) == count

    play(SIMULATED, test)


# -- calls -------------------------------------------------------------------------------------------------------------


def test_a_call_over_a_link_that_is_gone_fails_at_once() -> None:
    async def test(s: Stage) -> None:
        endpoint = Endpoint(s.system)
        endpoint.lost()
        error = await fails(endpoint.call(Kind.HOOK, "ready", []))

        assert type(error) is ActorDied

    play((None, True), test)


def test_a_call_that_cannot_be_read_is_answered_with_why() -> None:
    async def test(s: Stage) -> None:
        sent: list[list[Any]] = []
        endpoint = Endpoint(s.system)
        endpoint.send = lambda frame, refused=None: sent.append(frame)  # type: ignore[method-assign]
        error = CodecError("x", "is not known")
        for head in ([Kind.HOOK, "inherit", 7], [Kind.MANAGE, 0, "get_state", 8], [Kind.START]):
            endpoint.on_unreadable(head, error)

        assert sent == [[Kind.TOLD, 7, None, error], [Kind.TOLD, 8, None, error], [Kind.STARTED, Crashed(error), False]]

    play((None, True), test)


@elsewhere
async def test_who_traps_may_be_told_of_an_end_while_it_is_busy(s: Stage) -> None:
    one, two = await s.start(Trapper, "one", True), await s.start(Player, "two", True, name="q")
    await one.ask(order("link", two))
    one.tell(order("sleep", 0.05))
    two.kill()

    await s.logged("one asleep", "one awake", "one exited q#1 killed")


def test_evidence_travels() -> None:
    async def test(s: Stage) -> None:
        ref = await s.start(Player, "", True)
        evidence = Evidence(Harm.INVARIANT, 1.0, "what", "message", "handler")

        assert await ref.ask(order("echo", evidence)) == evidence
        await asyncio.sleep(0)

    play(SIMULATED, test)


def test_word_of_an_end_waits_for_what_was_told_before_it_over_two_links(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearby, "in_order", one_by_one)

    async def test(s: Stage) -> None:
        one, two = await s.start(Trapper, "one"), await s.start(Player, "two", True, name="q")
        s.take()
        await one.ask(order("link", two))
        await two.ask(order("pid"))
        two.tell(order("tell", one, *(Note(str(number)) for number in range(3000))))
        two.tell(order("boom"))

        await s.logged(*(f"one {number}" for number in range(3000)), "one exited q#1 crashed(RuntimeError: boom)")

    play(SIMULATED, test)


def test_who_traps_hears_of_an_end_although_the_process_is_gone_before_it_told_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nearby, "in_order", one_by_one)

    async def test(s: Stage) -> None:
        one, two = await s.start(Trapper, "one", True), await s.start(Player, "two", True, name="q")
        await one.ask(order("link", two))
        await two.ask(order("pid"))
        two.tell(order("tell", one, *(Note(str(number)) for number in range(3000))))
        two.tell(order("exit", one, Shutdown("go")))
        await s.until(lambda: len(s.log) > 5)
        two.kill()
        await s.until(lambda: sum("exited" in line for line in s.log) == 2)

        told = [line for line in s.log if "exited" not in line]
        assert told == [f"one {number}" for number in range(len(told))]

    play(SIMULATED, test)


@pytest.mark.parametrize("seconds", [0.5 + half / 2 for half in range(16)])
@pytest.mark.parametrize("how", ["exit", "kill", "stop"])
def test_who_is_to_end_while_it_starts_ends(how: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(s: Stage) -> None:
        monkeypatch.setattr(nearby, "DELAY", 1.0)
        keeper = await s.system.spawn(Tireless, Blueprint.of(Player, (s.scribe, "", True), None, Process()), 0, "p")
        ref: Any = await keeper.ask("get")
        await s.sleep(seconds)
        if how == "exit":
            ref.exit(Shutdown("go"))
        elif how == "kill":
            ref.kill()
        else:
            await fails(ref.stop(Shutdown("go"), timeout=0.1))
        await s.sleep(20.0)

        assert not ref.is_alive
        assert str(ref._cell.reason) == {"exit": "shutdown(go)", "kill": "killed", "stop": "shutdown(go)"}[how]

    play(SIMULATED, test)


@pytest.mark.parametrize("how", ["exit", "kill"])
def test_who_is_to_end_in_the_moment_in_which_it_has_started_ends(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Deputy._on_started

    def end_then(deputy: Any, reason: Any, is_ignored: bool) -> None:
        heard(deputy, reason, is_ignored)
        if deputy.pid.incarnation == 1:
            deputy.ref.kill() if how == "kill" else deputy.ref.exit(Shutdown("go"))

    async def test(s: Stage) -> None:
        monkeypatch.setattr(Deputy, "_on_started", end_then)
        ref = await s.start(Player, "", True, restarts=1)
        await s.until(lambda: ref.pid.incarnation == 2 and ref.is_alive)

        assert await ref.ask(Note("on")) == "on"

    play(SIMULATED, test)
