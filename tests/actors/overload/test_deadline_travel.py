"""Deadlines travel: what is asked for the sake of a message ends with it, and what came too late is not begun."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from actors import (
    Actor,
    ActorDied,
    AskTimeout,
    Blueprint,
    CoDel,
    DeadlineExceeded,
    Mailbox,
    MailboxFull,
    Ref,
    Undelivered,
    handle,
)
from actors.testing import World, world
from tests.actors.kit import Do, Note, Plain, Puppet, Restarts, Sleep, fails, letters


class Front(Puppet):
    """Asks another for the sake of what it is asked, and writes down how that ended, and when."""

    def __init__(self, w: World, back: Ref[Any], timeout: float | None = 60.0) -> None:
        super().__init__()
        self.w = w
        self.back = back
        self.timeout = timeout

    @handle
    async def through(self, message: str) -> str:
        begun = self.w.now()
        try:
            await self.back.ask(Sleep(10.0), self.timeout)
        except AskTimeout as error:
            self.write(f"{type(error).__name__} after {self.w.now() - begun:g} s")
        return message


async def outcome(w: World, given: float | None, own: float | None) -> list[str]:
    """Ask somebody, with a deadline or none, who asks somebody slow with a timeout of its own, or none."""
    front = await w.spawn(Front, w, await w.spawn(Puppet), own)
    asked = asyncio.create_task(front.ask("question", given))
    await asyncio.wait([asked])
    asked.exception()
    await w.advance(10.0)
    log: list[str] = front._cell.actor.log[1:]
    return log


@world()
async def test_a_question_asked_in_a_handler_ends_with_the_message_in_hand(w: World) -> None:
    assert await outcome(w, given=1.0, own=5.0) == ["DeadlineExceeded after 1 s"]


@world()
async def test_also_one_that_has_no_timeout_of_its_own(w: World) -> None:
    assert await outcome(w, given=1.0, own=None) == ["DeadlineExceeded after 1 s"]


@world()
async def test_its_own_timeout_holds_if_it_is_shorter(w: World) -> None:
    assert await outcome(w, given=5.0, own=1.0) == ["AskTimeout after 1 s"]


@world()
async def test_without_a_deadline_of_the_message_its_own_timeout_holds(w: World) -> None:
    assert await outcome(w, given=None, own=2.0) == ["AskTimeout after 2 s"]


@world()
async def test_a_deadline_goes_down_a_chain(w: World) -> None:
    last = await w.spawn(Front, w, await w.spawn(Puppet))
    first = await w.spawn(Puppet)

    async def ask_on(actor: Any) -> None:
        await last.ask("question", timeout=60.0)

    await fails(first.ask(Do(ask_on), timeout=1.0), AskTimeout)
    await w.advance(5.0)

    assert last._cell.actor.log == ["started", "DeadlineExceeded after 1 s"]


@world()
async def test_it_holds_for_questions_that_are_gathered_too(w: World) -> None:
    back = [await w.spawn(Puppet) for _ in range(3)]
    seen: list[str] = []

    async def ask_all(actor: Any) -> None:
        results = await asyncio.gather(*(ref.ask(Sleep(9.0), timeout=30.0) for ref in back), return_exceptions=True)
        seen.extend(f"{type(result).__name__} at {w.now():g}" for result in results)

    front = await w.spawn(Puppet)
    await fails(front.ask(Do(ask_all), timeout=1.0), AskTimeout)
    await w.advance(5.0)

    assert seen == ["DeadlineExceeded at 1"] * 3


@world()
async def test_a_task_of_its_own_is_not_bound_by_it(w: World) -> None:
    back, front = await w.spawn(Puppet), await w.spawn(Puppet)
    tasks: list[asyncio.Task[Any]] = []

    async def later() -> str:
        await asyncio.sleep(2.0)
        answer: str = await back.ask(Sleep(1.0))
        return answer

    async def begin(actor: Any) -> None:
        tasks.append(asyncio.create_task(later()))

    await front.ask(Do(begin), timeout=1.0)

    assert await tasks[0] == "awake"


@world()
async def test_when_nothing_is_left_it_fails_at_once_and_nothing_is_sent(w: World) -> None:
    log: list[str] = []
    back, front = await w.spawn(Puppet, log), await w.spawn(Puppet)
    seen: list[Any] = []

    async def too_late(actor: Any) -> None:
        await asyncio.sleep(2.0)
        seen.append(await fails(back.ask(Note("never")), DeadlineExceeded))
        seen.append(w.now())

    await fails(front.ask(Do(too_late), timeout=1.0), AskTimeout)
    await w.advance(5.0)

    assert (str(seen[0]), seen[1]) == (f"{back} did not answer Note before the deadline of the message in hand", 2.0)
    assert log == ["started"]


@pytest.mark.parametrize("mailbox", [Mailbox(), Mailbox(control=CoDel())], ids=["plain", "controlled"])
def test_a_deadline_that_leaves_the_handler_ends_the_message_and_not_the_life(mailbox: Mailbox) -> None:
    async def scenario(w: World) -> None:
        back, front = await w.spawn(Puppet), await w.spawn(Puppet, mailbox=mailbox)
        await fails(front.ask(Do(lambda actor: back.ask(Sleep(9.0))), timeout=1.0), AskTimeout)
        await w.advance(1.0)

        assert await front.ask(Note("alive")) == "alive"
        assert front.pid.incarnation == 1

    world().run(scenario)


@world()
async def test_a_timeout_of_its_own_that_leaves_the_handler_ends_the_life(w: World) -> None:
    back, front = await w.spawn(Puppet), await w.spawn(Puppet)
    error = await fails(front.ask(Do(lambda actor: back.ask(Sleep(9.0), timeout=0.5)), timeout=1.0), ActorDied)

    assert str(error.reason) == f"crashed(AskTimeout: {back} did not answer Sleep within 0.5 s)"


@world()
async def test_so_does_the_deadline_of_somebody_elses_message(w: World) -> None:
    """The one in the middle asked with half a second; the deadline that its own asker gave it is not over."""
    back, middle, front = [await w.spawn(Puppet) for _ in range(3)]

    async def hurry(actor: Any) -> None:
        await middle.ask(Do(lambda actor: back.ask(Sleep(9.0))), timeout=0.5)

    error = await fails(front.ask(Do(hurry), timeout=5.0), ActorDied)

    assert isinstance(error.reason.exception, AskTimeout)
    assert (middle.is_alive, front.is_alive) == (True, False)


@world()
async def test_waiting_for_room_ends_with_the_message_in_hand(w: World) -> None:
    back = await w.spawn(Puppet, mailbox=Mailbox(1, "wait"))
    front = await w.spawn(Puppet)
    back.tell(Sleep(9.0))
    await w.idle()
    back.tell(Note("fills it"))
    seen: list[str] = []

    async def squeeze(actor: Any) -> None:
        error = await fails(back.ask(Note("no room"), timeout=None), AskTimeout)
        seen.append(f"{type(error).__name__} at {w.now():g}")

    await fails(front.ask(Do(squeeze), timeout=1.0), AskTimeout)
    await w.advance(1.0)

    assert seen == ["DeadlineExceeded at 1"]


@world()
async def test_questions_that_are_answered_leave_nothing_behind(w: World) -> None:
    back, front = await w.spawn(Puppet), await w.spawn(Puppet)
    for _ in range(100):
        await front.ask(Do(lambda actor: back.ask(Note("quick"))), timeout=1.0)
    system = await w.system()

    assert system.statistics().asking == 0
    await w.advance(2.0)
    assert system.scheduler.deadlines.inherited == {}


@world()
async def test_a_forwarded_question_takes_its_deadline_along(w: World) -> None:
    back, front = await w.spawn(Puppet), await w.spawn(Puppet)
    seen: list[float | None] = []

    def look(actor: Any) -> None:
        if actor.ref is front:
            actor.forward(back)
        else:
            seen.append(actor.remaining())

    await front.ask(Do(look), timeout=3.0)

    assert seen == [3.0]


class Patient(Actor):
    """Says how long there is for what it is asked."""

    @handle
    async def note(self, message: Note) -> list[float | None]:
        before = self.remaining()
        await asyncio.sleep(1.0)
        return [before, self.remaining()]

    @handle
    async def do(self, message: Do) -> Any:
        await asyncio.sleep(2.0)
        message.act(self)


@pytest.mark.parametrize("mailbox", [Mailbox(), Mailbox(control=CoDel())], ids=["plain", "controlled"])
def test_an_actor_knows_what_remains_for_the_message_in_hand(mailbox: Mailbox) -> None:
    async def scenario(w: World) -> None:
        ref = await w.spawn(Patient, mailbox=mailbox)

        assert await ref.ask(Note("q"), timeout=3.0) == [3.0, 2.0]
        assert await ref.ask(Note("q"), timeout=None) == [None, None]

    world().run(scenario)


@world()
async def test_nothing_remains_when_it_is_late(w: World) -> None:
    ref = await w.spawn(Patient)
    seen: list[float | None] = []
    await fails(ref.ask(Do(lambda actor: seen.append(actor.remaining())), timeout=1.0), AskTimeout)
    await w.advance(5.0)

    assert seen == [0.0]


@pytest.mark.parametrize("mailbox", [Mailbox(), Mailbox(control=CoDel(5.0, 5.0))], ids=["plain", "controlled"])
@pytest.mark.parametrize("cls", [Plain, Puppet])
def test_a_message_that_is_begun_in_time_is_handled(mailbox: Mailbox, cls: type[Actor]) -> None:
    async def scenario(w: World) -> None:
        log: list[str] = []
        ref = await w.spawn(cls, log, mailbox=mailbox)
        ref.tell_within(1.0, Note("in time"))
        await w.idle()

        assert log == ["started", "in time"]
        assert ref.statistics().handled == 1

    world().run(scenario)


@pytest.mark.parametrize("mailbox", [Mailbox(), Mailbox(control=CoDel(5.0, 5.0))], ids=["plain", "controlled"])
def test_one_that_is_not_is_a_dead_letter(mailbox: Mailbox) -> None:
    async def scenario(w: World) -> None:
        log: list[str] = []
        ref = await w.spawn(Puppet, log, name="p", mailbox=mailbox)
        ref.tell(Sleep(1.0))
        ref.tell_within(0.9, Note("too late"))
        ref.tell_within(1.1, Note("in time"))
        await w.advance(2.0)

        assert log == ["started", "asleep", "awake", "in time"]
        assert letters(await w.system()) == ["p: too late, expired"]
        assert (await w.system()).dead_letters.counts[Undelivered.EXPIRED] == 1
        assert (ref.statistics().expired, ref.statistics().handled) == (1, 2)

    world().run(scenario)


@world()
async def test_what_is_told_with_a_deadline_caps_what_its_handler_asks(w: World) -> None:
    back = await w.spawn(Puppet)
    front = await w.spawn(Front, w, back)
    front.tell_within(2.0, "question")
    await w.advance(5.0)

    assert front._cell.actor.log == ["started", "DeadlineExceeded after 2 s"]


@world()
async def test_a_message_told_whose_handler_ran_out_of_time_is_a_dead_letter(w: World) -> None:
    back, front = await w.spawn(Puppet), await w.spawn(Puppet, name="front")
    front.tell_within(1.0, Do(lambda actor: back.ask(Sleep(9.0))))
    await w.advance(5.0)

    assert letters(await w.system()) == ["front: Do, expired"]
    assert front.is_alive


@pytest.mark.parametrize("seconds", [-1.0, float("nan")])
def test_a_time_that_cannot_be_meant_is_refused(seconds: float) -> None:
    async def scenario(w: World) -> None:
        ref = await w.spawn(Puppet)
        with pytest.raises(ValueError, match=f"a message needs a time of 0 or more seconds; got {seconds}"):
            ref.tell_within(seconds, Note("never"))

    world().run(scenario)


@world()
async def test_a_full_mailbox_follows_its_policy_for_it_too(w: World) -> None:
    ref = await w.spawn(Puppet, mailbox=Mailbox(1))
    ref.tell(Sleep(1.0))
    await w.idle()
    ref.tell_within(1.0, Note("a"))

    with pytest.raises(MailboxFull):
        ref.tell_within(1.0, Note("b"))


@world()
async def test_what_was_begun_in_time_is_handed_out_again_even_if_that_is_late(w: World) -> None:
    log: list[str] = []
    blueprint = Blueprint(Puppet, (log,), {}, Mailbox(redeliver=2))
    ref = await (await w.spawn(Restarts, blueprint, 9, "p")).ask("place")
    lives: list[int] = []

    async def once(actor: Any) -> None:
        lives.append(actor.pid.incarnation)
        await asyncio.sleep(2.0)
        if len(lives) == 1:
            raise RuntimeError("once")

    ref.tell_within(1.0, Do(once))
    await w.advance(9.0)

    assert lives == [1, 2]


@world()
async def test_deadlines_that_pass_before_anybody_has_begun_are_counted_and_others_are_not(w: World) -> None:
    ref = await w.spawn(Puppet)
    in_hand = asyncio.create_task(fails(ref.ask(Sleep(5.0), timeout=1.0), AskTimeout))
    await w.idle()
    waiting = [asyncio.create_task(fails(ref.ask(Note("q"), timeout=2.0), AskTimeout)) for _ in range(3)]
    await asyncio.gather(in_hand, *waiting)

    assert ref.statistics().expired == 3


@world()
async def test_a_deferred_answer_that_comes_too_late_was_begun(w: World) -> None:
    ref = await w.spawn(Puppet)
    await fails(ref.ask(Do(lambda actor: actor.defer() and None), timeout=1.0), AskTimeout)

    assert ref.statistics().expired == 0
