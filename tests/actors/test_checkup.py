"""What a supervisor may look at and call in a life that it watches."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors import Actor, handle
from actors.blueprint import Blueprint
from actors.checkup import ask, begun, done_with, in_hand_for, is_suspended, leave, load, overrides, watch
from actors.pulse import Pulse
from actors.testing import World, world
from tests.actors.kit import Boom, Do, Log, Note, Puppet, Restarts, Sleep, fails


class Careful(Actor):
    """Has hooks of planned death, some of which fail or take their time."""

    def __init__(self, log: Log | None = None) -> None:
        self.log = log if log is not None else []

    def ready(self) -> bool:
        return True

    def bequeath(self) -> Any:
        raise OSError("torn")

    async def inherit(self, estate: Any) -> str:
        await asyncio.sleep(1.0)
        self.log.append(f"inherit {estate}")
        return "taken"

    @handle
    async def note(self, message: Note) -> None:
        self.log.append(message.text)

    @handle
    async def sleep(self, message: Sleep) -> None:
        await asyncio.sleep(message.seconds)


class More(Careful):
    """Inherits its hooks."""


@pytest.mark.parametrize(
    ("cls", "hooks", "all_of_them"),
    [
        (Careful, ("bequeath", "inherit"), True),
        (More, ("bequeath", "inherit"), True),
        (Careful, ("vitals",), False),
        (Careful, ("bequeath", "vitals"), False),
        (Puppet, ("bequeath",), False),
    ],
)
def test_a_class_has_a_hook_if_it_or_a_base_of_it_defines_it(
    cls: type[Actor], hooks: tuple[str, ...], all_of_them: bool
) -> None:
    assert overrides(Blueprint.of(cls, (), None), *hooks) is all_of_them


@world()
async def test_what_a_hook_returns_or_raises_is_told_and_harms_nobody(w: World) -> None:
    ref = await w.spawn(Careful)
    results: list[Any] = []
    for hook, args in (("ready", ()), ("bequeath", ()), ("inherit", (7,)), ("vitals", ()), ("inherit", ())):
        ask(ref, hook, args, lambda result, error, hook=hook: results.append((hook, result, type(error).__name__)))  # type: ignore[misc]
    await w.advance(2.0)

    assert results == [
        ("ready", True, "NoneType"),
        ("bequeath", None, "OSError"),
        ("inherit", "taken", "NoneType"),
        ("vitals", None, "NoneType"),
        ("inherit", None, "TypeError"),
    ]
    assert ref.is_alive


@world()
async def test_a_hook_comes_before_the_messages_that_wait_and_after_the_one_in_hand(w: World) -> None:
    log: Log = []
    ref = await w.spawn(Careful, log)
    ref.tell(Sleep(1.0))
    ref.tell(Note("waits"))
    await w.idle()
    times: list[tuple[str, float]] = []
    ask(
        ref,
        "inherit",
        ("it",),
        lambda result, error: times.append(("done", w.now())),
        lambda: times.append(("begun", w.now())),
    )
    await w.advance(3.0)

    assert (times, log) == ([("begun", 1.0), ("done", 2.0)], ["inherit it", "waits"])


@world()
async def test_a_life_that_ends_before_says_nothing(w: World) -> None:
    ref = await w.spawn(Careful)
    told: list[Any] = []
    ref.tell(Sleep(1.0))
    await w.idle()
    ask(ref, "ready", (), lambda *outcome: told.append(outcome))
    ref.kill()
    await w.advance(2.0)
    ask(ref, "ready", (), lambda *outcome: told.append(outcome))
    await w.advance(2.0)

    assert told == []


@world()
async def test_messages_are_counted_from_the_begin_of_the_life(w: World) -> None:
    keeper = await w.spawn(Restarts, Blueprint(Puppet, (), {}), 1)
    ref = await keeper.ask("place")
    for n in range(3):
        await ref.ask(Note(str(n)))
    first = (begun(ref), done_with(ref))
    ref.tell(Boom())
    await w.idle()
    ref.tell(Note("x"))
    ref.tell(Sleep(1.0))
    await w.idle()
    busy = (begun(ref), done_with(ref))
    await w.advance(2.0)

    assert (first, busy, (begun(ref), done_with(ref))) == ((3, 3), (2, 1), (2, 2))


@world()
async def test_how_long_the_message_in_hand_takes_is_known_if_it_has_a_target(w: World) -> None:
    timed, plain = await w.spawn(Puppet), await w.spawn(Puppet)
    watch(timed, Pulse(lambda evidence: None, latency=0.5))
    for ref in (timed, plain):
        ref.tell(Sleep(3.0))
    await w.advance(2.0)
    busy = [in_hand_for(ref) for ref in (timed, plain)]
    await w.advance(2.0)

    assert (busy, [in_hand_for(ref) for ref in (timed, plain)]) == ([pytest.approx(2.0, abs=0.001), 0.0], [0.0, 0.0])


@world()
async def test_without_a_watchdog_the_load_is_unknown(w: World) -> None:
    assert load(await w.spawn(Puppet)) is None


@world()
async def test_who_is_suspended_is_known(w: World) -> None:
    ref = await w.spawn(Puppet)
    before = is_suspended(ref)
    await ref.suspend()
    suspended = is_suspended(ref)
    await ref.resume()

    assert (before, suspended, is_suspended(ref)) == (False, True, False)


# -- what is left to the next life -------------------------------------------------------------------------------------


class Heir(Puppet):
    """Writes down what it inherits."""

    def inherit(self, estate: Any) -> None:
        self.write(f"inherit {estate}")


class LateHeir(Puppet):
    """Takes a second to inherit, in a class whose start is a plain function."""

    async def inherit(self, estate: Any) -> None:
        await asyncio.sleep(1.0)
        self.write(f"inherit {estate}")


class BadHeir(Puppet):
    """Cannot inherit."""

    def inherit(self, estate: Any) -> None:
        self.write(f"inherit {estate}")
        raise OSError("rotten")


async def place(w: World, cls: type[Actor], log: Log) -> Any:
    keeper = await w.spawn(Restarts, Blueprint(cls, (log,), {}), 3)
    return await keeper.ask("place")


@pytest.mark.parametrize("cls", [Heir, LateHeir])
@world()
async def test_the_next_life_inherits_after_its_start_and_before_its_first_message(w: World, cls: Any) -> None:
    log: Log = []
    ref = await place(w, cls, log)
    leave(ref, "estate")
    ref.tell(Boom())
    ref.tell(Note("next"))
    await w.advance(2.0)

    assert log[-3:] == ["started", "inherit estate", "next"]


@world()
async def test_nobody_inherits_twice(w: World) -> None:
    log: Log = []
    ref = await place(w, Heir, log)
    leave(ref, "estate")
    for _ in range(2):
        ref.tell(Boom())
        await w.idle()

    assert log.count("inherit estate") == 1


@world()
async def test_what_was_left_can_be_taken_back(w: World) -> None:
    log: Log = []
    ref = await place(w, Heir, log)
    leave(ref, "estate")
    leave(ref)
    ref.tell(Boom())
    await w.idle()

    assert "inherit estate" not in log


@world()
async def test_an_estate_that_cannot_be_taken_over_fails_the_start(w: World) -> None:
    log: Log = []
    ref = await place(w, BadHeir, log)
    leave(ref, "estate")
    ref.tell(Boom())
    await w.idle()

    assert (ref.is_alive, log[-1]) == (False, "inherit estate")


@world()
async def test_nobody_is_asked_to_inherit_nothing(w: World) -> None:
    log: Log = []
    ref = await place(w, BadHeir, log)
    ref.tell(Boom())
    await w.idle()

    assert (ref.is_alive, log[-1]) == (True, "started")
    await fails(ref.ask(Do(lambda actor: 1 / 0)))
