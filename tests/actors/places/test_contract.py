"""What docs/messages.md and docs/supervision.md promise of a ref and of a life holds wherever the life is."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any

from actors import KILL, NORMAL, SHUTDOWN, Crashed, Mailbox, MailboxFull, NameTaken, Pid, Shutdown
from actors.events import Harmed
from actors.places.place import Host, Process, Thread
from actors.places.whereabouts import whereabouts_of
from tests.actors.places.players import (
    SMALL,
    Catcher,
    Painful,
    Player,
    Starter,
    Trapper,
    Whole,
    doubled,
)
from tests.actors.places.stage import AWAY, Note, Stage, Theatre, Urgent, everywhere, fails, order

# -- messages ----------------------------------------------------------------------------------------------------------


@everywhere
async def test_what_is_told_is_handled_in_order(s: Stage) -> None:
    ref = await s.start(Player)
    for number in range(3000):
        ref.tell(Note(str(number)))

    await s.logged("started 1", *(str(number) for number in range(3000)))


@everywhere
async def test_a_question_is_answered_with_what_the_handler_returns(s: Stage) -> None:
    ref = await s.start(Player)

    assert await ref.ask(Note("a")) == "a"
    assert await asyncio.gather(*(ref.ask(order("echo", n)) for n in range(2000))) == list(range(2000))


@everywhere
async def test_a_handlers_error_ends_the_life_and_is_the_reason_its_asker_gets(s: Stage) -> None:
    ref = await s.start(Player, restarts=1)

    error = await fails(ref.ask(order("boom", "no")))

    assert (type(error).__name__, error.ref, error.reason) == ("ActorDied", ref, Crashed(RuntimeError("no")))
    assert await ref.ask(order("pid")) == Pid("p", 2)
    await s.logged("started 1", "stopping crashed(RuntimeError: no)", "started 2")


@everywhere
async def test_questions_in_line_at_a_crash_are_answered_by_the_successor(s: Stage) -> None:
    ref = await s.start(Player, restarts=1)
    asks = [asyncio.ensure_future(ref.ask(message)) for message in (Note("a"), order("boom"), Note("b"), Note("c"))]

    results = await asyncio.gather(*asks, return_exceptions=True)

    assert [results[0], type(results[1]).__name__, *results[2:]] == ["a", "ActorDied", "b", "c"]
    await s.logged("started 1", "a", "stopping crashed(RuntimeError: boom)", "started 2", "b", "c")


@everywhere
async def test_what_waits_at_a_crash_goes_to_the_successor_in_order(s: Stage) -> None:
    ref = await s.start(Player, restarts=1)
    ref.tell(order("boom"))
    for number in range(2500):
        ref.tell(Note(str(number)))

    await s.logged(
        "started 1", "stopping crashed(RuntimeError: boom)", "started 2", *(str(number) for number in range(2500))
    )
    assert s.letters() == ["p: Order(verb='boom', args=()), in hand at the crash"]


@everywhere
async def test_a_question_that_takes_too_long_times_out_and_its_late_answer_goes_nowhere(s: Stage) -> None:
    ref = await s.start(Player)

    error = await fails(ref.ask(order("sleep", 0.3), timeout=0.1))
    await s.logged("started 1", "asleep", "awake")

    assert type(error).__name__ == "AskTimeout"
    assert await ref.ask(Note("on")) == "on"


@everywhere
async def test_a_question_that_was_not_begun_in_time_is_not_handled(s: Stage) -> None:
    ref = await s.start(Player)
    ref.tell(order("sleep", 0.4))

    error = await fails(ref.ask(Note("late"), timeout=0.1))
    assert await ref.ask(Note("next")) == "next"

    assert (type(error).__name__, s.log) == ("AskTimeout", ["started 1", "asleep", "awake", "next"])


@everywhere
async def test_a_question_whose_asker_was_cancelled_is_not_begun(s: Stage) -> None:
    ref = await s.start(Player)
    ref.tell(order("sleep", 0.2))
    asker = asyncio.ensure_future(ref.ask(Note("withdrawn")))
    await s.until(lambda: "asleep" in s.log)
    asker.cancel()
    assert await ref.ask(Note("next")) == "next"

    await s.logged("started 1", "asleep", "awake", "next")


@everywhere
async def test_a_handler_knows_how_much_time_its_question_has(s: Stage) -> None:
    ref = await s.start(Player)

    left = await ref.ask(order("remaining"), timeout=3.0)

    assert 2.0 < left <= 3.0
    assert await ref.ask(order("remaining"), timeout=None) is None


@everywhere
async def test_a_question_asked_in_a_handler_ends_with_the_deadline_of_that(s: Stage) -> None:
    ref = await s.start(Player)
    other = await s.start(Player, "other", True, name="other")
    other.tell(order("sleep", 0.5))

    error = await fails(ref.ask(order("relay", other, Note("x"), 30.0), timeout=0.2))
    assert await ref.ask(Note("alive")) == "alive"

    assert (type(error).__name__ in ("AskTimeout", "DeadlineExceeded"), ref.pid.incarnation) == (True, 1)


@everywhere
async def test_what_is_told_with_a_deadline_that_passes_is_a_dead_letter(s: Stage) -> None:
    ref = await s.start(Player)
    ref.tell(order("sleep", 0.3))
    ref.tell_within(0.1, Note("late"))
    ref.tell_within(30.0, Note("timely"))

    await s.logged("started 1", "asleep", "awake", "timely")
    await s.until(s.letters)
    assert s.letters() == ["p: late, expired"]


@everywhere
async def test_an_answer_may_be_given_later(s: Stage) -> None:
    ref = await s.start(Player)
    asks = [asyncio.ensure_future(ref.ask(order("defer"))) for _ in range(3)]
    await asyncio.sleep(0)
    await s.until(lambda: True)

    assert await ref.ask(order("reply", "at last")) == 3
    assert await asyncio.gather(*asks) == ["at last"] * 3


@everywhere
async def test_a_deferred_question_may_be_refused_without_a_crash(s: Stage) -> None:
    ref = await s.start(Player)
    ask = asyncio.ensure_future(ref.ask(order("defer")))
    await ref.ask(Note("between"))
    ref.tell(order("refuse", "no soup"))

    error = await fails(ask)

    assert (type(error), str(error), ref.pid.incarnation) == (ValueError, "no soup", 1)


@everywhere
async def test_answers_that_are_owed_at_a_crash_are_given_up(s: Stage) -> None:
    ref = await s.start(Player, "", True, restarts=1)
    asks = [asyncio.ensure_future(ref.ask(order("defer"))) for _ in range(3)]
    await ref.ask(Note("between"))
    ref.tell(order("boom"))

    errors = [await fails(ask) for ask in asks]
    assert [(type(error).__name__, str(error.reason)) for error in errors] == [
        ("ActorDied", "crashed(RuntimeError: boom)")
    ] * 3
    assert await ref.ask(Note("next")) == "next"
    await s.logged("between", "next")


@everywhere
async def test_more_answers_may_be_owed_than_a_window_holds(s: Stage) -> None:
    ref = await s.start(Player)
    asks = [asyncio.ensure_future(ref.ask(order("defer"), timeout=60.0)) for _ in range(2500)]
    await ref.ask(Note("between"), timeout=30.0)

    assert await ref.ask(order("reply", 7), timeout=30.0) == 2500
    assert await asyncio.gather(*asks) == [7] * 2500


@everywhere
async def test_nobody_asked_what_was_told(s: Stage) -> None:
    ref = await s.start(Player)
    ref.tell(order("is_asked"))
    ask = asyncio.ensure_future(ref.ask(order("is_asked"), timeout=0.2))

    await s.logged("started 1", "asked: False", "asked: True")
    await fails(ask)


@everywhere
async def test_stashed_messages_are_handled_when_they_are_put_back(s: Stage) -> None:
    ref = await s.start(Player)
    ref.tell(order("hold"))
    ask = asyncio.ensure_future(ref.ask(Note("a")))
    await asyncio.sleep(0)
    ref.tell(Note("b"))
    assert await ref.ask(order("unhold")) == 2
    ref.tell(Note("c"))

    await s.logged("started 1", "a", "b", "c")
    assert await ask == "a"


@everywhere
async def test_more_may_be_stashed_than_a_window_holds(s: Stage) -> None:
    ref = await s.start(Player)
    ref.tell(order("hold"))
    for number in range(3000):
        ref.tell(Note(str(number)))

    assert await ref.ask(order("unhold"), timeout=30.0) == 3000
    await s.logged("started 1", *(str(number) for number in range(3000)))


@everywhere
async def test_a_stash_survives_a_crash(s: Stage) -> None:
    ref = await s.start(Player, restarts=1)
    ref.tell(order("hold"))
    for text in "abc":
        ref.tell(Note(text))
    ref.tell(order("boom"))
    ref.tell(Note("d"))

    await s.logged("started 1", "stopping crashed(RuntimeError: boom)", "started 2", "a", "b", "c", "d")


@everywhere
async def test_a_stash_holds_as_many_as_the_mailbox(s: Stage) -> None:
    ref = await s.start(Player, mailbox=SMALL, restarts=0)
    await ref.ask(order("hold"))
    for text in "abc":
        ref.tell(Note(text))
        await s.sleep(0.01)

    error = await fails(ref.ask(Note("d")))

    assert "StashFull" in str(error)


@everywhere
async def test_a_question_may_be_forwarded_with_its_asker(s: Stage) -> None:
    front, back = await s.start(Player, "front", True), await s.start(Player, "back", True, name="back")
    home = await s.start(Player, "home", True, name="home", at_home=True)
    child = await front.ask(order("spawn", "child"))
    s.take()
    for other in (back, home, child):
        await front.ask(order("pass_to", other))
        assert await front.ask(Note("asked")) == "asked"
        front.tell(Note("told"))
        await front.ask(order("pid"))
        assert await other.ask(order("pid")) == other.pid

    await s.logged(*[f"{who} {what}" for who in ("back", "home", "child") for what in ("asked", "told")])


@everywhere
async def test_what_was_forwarded_is_not_given_up_with_who_forwarded_it(s: Stage) -> None:
    front, back = await s.start(Player, "front", True), await s.start(Player, "back", True, name="back")
    back.tell(order("sleep", 0.2))
    await front.ask(order("pass_to", back))
    ask = asyncio.ensure_future(front.ask(Note("asked")))
    await asyncio.sleep(0)  # now it is sent
    await front.ask(order("pid"))
    front.kill()
    await front.wait_ended()

    assert await ask == "asked"


@everywhere
async def test_what_is_continued_with_is_handled_next(s: Stage) -> None:
    ref = await s.start(Player)
    ref.tell(order("continue", "a", "b"))
    ref.tell(Note("c"))

    await s.logged("started 1", "a", "b", "c")


@everywhere
async def test_urgent_messages_overtake_the_others(s: Stage) -> None:
    ref = await s.start(Player)
    ref.tell(order("sleep", 0.2))
    await s.until(lambda: "asleep" in s.log)
    for number in range(1500):
        ref.tell(Note(str(number)))
    ref.tell(Urgent("urgent"))

    await s.until(lambda: len(s.log) == 1504)
    assert s.log[:5] == ["started 1", "asleep", "awake", "urgent", "0"]


@everywhere
async def test_an_urgent_question_is_answered(s: Stage) -> None:
    ref = await s.start(Player)

    assert await ref.ask(Urgent("now")) == "now"


@everywhere
async def test_a_message_without_a_handler_is_refused(s: Stage) -> None:
    ref = await s.start(Player)
    ref.tell("told")
    error = await fails(ref.ask("asked"))

    assert type(error).__name__ == "Unhandled"
    await s.until(lambda: len(s.letters()) == 2)
    assert s.letters() == ["p: told, unhandled", "p: asked, unhandled"]


@everywhere
async def test_a_class_may_take_what_it_has_no_handler_for(s: Stage) -> None:
    ref = await s.start(Catcher, restarts=1)

    assert await ref.ask("asked") == "caught"
    await s.logged("started 1", "unhandled asked")


@everywhere
async def test_a_class_may_receive_everything_in_one_place(s: Stage) -> None:
    ref = await s.start(Whole, restarts=1)
    ref.tell("boom")
    ref.tell("a")

    assert await ref.ask("b") == "b"
    await s.logged("received a", "received b")
    assert s.letters() == ["p: boom, in hand at the crash"]


@everywhere
async def test_an_actor_cannot_ask_itself(s: Stage) -> None:
    ref = await s.start(Player)

    error = await fails(ref.ask(order("relay", ref, Note("x"))))

    assert "AskSelf" in str(error)


@everywhere
async def test_an_actor_may_tell_itself(s: Stage) -> None:
    ref = await s.start(Player)
    ref.tell(order("self", "myself"))

    await s.logged("started 1", "myself")


@everywhere
async def test_values_of_all_kinds_travel_both_ways(s: Stage) -> None:
    ref = await s.start(Player)
    values = [None, True, 1, 2**80, 1.5, "ä", b"\0", [1, (2, {3})], {"a": {1: None}}, frozenset({1}), Note("n"), NORMAL]

    assert await ref.ask(order("echo", values)) == values


# -- mailboxes ---------------------------------------------------------------------------------------------------------


async def fill(s: Stage, ref: Any, count: int) -> tuple[int, list[Any]]:
    """Tell a busy actor ``count`` notes; how many were refused, and what awaits room."""
    refused, waiting = 0, []
    for number in range(count):
        try:
            space = ref.tell(Note(str(number)))
        except MailboxFull:
            refused += 1
        else:
            waiting.append(space)
        await asyncio.sleep(0)
    return refused, waiting


async def busy(s: Stage, overflow: Any) -> Any:
    ref = await s.start(Player, mailbox=Mailbox(limit=5, overflow=overflow))
    ref.tell(order("sleep", 0.4))
    await s.until(lambda: "asleep" in s.log)
    return ref


@everywhere
async def test_a_full_mailbox_refuses_what_is_one_too_many(s: Stage) -> None:
    ref = await busy(s, "reject")
    refused, _ = await fill(s, ref, 30)
    await s.until(lambda: len(s.log) == 3 + 30 - refused)

    await s.logged("started 1", "asleep", "awake", *map(str, range(30 - refused)))
    assert 30 - refused in range(5, 11)


@everywhere
async def test_a_full_mailbox_may_drop_the_newest(s: Stage) -> None:
    ref = await busy(s, "drop_newest")
    await fill(s, ref, 30)
    await s.until(lambda: len(s.log) + len(s.letters()) == 33)

    kept = len(s.log) - 3
    assert s.log[3:] == [str(number) for number in range(kept)]
    assert s.letters() == [f"p: {number}, mailbox full" for number in range(kept, 30)]


@everywhere
async def test_a_full_mailbox_may_drop_the_oldest(s: Stage) -> None:
    ref = await busy(s, "drop_oldest")
    await fill(s, ref, 30)
    await s.until(lambda: len(s.log) + len(s.letters()) == 33)

    assert s.log[-5:] == [str(number) for number in range(25, 30)]
    assert sorted(int(text) for text in [*s.log[3:], *(line.split()[1][:-1] for line in s.letters())]) == [*range(30)]
    assert {line.partition(", ")[2] for line in s.letters()} == {"dropped for a newer one"}


@everywhere
async def test_a_full_mailbox_may_let_its_senders_wait(s: Stage) -> None:
    ref = await busy(s, "wait")

    async def send() -> None:
        for number in range(30):
            await ref.tell(Note(str(number)))

    sender = asyncio.ensure_future(send())
    await asyncio.sleep(0)
    assert not sender.done()
    await s.logged("started 1", "asleep", "awake", *map(str, range(30)))
    await sender
    assert s.letters() == []


@everywhere
async def test_a_message_may_be_handed_out_again_until_it_is_quarantined(s: Stage) -> None:
    ref = await s.start(Player, "", True, mailbox=Mailbox(redeliver=3), restarts=5)
    ref.tell(order("boom"))
    ref.tell(Note("after"))

    await s.logged("after")
    assert (s.letters(), ref.pid.incarnation) == (["p: Order(verb='boom', args=()), quarantined"], 4)


@everywhere
async def test_statistics_tell_what_waits(s: Stage) -> None:
    ref = await s.start(Player)
    ref.tell(order("sleep", 0.3))
    await s.until(lambda: "asleep" in s.log)
    for text in "abc":
        ref.tell(Note(text))
    await s.sleep(0.02)

    seen = ref.statistics()

    assert (seen.mailbox, seen.busy, seen.state) == (3, True, "running")
    await s.until(lambda: s.log[-1] == "c")
    await s.until(lambda: ref.statistics().handled == 4)
    assert not ref.statistics().busy


# -- where it is -------------------------------------------------------------------------------------------------------


@everywhere
async def test_a_life_is_where_it_is_wanted(s: Stage) -> None:
    ref = await s.start(Player)

    process, thread = await ref.ask(order("where"))
    is_there = s.w is None and isinstance(s.place, Process | Host)
    found = whereabouts_of(ref._cell.actor)

    assert (process != os.getpid(), found.process) == (is_there, process if is_there else None)
    assert (thread != threading.current_thread().name) == isinstance(s.place, Thread)
    assert found.host == ("away" if s.place is AWAY else None)
    assert (Theatre.host is not None and process in Theatre.host.pids) == (s.place is AWAY)


# -- starts ------------------------------------------------------------------------------------------------------------


@everywhere
async def test_a_life_begins_with_its_constructor_and_started(s: Stage) -> None:
    ref = await s.start(Starter, "ok")

    assert await ref.ask(order("pid")) == Pid("p", 1)
    await s.logged("started p#1")


@everywhere
async def test_what_an_actor_tells_itself_at_its_start_is_its_first_message(s: Stage) -> None:
    await s.start(Starter, "tell")

    await s.logged("started p#1", "told in started")


@everywhere
async def test_a_start_that_ignores_leaves_no_life(s: Stage) -> None:
    ref = await s.start(Starter, "ignore")

    assert (ref.is_alive, ref._cell.reason) == (False, NORMAL)


@everywhere
async def test_a_start_that_fails_says_why(s: Stage) -> None:
    ref = await s.start(Starter, "fail")

    assert (ref.is_alive, ref._cell.reason) == (False, Crashed(ValueError("no start")))


@everywhere
async def test_a_constructor_that_raises_is_a_failed_start(s: Stage) -> None:
    ref = await s.start(Painful)

    assert (ref.is_alive, ref._cell.reason) == (False, Crashed(KeyError("no constructor")))


@everywhere
async def test_a_start_has_its_time(s: Stage) -> None:
    ref = await s.start(Starter, "hang", start_timeout=0.3)

    assert (ref.is_alive, str(ref._cell.reason)) == (False, "killed")


@everywhere
async def test_messages_wait_while_a_start_goes_on(s: Stage) -> None:
    ref = await s.start(Starter, "slow", restarts=1)
    ref.tell(order("boom"))
    ref.tell(Note("a"))

    assert await ref.ask(Note("b")) == "b"
    await s.logged("started p#1", "stopping crashed(RuntimeError: boom)", "started p#2", "a", "b")


# -- ends --------------------------------------------------------------------------------------------------------------


@everywhere
async def test_an_actor_ends_for_the_reason_it_gives(s: Stage) -> None:
    for reason in (NORMAL, SHUTDOWN, Shutdown("done")):
        ref = await s.start(Player, "", name=f"p-{reason}")
        s.take()
        ref.tell(order("stop", reason))
        ref.tell(Note("never"))
        ended = await ref.wait_ended()

        await s.until(lambda: s.log)
        assert (ended, s.take()) == (reason, [f"stopping {reason}"])


@everywhere
async def test_stop_waits_for_the_end(s: Stage) -> None:
    ref = await s.start(Player)
    ref.tell(order("sleep", 0.05))
    await s.until(lambda: "asleep" in s.log)

    await ref.stop(Shutdown("enough"), timeout=10.0)

    await s.logged("started 1", "asleep", "awake", "stopping shutdown(enough)")
    assert not ref.is_alive


@everywhere
async def test_a_kill_runs_no_hook(s: Stage) -> None:
    ref = await s.start(Player)
    ref.tell(order("sleep", 30.0))
    await s.until(lambda: "asleep" in s.log)
    ref.kill()

    assert str(await ref.wait_ended()) == "killed"
    await s.logged("started 1", "asleep")


@everywhere
async def test_what_waits_at_a_kill_goes_to_the_successor_and_what_is_in_hand_is_given_up(s: Stage) -> None:
    ref = await s.start(Player, restarts=1)
    ask = asyncio.ensure_future(ref.ask(order("sleep", 30.0), timeout=60.0))
    await s.until(lambda: "asleep" in s.log)
    for number in range(2500):
        ref.tell(Note(str(number)))
    await s.sleep(0.02)
    ref.kill()

    error = await fails(ask)
    await s.logged("started 1", "asleep", "started 2", *map(str, range(2500)))
    assert (type(error).__name__, str(error.reason), s.letters()) == ("ActorDied", "killed", [])


@everywhere
async def test_an_exit_signal_ends_a_life_for_its_reason(s: Stage) -> None:
    ref = await s.start(Player)
    ref.exit(Shutdown("go"))

    assert str(await ref.wait_ended()) == "shutdown(go)"
    await s.logged("started 1", "stopping shutdown(go)")


@everywhere
async def test_an_exit_signal_interrupts_a_handler_that_waits(s: Stage) -> None:
    ref = await s.start(Player)
    ref.tell(order("sleep", 30.0))
    await s.until(lambda: "asleep" in s.log)
    ref.exit(Shutdown("go"))

    assert str(await ref.wait_ended()) == "shutdown(go)"
    await s.logged("started 1", "asleep", "stopping shutdown(go)")


@everywhere
async def test_a_normal_exit_signal_harms_nobody(s: Stage) -> None:
    ref = await s.start(Player)
    ref.exit(NORMAL)

    assert await ref.ask(Note("alive")) == "alive"


@everywhere
async def test_who_traps_exits_is_told_of_them(s: Stage) -> None:
    ref = await s.start(Trapper)
    ref.exit(Shutdown("go"))

    await s.logged("started 1", "exited None shutdown(go)")
    assert ref.is_alive


@everywhere
async def test_trapping_may_begin_within_a_life(s: Stage) -> None:
    ref = await s.start(Player)
    await ref.ask(order("trap"))
    ref.exit(Shutdown("go"))

    await s.logged("started 1", "exited None shutdown(go)")


@everywhere
async def test_nobody_traps_a_kill(s: Stage) -> None:
    ref = await s.start(Trapper)
    ref.exit(KILL)

    assert str(await ref.wait_ended()) == "killed"
    await s.logged("started 1")


# -- links and monitors ------------------------------------------------------------------------------------------------


@everywhere
async def test_who_is_linked_dies_too_if_the_end_is_not_normal(s: Stage) -> None:
    one, two = await s.start(Player, "one"), await s.start(Player, "two", name="q")
    s.take()
    await one.ask(order("link", two))
    await two.ask(order("pid"))
    two.tell(order("boom"))

    assert [str(await ref.wait_ended()) for ref in (two, one)] == ["crashed(RuntimeError: boom)"] * 2
    await s.until(lambda: len(s.log) >= 2)
    assert sorted(s.log) == [f"{who} stopping crashed(RuntimeError: boom)" for who in ("one", "two")]


@everywhere
async def test_links_work_from_either_side(s: Stage) -> None:
    one, two = await s.start(Player, "one"), await s.start(Player, "two", name="q")
    await one.ask(order("link", two))
    await two.ask(order("pid"))
    one.kill()

    assert [str(await ref.wait_ended()) for ref in (one, two)] == ["killed"] * 2


@everywhere
async def test_a_link_that_is_undone_carries_no_signal(s: Stage) -> None:
    one, two = await s.start(Player, "one"), await s.start(Player, "two", name="q")
    await one.ask(order("link", two))
    await one.ask(order("unlink", two))
    two.kill()
    await two.wait_ended()

    assert await one.ask(Note("alive")) == "alive"


@everywhere
async def test_who_traps_hears_who_died_and_why_after_what_that_one_told(s: Stage) -> None:
    one, two = await s.start(Trapper, "one"), await s.start(Player, "two", True, name="q")
    s.take()
    await one.ask(order("link", two))
    one.tell(order("sleep", 0.1))
    two.tell(order("flood", one, 0))
    two.tell(order("tell", one, *(Note(str(number)) for number in range(200))))
    two.tell(order("boom"))

    await s.until(lambda: any("exited" in line for line in s.log))
    assert s.log[-1] == "one exited q#1 crashed(RuntimeError: boom)"
    assert [line for line in s.log if "sleep" not in line and "awake" not in line][:-1] == [
        f"one {number}" for number in range(200)
    ]


@everywhere
async def test_a_monitor_tells_once_which_life_ended_and_why(s: Stage) -> None:
    one, two = await s.start(Player, "one"), await s.start(Player, "two", True, name="q", restarts=3)
    s.take()
    await one.ask(order("monitor", two))
    await two.ask(order("pid"))
    for _ in range(2):
        await fails(two.ask(order("boom")))
        await two.ask(Note("again"))

    await one.ask(Note("end"))
    assert [line for line in s.log if "down" in line] == ["one down q#1 crashed(RuntimeError: boom)"]


@everywhere
async def test_the_news_of_an_end_come_after_what_was_told_before_it(s: Stage) -> None:
    one, two = await s.start(Player, "one"), await s.start(Player, "two", True, name="q", at_home=True)
    s.take()
    await one.ask(order("monitor", two))
    one.tell(order("sleep", 0.1))
    await s.until(lambda: s.log == ["one asleep"])
    two.tell(order("tell", one, *(Note(str(number)) for number in range(3000))))
    two.tell(order("boom"))

    await s.logged(
        "one asleep",
        "one awake",
        *(f"one {number}" for number in range(3000)),
        "one down q#1 crashed(RuntimeError: boom)",
    )


@everywhere
async def test_a_monitor_that_is_undone_tells_nothing(s: Stage) -> None:
    one, two = await s.start(Player, "one"), await s.start(Player, "two", True, name="q")
    s.take()
    await one.ask(order("monitor", two))
    assert await one.ask(order("demonitor")) is True
    two.kill()
    await two.wait_ended()
    await one.ask(Note("end"))

    await s.logged("one end")


@everywhere
async def test_a_monitor_of_the_dead_tells_noproc(s: Stage) -> None:
    one, two = await s.start(Player, "one"), await s.start(Player, "two", True, name="q")
    two.kill()
    await two.wait_ended()
    s.take()
    await one.ask(order("monitor", two))

    await s.logged("one down q#1 noproc")


@everywhere
async def test_the_far_side_may_monitor_and_be_monitored(s: Stage) -> None:
    home = await s.start(Player, "home", True, name="home", at_home=True)
    away = await s.start(Player, "away", True)
    await home.ask(order("monitor", away))
    await away.ask(order("monitor", home))
    home.tell(order("stop"))
    await s.logged("away down home#1 normal")


@everywhere
async def test_an_exit_signal_may_be_sent_from_there(s: Stage) -> None:
    one, two = await s.start(Player, "one", True), await s.start(Trapper, "two", True, name="q")
    one.tell(order("exit", two, Shutdown("go")))

    await s.logged("two exited p#1 shutdown(go)")


# -- refs --------------------------------------------------------------------------------------------------------------


@everywhere
async def test_a_ref_is_the_same_wherever_it_has_been(s: Stage) -> None:
    one, two = await s.start(Player, "", True), await s.start(Player, "", True, name="q")

    assert await one.ask(order("ref")) is one
    assert await one.ask(order("echo", [one, two, s.scribe])) == [one, two, s.scribe]
    assert await one.ask(order("is_same", one))
    assert not await one.ask(order("is_same", two))
    assert await one.ask(order("relay", two, order("echo", one))) is one


@everywhere
async def test_lives_elsewhere_talk_to_each_other(s: Stage) -> None:
    one, two = await s.start(Player, "one", True), await s.start(Player, "two", True, name="q")

    assert await one.ask(order("relay", two, Note("hello"))) == "hello"
    await s.logged("two hello")


@everywhere
async def test_a_ref_that_was_kept_reaches_the_next_life(s: Stage) -> None:
    one, two = await s.start(Player, "", True), await s.start(Player, "two", True, name="q", restarts=2)
    await one.ask(order("keep", two))
    two.kill()
    await s.until(lambda: two.pid.incarnation == 2 and two.is_alive)

    kept = await one.ask(order("kept"))
    assert kept is two
    assert await one.ask(order("relay", kept, order("pid"))) == Pid("q", 2)


@everywhere
async def test_a_life_knows_its_parent(s: Stage) -> None:
    ref = await s.start(Player)

    assert await ref.ask(order("parent")) == ref.parent
    assert ref.parent is not None


@everywhere
async def test_an_asker_hears_that_whom_it_asks_from_there_is_dead(s: Stage) -> None:
    one, two = await s.start(Player, "", True), await s.start(Player, "", True, name="q")
    two.kill()
    await two.wait_ended()

    error = await fails(one.ask(order("relay", two, Note("x"))))

    assert error.reason == Crashed(error.reason.exception)
    assert type(error.reason.exception).__name__ == "ActorDied"


@everywhere
async def test_whatever_a_life_told_before_its_end_arrives(s: Stage) -> None:
    for end in ("stop", "a crash"):
        home = await s.start(Whole, name=f"home-{end}", at_home=True)
        ref = await s.start(Player, "", True, name=f"p-{end}")
        s.take()
        ref.tell(order("flood", home, 4000, end))

        await s.logged(*(f"received {number}" for number in range(4000)))


# -- children of a life ------------------------------------------------------------------------------------------------


@everywhere
async def test_an_actor_that_was_spawned_there_is_an_actor_like_any_other(s: Stage) -> None:
    ref = await s.start(Player, "", True)
    child = await ref.ask(order("spawn", "child"))

    assert await child.ask(Note("hello")) == "hello"
    assert await ref.ask(order("relay", child, Note("inside"))) == "inside"
    await s.logged("child started 1", "child hello", "child inside")
    child.tell(order("boom"))
    assert str(await child.wait_ended()) == "crashed(RuntimeError: boom)"


@everywhere
async def test_a_linked_child_ends_with_its_parent_and_for_its_reason(s: Stage) -> None:
    ref = await s.start(Player, "", True)
    child = await ref.ask(order("spawn", "child", True))
    ref.tell(order("boom"))
    await ref.wait_ended()

    await s.until(lambda: not child.is_alive)
    await s.logged("child started 1", "child stopping crashed(RuntimeError: boom)")


# -- time and groups ---------------------------------------------------------------------------------------------------


@everywhere
async def test_timers_fire_in_their_order_and_end_with_the_life(s: Stage) -> None:
    ref = await s.start(Player, "", True, restarts=1)
    for seconds, text in ((0.1, "b"), (0.02, "a"), (0.4, "never")):
        await ref.ask(order("after", seconds, text))
    await s.logged("a", "b")
    ref.tell(order("boom"))
    await ref.ask(Note("next"))
    await s.sleep(0.5)

    await s.logged("a", "b", "next")


@everywhere
async def test_a_cancelled_timer_does_not_fire(s: Stage) -> None:
    ref = await s.start(Player, "", True)
    await ref.ask(order("after", 0.1, "never"))
    assert await ref.ask(order("cancel")) is True
    await s.sleep(0.2)

    assert s.log == []


@everywhere
async def test_handlers_of_a_life_share_a_context_and_no_other_has_it(s: Stage) -> None:
    one, two = await s.start(Player, "", True), await s.start(Player, "", True, name="q")
    await one.ask(order("paint", "red"))

    assert [await ref.ask(order("color")) for ref in (one, two)] == ["red", "none"]


@everywhere
async def test_what_an_actor_reports_is_published_at_home(s: Stage) -> None:
    seen: list[str] = []
    s.system.events.subscribe(lambda event: seen.append(f"{event.pid} {event.what}") if type(event) is Harmed else None)
    ref = await s.start(Player)
    await ref.ask(order("damage", 1.0, "a leak"))
    await s.until(lambda: seen)

    assert seen == ["p#1 a leak"]


# -- looking inside ----------------------------------------------------------------------------------------------------


@everywhere
async def test_the_state_of_a_life_can_be_seen_and_replaced(s: Stage) -> None:
    ref = await s.start(Player, "x", True)

    assert (await ref.get_state())["mark"] == "x "
    assert (await ref.replace_state(doubled))["mark"] == "x x "
    await ref.ask(Note("n"))
    await s.logged("x x n")


@everywhere
async def test_a_suspended_life_handles_nothing_until_it_is_resumed(s: Stage) -> None:
    ref = await s.start(Player, "", True)
    await ref.suspend()
    ref.tell(Note("a"))
    await s.sleep(0.1)
    assert s.take() == []
    await ref.resume()

    assert await ref.ask(Note("b")) == "b"
    await s.logged("a", "b")


@everywhere
async def test_what_nobody_will_handle_is_a_dead_letter(s: Stage) -> None:
    ref = await s.start(Player, "", True)
    ref.tell(order("sleep", 30.0))
    await s.until(lambda: "asleep" in s.log)
    ref.tell(Note("waiting"))
    await s.sleep(0.02)
    ref.kill()
    await ref.wait_ended()
    await s.until(lambda: len(s.letters()) == 2)
    ref.tell(Note("afterwards"))

    assert s.letters() == [
        "p: Order(verb='sleep', args=(30.0,)), in hand at the crash",
        "p: waiting, the actor is dead",
        "p: afterwards, the actor is dead",
    ]


# -- names and groups --------------------------------------------------------------------------------------------------


@everywhere
async def test_a_name_is_known_everywhere(s: Stage) -> None:
    one, two = await s.start(Player, "", True), await s.start(Player, "", True, name="q")
    await one.ask(order("register", "chief"))

    assert s.system.whereis("chief") is one
    assert await two.ask(order("whereis", "chief")) is one
    assert await two.ask(order("whereis", "scribe")) is s.scribe
    assert await two.ask(order("whereis", "nobody")) is None


@everywhere
async def test_a_name_belongs_to_one_at_a_time_and_is_free_after_its_end(s: Stage) -> None:
    one, two = await s.start(Player, "", True), await s.start(Player, "", True, name="q")
    await one.ask(order("register", "chief"))
    error = await fails(two.ask(order("register", "chief")))
    assert isinstance(error.reason.exception, NameTaken)
    three = await s.start(Player, "", True, name="r")
    one.kill()
    await one.wait_ended()
    await three.ask(order("register", "chief"))

    assert s.system.whereis("chief") is three


@everywhere
async def test_an_actor_that_is_spawned_there_with_a_name_is_found_by_it(s: Stage) -> None:
    one = await s.start(Player, "", True)
    child = await one.ask(order("spawn_named", "child", "kid"))

    assert s.system.whereis("kid") is child
    assert await one.ask(order("whereis", "kid")) is child


@everywhere
async def test_a_group_has_its_members_wherever_they_live(s: Stage) -> None:
    one, two = await s.start(Player, "one", True), await s.start(Player, "two", True, name="q")
    home = await s.start(Player, "home", True, name="home", at_home=True)
    for ref in (one, home, two):
        await ref.ask(order("join", "choir"))

    assert s.system.members("choir") == [one, home, two]
    assert await two.ask(order("members", "choir")) == [one, home, two]
    assert await two.ask(order("publish", "choir", Note("sing"))) == 3
    await s.until(lambda: len(s.log) == 3)
    await s.until(lambda: len(s.log) >= 3)
    assert sorted(s.log) == ["home sing", "one sing", "two sing"]
    await two.ask(order("leave", "choir"))
    one.kill()
    await one.wait_ended()
    assert s.system.members("choir") == [home]


@everywhere
async def test_a_copy_of_the_names_keeps_up_with_home(s: Stage) -> None:
    ref = await s.start(Player, "", True)
    home = await s.start(Player, "home", True, name="home", at_home=True)
    assert await ref.ask(order("whereis", "late")) is None
    s.system.register("late", home)
    await home.ask(order("join", "choir"))
    assert await ref.ask(order("whereis", "late")) is home
    assert await ref.ask(order("members", "choir")) == [home]
    s.system.unregister("late")
    await home.ask(order("leave", "choir"))

    assert await ref.ask(order("whereis", "late")) is None
    assert await ref.ask(order("members", "choir")) == []


@everywhere
async def test_a_name_that_is_taken_at_home_is_taken_elsewhere(s: Stage) -> None:
    ref = await s.start(Player, "", True)

    error = await fails(ref.ask(order("spawn_named", "child", "scribe")))

    assert type(error.reason.exception).__name__ == "NameTaken"


@everywhere
async def test_one_may_be_told_through_a_name_and_a_group(s: Stage) -> None:
    one, two = await s.start(Player, "one", True), await s.start(Player, "two", True, name="q")
    await one.ask(order("register", "chief"))
    await one.ask(order("join", "choir"))
    chief = await two.ask(order("whereis", "chief"))
    assert await chief.ask(Note("by name")) == "by name"
    assert s.system.publish("choir", Note("from home")) == 1
    await s.logged("one by name", "one from home")


@everywhere
async def test_what_is_joined_is_seen_by_who_joins_at_once(s: Stage) -> None:
    ref = await s.start(Player, "", True)

    assert await ref.ask(order("join_and_look", "choir", "name")) == ([ref], ref)
    assert await ref.ask(order("leave_and_look", "choir", "name")) == ([], None)
