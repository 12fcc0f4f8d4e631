"""Check-ups: what is measured of each life at its intervals, what it says of itself, and the copies of its estate."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from actors import AskTimeout, Mailbox, MailboxFull
from actors.evidence import Evidence, Harm
from actors.testing import World, world
from supervisors import INFINITY, Apoptosis, Supervisor, Weights
from supervisors.apoptosis import checkups, memory
from supervisors.apoptosis.checkups import read_probe
from supervisors.apoptosis.events import Damaged, Replaced, Replacing, Retired
from supervisors.events import Unexpected
from tests.supervisors.apoptosis.fixtures import (
    JUDGED,
    Add,
    AsyncPatient,
    AsyncProbed,
    Chart,
    Do,
    Hold,
    Patient,
    Probed,
    answering,
    damaging,
    hang,
    items,
    raising,
    sleeping,
)
from tests.supervisors.fixtures import fails

MEGABYTE = 1_000_000


def counted(hook: str) -> tuple[Chart, list[float], Any]:
    """A chart that notes when a hook was called."""
    chart, times = Chart(), list[float]()

    def called(actor: Patient, *args: Any) -> Any:
        times.append(actor.system.now())
        return actor.items if hook == "bequeath" else None

    chart.plan(hook, called)
    return chart, times, called


# -- when --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("every", [0.25, 1.0, 7.0])
@world()
async def test_a_life_is_looked_at_at_regular_intervals(w: World, every: float) -> None:
    c, times, _ = counted("vitals")
    async with c.top(cls=Probed, apoptosis=Apoptosis(every=every)):
        begun = w.now()
        await w.advance(10 * every)

        assert [time - begun for time in times] == pytest.approx([every * n for n in range(1, 11)])


@world()
async def test_each_interval_is_kept_for_itself(w: World) -> None:
    c, times, _ = counted("vitals")
    children = [c.child(id, Probed, apoptosis=Apoptosis(every=every)) for id, every in (("a", 2.0), ("b", 3.0))]
    async with c.run(Supervisor("top", children)) as tree:
        await w.advance(6.5)
        await tree.terminate_child("a")
        await w.advance(6.0)

        assert times == [2.0, 3.0, 4.0, 6.0, 6.0, 9.0, 12.0]


@world()
async def test_a_thousand_lives_are_all_looked_at(w: World) -> None:
    c, times, _ = counted("vitals")
    async with c.top(" ".join(f"w{n}" for n in range(1000)), cls=Probed, apoptosis=JUDGED):
        await w.advance(2.5)

        assert len(times) == 2000


@world()
async def test_nobody_is_looked_at_who_is_not_there(w: World) -> None:
    c, times, _ = counted("vitals")
    async with c.top("a b", cls=Probed, apoptosis=JUDGED) as tree:
        await tree.terminate_child("a")
        await tree.terminate_child("b")
        await w.advance(5.0)
        before = len(times)
        await tree.restart_child("a")
        await w.advance(2.0)

        assert (before, len(times)) == (0, 2)


@world()
async def test_nobody_is_looked_at_while_a_successor_is_on_its_way(w: World) -> None:
    c, times, _ = counted("vitals")
    c.plan("ready", sleeping(3.5, True))
    async with c.top(cls=AsyncProbed, apoptosis=JUDGED) as tree:
        await tree.replace("w")
        during = len(times)
        await w.advance(3.0)

        assert (during, len(times)) == (0, 3)


@world()
async def test_a_life_without_a_policy_is_never_looked_at(w: World) -> None:
    c, times, _ = counted("vitals")
    async with c.top(cls=Probed) as tree:
        await tree.replace("w")
        await w.advance(5.0)

        assert (times, tree.vitals("w")) == ([], None)


@world()
async def test_an_idle_tree_is_left_alone_when_it_ends(w: World) -> None:
    c, times, _ = counted("vitals")
    async with c.top(cls=Probed, apoptosis=JUDGED):
        await w.advance(1.5)
    await w.advance(10.0)

    assert len(times) == 1


# -- what an actor says of itself --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "weight"),
    [
        (None, 0.0),
        (True, 0.0),
        (0, 0.0),
        (0.0, 0.0),
        (-0.0, 0.0),
        (False, 1.0),
        (0.5, 0.5),
        (1, 1.0),
        (2.25, 2.25),
        (-1, 1.0),
        (math.nan, 1.0),
        (math.inf, 1.0),
        ("ill", 1.0),
        ([], 1.0),
        (1j, 1.0),
        (object(), 1.0),
    ],
    ids=lambda value: type(value).__name__ if type(value) is object else repr(value),
)
@world()
async def test_what_vitals_says_is_taken_at_its_word_and_nonsense_as_a_fault(
    w: World, said: Any, weight: float
) -> None:
    c = Chart()
    c.plan("vitals", answering(said))
    async with c.top(cls=Probed, apoptosis=JUDGED) as tree:
        await w.advance(1.0)
        vitals = tree.vitals("w")

        assert vitals is not None
        assert vitals.alpha == weight


@pytest.mark.parametrize("said", ["x" * 1000, list(range(1000))], ids=["text", "list"])
def test_nonsense_is_quoted_briefly(said: Any) -> None:
    (finding,) = read_probe(said, None)

    assert len(finding.what) < 100


def test_an_error_is_quoted_by_its_name() -> None:
    assert read_probe(None, KeyError("pulse")) == [Evidence(Harm.PROBE, None, "vitals() raised KeyError: 'pulse'")]


@pytest.mark.parametrize("cls", [Probed, AsyncProbed])
@world()
async def test_a_probe_that_raises_is_evidence_and_the_actor_lives_on(w: World, cls: Any) -> None:
    c = Chart("bequeath", "repair", "started", "ready", "inherit", "stopping")
    c.plan("vitals", raising(OSError("no disk")), life=1)
    async with c.top(cls=cls, apoptosis=JUDGED) as tree:
        await w.advance(2.0)
        life = await tree.ref("w").ask(Add("x"))
        await w.advance(1.5)

        what = "probe: vitals() raised OSError: no disk"
        assert life == 1
        assert [line for line in c.planned() if "has ended" not in line] == [
            f"1 top/w is damaged ({what}); alpha is 1",
            "1 top/w is repaired, level 1, because of probe (alpha 1)",
            f"2 top/w is damaged ({what}); alpha is 2",
            "2 top/w is repaired, level 2, because of probe (alpha 2)",
            f"3 top/w is damaged ({what}); alpha is 3",
            f"3 top/w gets a successor beside life 1 because of {what}",
            f"3 top/w is replaced by life 2 after 0 s because of {what}, inherits nothing",
        ]


@world()
async def test_a_probe_that_is_slow_but_in_time_says_nothing(w: World) -> None:
    c = Chart()
    c.plan("vitals", sleeping(0.4, True))
    async with c.top(cls=AsyncProbed, apoptosis=Apoptosis(probe_timeout=0.5)) as tree:
        await w.advance(10.0)
        vitals = tree.vitals("w")

        assert vitals is not None
        assert (vitals.alpha, c.of(Damaged)) == (0.0, [])


@world()
async def test_a_probe_that_comes_too_late_counts_as_late_only(w: World) -> None:
    c = Chart()
    c.plan("vitals", sleeping(0.7, 50.0), life=1)
    async with c.top(cls=AsyncProbed, apoptosis=Apoptosis(probe_timeout=0.5)) as tree:
        await w.advance(2.0)
        vitals = tree.vitals("w")

        assert vitals is not None
        assert (vitals.alpha, c.of(Damaged)[0].what) == (1.0, "vitals() took over 0.5 s")


@world()
async def test_a_probe_that_hangs_ends_in_a_replacement_and_nothing_is_lost(w: World) -> None:
    c = Chart("bequeath", "repair", "ready", "stopping")
    c.plan("vitals", hang, life=1)
    async with c.top(cls=AsyncProbed, apoptosis=JUDGED) as tree:
        ref = tree.ref("w")
        await ref.ask(Add("before"))
        await w.advance(1.5)
        asked = [asyncio.ensure_future(ref.ask(Add(n), timeout=None)) for n in range(3)]
        answers = await asyncio.gather(*asked)
        took = w.now()
        await w.advance(10.0)

        assert (answers, await items(ref)) == ([2, 2, 2], [0, 1, 2])
        assert took <= 20.0
        assert [str(event.reason) for event in c.of(Retired)] == ["killed"]


@world()
async def test_a_probe_that_hangs_counts_once_an_interval(w: World) -> None:
    c = Chart()
    c.plan("vitals", hang, life=1)
    async with c.top(cls=AsyncProbed, apoptosis=Apoptosis(threshold=100.0)) as tree:
        alphas = []
        for _ in range(5):
            await w.advance(1.0)
            vitals = tree.vitals("w")
            assert vitals is not None
            alphas.append(vitals.alpha)

        assert alphas == [0.0, 1.0, 2.0, 3.0, 4.0]


@world()
async def test_a_probe_that_hangs_is_not_asked_again_and_again(w: World) -> None:
    c = Chart()
    c.plan("vitals", hang)
    c.plan("ready", raising(RuntimeError("no")))
    async with c.top(cls=AsyncProbed, apoptosis=JUDGED) as tree:
        await w.advance(300.0)

        assert tree.ref("w").statistics().urgent <= 5


@world()
async def test_a_healthy_probe_lets_evidence_fade(w: World) -> None:
    c = Chart()
    c.plan("vitals", answering(True))
    async with c.top(cls=Probed, apoptosis=JUDGED) as tree:
        tree.ref("w").tell(damaging(2.0))
        await w.advance(5.5)
        vitals = tree.vitals("w")

        assert vitals is not None
        assert vitals.alpha == pytest.approx(2.0 * 0.8**4)


# -- copies of the estate ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("snapshot", "times"), [(0.5, 10), (1.0, 10), (2.0, 5), (5.0, 2), (INFINITY, 0)])
@world()
async def test_the_estate_is_copied_every_so_often(w: World, snapshot: float, times: int) -> None:
    c, copied, _ = counted("bequeath")
    async with c.top(apoptosis=Apoptosis(snapshot=snapshot)):
        await w.advance(10.5)

        assert len(copied) == times


@world()
async def test_the_copy_does_not_change_with_the_original(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=JUDGED) as tree:
        ref = tree.ref("w")
        await ref.ask(Add(["nested"]))
        await w.advance(1.5)
        await ref.ask(Do(lambda actor: actor.items[0].append("rotten")))
        ref.tell(damaging(3.0))
        await w.idle()

        assert await items(ref) == [["nested"]]


@world()
async def test_nothing_is_copied_while_something_speaks_against_the_state(w: World) -> None:
    c, copied, _ = counted("bequeath")
    async with c.top(apoptosis=Apoptosis(snapshot=0.1)) as tree:
        await w.advance(2.5)
        tree.ref("w").tell(damaging(2.0))  # at 2.5; 2.0 at 3, then 1.6, 1.28, 1.02, 0.82 at 7
        await w.advance(7.0)

        assert copied == [1.0, 2.0, 7.0, 8.0, 9.0]


@world()
async def test_an_estate_that_cannot_be_copied_is_said_once_a_life(w: World) -> None:
    c = Chart()
    c.plan("bequeath", lambda actor: (each for each in actor.items))
    async with c.top(apoptosis=Apoptosis(snapshot=1.0)) as tree:
        await w.advance(10.5)
        said = [event.describe() for event in c.of(Unexpected)]
        tree.ref("w").tell(damaging(3.0))
        await w.idle()

        problem = "TypeError: cannot pickle 'generator' object"
        assert said == [f"top/w got something unexpected: an estate that cannot be copied ({problem})"]
        assert c.of(Replaced)[0].estate == "nothing"


@world()
async def test_an_estate_that_cannot_be_copied_can_be_inherited_as_it_is(w: World) -> None:
    c = Chart("inherit")
    async with c.top(apoptosis=JUDGED) as tree:
        lock = asyncio.Lock()
        await tree.ref("w").ask(Add(lock))
        await w.advance(2.0)
        await tree.replace("w")

        assert (await items(tree.ref("w")))[0] is lock


@world()
async def test_a_bequeath_that_raises_at_a_check_up_is_evidence_against_the_state(w: World) -> None:
    c = Chart("repair")
    c.plan("bequeath", raising(RuntimeError("torn")), life=1)
    async with c.top(apoptosis=Apoptosis(snapshot=1.0)) as tree:
        await w.advance(1.5)
        vitals = tree.vitals("w")

        assert vitals is not None
        assert (vitals.alpha, c.of(Damaged)[0].what) == (2.0, "bequeath() raised RuntimeError: torn")


@world()
async def test_a_bequeath_that_hangs_at_a_check_up_ends_in_a_replacement(w: World) -> None:
    c = Chart()
    c.plan("bequeath", hang, life=1)
    async with c.top(cls=AsyncPatient, apoptosis=JUDGED) as tree:
        ref = tree.ref("w")
        await w.advance(1.5)
        answer = await ref.ask(Add("x"), timeout=None)

        assert (answer, w.now() < 40.0) == (2, True)


@world()
async def test_the_copy_of_a_life_that_was_replaced_meanwhile_is_not_kept(w: World) -> None:
    c = Chart("started", "ready", "stopping")

    async def rotten(actor: AsyncPatient) -> None:
        await asyncio.sleep(4.0)
        actor.items.append("rotten")

    policy = Apoptosis(handover=1.0, snapshot=1.0)
    async with c.top(cls=AsyncPatient, apoptosis=policy) as tree:
        ref = tree.ref("w")
        await ref.ask(Add("good"))
        await w.advance(1.5)
        ref.tell(Do(rotten))  # to 5.5; the copy of the check-up at 2 waits behind it
        await w.advance(1.0)
        await tree.replace("w")  # at 3.5, with the copy of 1.0
        await w.advance(2.2)  # the old life has ended
        ref.tell(damaging(3.0))
        await w.advance(0.1)

        assert (ref.pid.incarnation, await items(ref)) == (3, ["good"])


# -- what is measured --------------------------------------------------------------------------------------------------


@world()
async def test_a_process_that_holds_too_much_memory_is_evidence(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    held = 100 * MEGABYTE
    monkeypatch.setattr(checkups, "resident", lambda: held)
    c = Chart("bequeath", "repair")
    async with c.top(apoptosis=Apoptosis(memory=200 * MEGABYTE)) as tree:
        await w.advance(3.0)
        before = tree.vitals("w")
        held = 250 * MEGABYTE
        await w.advance(1.0)
        after = tree.vitals("w")

        assert before is not None
        assert after is not None
        assert (before.memory, before.alpha) == (100 * MEGABYTE, 0.0)
        assert (after.memory, after.alpha) == (250 * MEGABYTE, 1.0)
        assert c.of(Damaged)[0].describe() == ("top/w is damaged (memory: the process holds 250 MB); alpha is 1")


@world()
async def test_memory_that_cannot_be_read_is_no_evidence(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkups, "resident", lambda: None)
    c = Chart()
    async with c.top(apoptosis=Apoptosis(memory=1)) as tree:
        await w.advance(3.0)
        vitals = tree.vitals("w")

        assert vitals is not None
        assert (vitals.memory, vitals.alpha) == (None, 0.0)


def test_the_memory_of_this_process_is_some_megabytes() -> None:
    held = memory.resident()

    assert held is None or MEGABYTE < held < 1_000_000 * MEGABYTE


@pytest.mark.parametrize("text", [b"", b"12", b"a b c"])
def test_what_the_system_says_of_memory_may_be_nonsense(text: bytes, tmp_path: Any, monkeypatch: Any) -> None:
    statm = tmp_path / "statm"
    statm.write_bytes(text)
    monkeypatch.setattr(memory, "STATM", statm)

    assert memory.resident() is None


def test_without_a_system_that_says_it_memory_is_unknown(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(memory, "STATM", tmp_path / "absent")

    assert memory.resident() is None


@world()
async def test_a_share_of_the_loop_above_its_target_is_evidence(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    shares = iter([0.2, 0.5, 0.51, 0.9])
    monkeypatch.setattr(checkups, "load", lambda ref: next(shares))
    c = Chart("bequeath", "repair")
    async with c.top(apoptosis=Apoptosis(load=0.5, weights=Weights(load=1.0))) as tree:
        alphas = []
        for _ in range(4):
            await w.advance(1.0)
            vitals = tree.vitals("w")
            assert vitals is not None
            alphas.append((vitals.load, vitals.alpha))

        assert alphas == [(0.2, 0.0), (0.5, 0.0), (0.51, 1.0), (0.9, 2.0)]
        assert c.of(Damaged)[0].what == "takes 51% of the loop's time"


@world()
async def test_without_a_watchdog_the_load_is_unknown(w: World) -> None:
    c = Chart()
    async with c.top(apoptosis=Apoptosis(load=0.001)) as tree:
        await w.advance(3.0)
        vitals = tree.vitals("w")

        assert vitals is not None
        assert (vitals.load, vitals.alpha) == (None, 0.0)


@world()
async def test_messages_that_wait_too_long_are_evidence(w: World) -> None:
    c = Chart("bequeath", "repair")
    policy = Apoptosis(delay=2.0, weights=Weights(delay=1.0), threshold=100.0)
    async with c.top(cls=AsyncPatient, apoptosis=policy) as tree:
        for n in range(40):
            tree.ref("w").tell(Hold(0.5, n))
        await w.advance(6.0)
        busy = tree.vitals("w")
        await w.advance(60.0)
        idle = tree.vitals("w")

        assert busy is not None
        assert idle is not None
        assert busy.delay == pytest.approx(5.0, abs=1.0)  # the one that was last at the first check-up still waits
        assert busy.alpha >= 2.0
        assert (idle.delay or 0.0, idle.alpha < 1.0) == (0.0, True)


@world()
async def test_messages_that_were_taken_back_do_not_wait_for_ever(w: World) -> None:
    c = Chart()
    policy = Apoptosis(delay=2.0)
    async with c.top(cls=AsyncPatient, apoptosis=policy) as tree:
        ref = tree.ref("w")
        ref.tell(Hold(1.5))
        asked = [asyncio.ensure_future(ref.ask(Add(n), timeout=None)) for n in range(5)]
        await w.advance(1.2)
        for one in asked:
            one.cancel()
        await w.advance(30.0)
        vitals = tree.vitals("w")

        assert vitals is not None
        assert (vitals.delay or 0.0, vitals.alpha, ref.pid.incarnation) == (0.0, 0.0, 1)


@world()
async def test_messages_that_were_dropped_do_not_wait_for_ever(w: World) -> None:
    c = Chart()
    mailbox = Mailbox(limit=10, overflow="drop_oldest")
    async with c.top(cls=AsyncPatient, apoptosis=Apoptosis(delay=2.0), mailbox=mailbox) as tree:
        ref = tree.ref("w")
        ref.tell(Hold(1.5))
        await w.idle()
        for n in range(10):
            ref.tell(Add(n))
        await w.advance(1.2)
        for n in range(10):
            ref.tell(Add(n))
        await w.advance(30.0)
        vitals = tree.vitals("w")

        assert vitals is not None
        assert (vitals.delay or 0.0, vitals.alpha, ref.pid.incarnation) == (0.0, 0.0, 1)


@world()
async def test_a_message_that_waits_behind_one_that_never_ends_is_evidence(w: World) -> None:
    c = Chart("bequeath", "repair")
    policy = Apoptosis(delay=2.0, threshold=100.0)
    async with c.top(cls=AsyncPatient, apoptosis=policy) as tree:
        tree.ref("w").tell(Hold(100.0))
        tree.ref("w").tell(Add("waits"))
        await w.advance(5.5)
        vitals = tree.vitals("w")

        assert vitals is not None
        assert vitals.delay == pytest.approx(5.0, abs=1.0)
        assert vitals.alpha >= 1.0


@world()
async def test_a_worker_that_keeps_up_lets_nobody_wait(w: World) -> None:
    c = Chart()
    async with c.top(cls=AsyncPatient, apoptosis=Apoptosis(delay=0.5)) as tree:
        for n in range(100):
            tree.ref("w").tell(Hold(0.09, n))
            await w.advance(0.1)
        vitals = tree.vitals("w")

        assert vitals is not None
        assert (vitals.alpha, (vitals.delay or 0.0) < 0.2) == (0.0, True)


@world()
async def test_a_burst_after_a_quiet_time_is_no_delay(w: World) -> None:
    c = Chart()
    async with c.top(cls=AsyncPatient, apoptosis=Apoptosis(delay=0.5)) as tree:
        for _ in range(5):
            await w.advance(0.999)
            for n in range(50):
                tree.ref("w").tell(Hold(0.001, n))
            await w.advance(0.001)
        vitals = tree.vitals("w")

        assert vitals is not None
        assert vitals.alpha == 0.0


@pytest.mark.parametrize("limit", [1, 2, 10])
@world()
async def test_looking_takes_no_room_in_a_mailbox(w: World, limit: int) -> None:
    c = Chart()
    async with c.top(cls=AsyncPatient, apoptosis=Apoptosis(delay=1000.0), mailbox=Mailbox(limit=limit)) as tree:
        ref = tree.ref("w")
        ref.tell(Hold(50.0))
        await w.idle()
        for n in range(limit):
            ref.tell(Add(n))
            await w.advance(2.0)
            vitals = tree.vitals("w")
            assert vitals is not None
            assert (ref.statistics().mailbox, vitals.mailbox) == (n + 1, n + 1)

        with pytest.raises(MailboxFull):
            ref.tell(Add("one too many"))


# -- what the message path finds ---------------------------------------------------------------------------------------


@world()
async def test_a_deadline_that_was_missed_is_evidence(w: World) -> None:
    c = Chart("bequeath", "repair")
    async with c.top(cls=AsyncPatient, apoptosis=JUDGED) as tree:
        await fails(tree.ref("w").ask(Hold(2.5), timeout=1.5), AskTimeout)
        vitals = tree.vitals("w")

        assert vitals is not None
        assert (vitals.late, vitals.alpha) == (1, 0.5)


@world()
async def test_handlers_that_take_longer_than_their_target_are_evidence(w: World) -> None:
    c = Chart("bequeath", "repair", "started", "ready", "inherit", "stopping")
    policy = Apoptosis(latency=0.3, weights=Weights(slow=1.0))
    async with c.top(cls=AsyncPatient, apoptosis=policy) as tree:
        for seconds in (0.1, 0.29, 0.31, 0.2, 0.4):
            await tree.ref("w").ask(Hold(seconds))
        vitals = tree.vitals("w")

        assert vitals is not None
        assert vitals.slow == 2
        assert vitals.alpha == pytest.approx(1.8)
        assert [event.describe() for event in c.of(Damaged)] == [
            "top/w is damaged handling Hold (slow: took 0.31 s); alpha is 1",
            "top/w is damaged handling Hold (slow: took 0.4 s); alpha is 1.8",
        ]


@world()
async def test_a_handler_that_does_not_end_is_found_slow_before_it_ends(w: World) -> None:
    c = Chart("bequeath", "repair")
    policy = Apoptosis(latency=0.5, weights=Weights(slow=1.0), handover=1.0)
    async with c.top(cls=AsyncPatient, apoptosis=policy) as tree:
        tree.ref("w").tell(Hold(1e6))
        await w.advance(10.0)

        (event,) = c.of(Replacing)
        assert (event.cause.partition(" for ")[0], tree.ref("w").pid.incarnation) == (
            "slow: has had a message in hand",
            2,
        )


@pytest.mark.parametrize("cls", [AsyncPatient, AsyncProbed])
@world()
async def test_a_long_handler_is_not_taken_for_a_hook_that_hangs(w: World, cls: Any) -> None:
    c = Chart()
    async with c.top(cls=cls, apoptosis=Apoptosis(snapshot=1.0)) as tree:
        for n in range(20):
            tree.ref("w").tell(Hold(2.5, n))
        await w.advance(55.0)
        vitals = tree.vitals("w")

        assert vitals is not None
        assert (c.of(Damaged), vitals.alpha, tree.ref("w").pid.incarnation) == ([], 0.0, 1)


@world()
async def test_a_handler_that_held_the_loop_is_evidence(w: World) -> None:
    c = Chart("bequeath", "repair")
    async with c.top(apoptosis=JUDGED) as tree:
        cell = tree.ref("w")._cell
        tree.system.blocked(cell, "Patient.do", "Do", 0.5)
        vitals = tree.vitals("w")

        assert vitals is not None
        assert vitals.alpha == 1.0
        assert c.of(Damaged)[0].describe() == (
            "top/w is damaged handling Do (blocked: held the loop for 0.5 s); alpha is 1"
        )


@pytest.mark.parametrize("weight", [0, -1.0, math.nan, math.inf, -math.inf])
@world()
async def test_a_damage_needs_a_weight_that_means_something(w: World, weight: float) -> None:
    c = Chart()
    async with c.top(apoptosis=Apoptosis(tolerate=(ValueError,))) as tree:
        error = await fails(tree.ref("w").ask(damaging(weight)), ValueError)

        assert "weight" in str(error)


@world()
async def test_what_was_measured_reads_well(w: World) -> None:
    c = Chart()
    async with c.top(cls=AsyncPatient, apoptosis=Apoptosis(tolerate=(ValueError,))) as tree:
        for n in range(1234):
            tree.ref("w").tell(Add(n))
        tree.ref("w").tell(damaging(1.0))
        await w.advance(2.5)
        tree.ref("w").tell(Hold(3.0))
        await w.idle()
        tree.ref("w").tell(Add("waits"))
        vitals = tree.vitals("w")

        assert vitals is not None
        assert vitals.describe() == ("alpha 0.8, 1,235 handled, age 2.5 s, 1 waiting, damage 1, repairs 1")
        assert vitals.to_dict()["handled"] == 1235
