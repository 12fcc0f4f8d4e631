"""Lives that move: further out after evidence, back in when calm, and nobody who talks to them notices."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from actors import Actor, ActorSystem, Ref, handle
from actors.events import Abandoned
from actors.places.nearby import Room
from actors.places.place import Host, Process, Thread
from actors.testing import World, world
from supervisors import Backoff, Pool, Promote, Supervisor, child
from supervisors.apoptosis.events import Kept, Replaced, Replacing, Retired
from supervisors.events import Died, Serving, StartFailure, SupervisionEvent
from supervisors.promotion.events import Demoted, Promoted
from supervisors.promotion.ladder import Rung
from supervisors.running import Running

EAGER = Promote(after=2, calm=60.0)


class Counter(Actor):
    """Counts, and leaves the count to its successor."""

    def __init__(self, thing: Any = None) -> None:
        self.count = 0

    def bequeath(self) -> int:
        return self.count

    def inherit(self, estate: int) -> None:
        self.count = estate

    @handle
    def add(self, message: int) -> int:
        if message < 0:
            raise MemoryError("all gone")
        self.count += message
        return self.count


class Watch:
    """The events of a tree, and its children's places."""

    def __init__(self, tree: Running) -> None:
        self.tree = tree
        self.events: list[Any] = []
        tree.system.events.subscribe(self.events.append)

    def said(self, *kinds: type[SupervisionEvent]) -> list[str]:
        return [event.describe() for event in self.events if isinstance(event, kinds)]

    def place(self, id: str = "a") -> Any:
        life = self.tree.ref(id)._cell.actor
        return life.place if life.is_stand_in else None

    def room(self, id: str = "a") -> Room:
        """What stands for its process."""
        room: Room = self.tree.ref(id)._cell.actor._lodging
        return room

    def blocks(self, id: str = "a", times: int = 1) -> None:
        """The watchdog finds a handler of it holding the loop."""
        for _ in range(times):
            self.tree.system.blocked(self.tree.ref(id)._cell, "Counter.add", "int", 0.5)


def counter(**options: Any) -> Supervisor:
    options = {"promote": EAGER, **options}
    return Supervisor("top", [child(Counter, id="a", **options)], max_restarts=50)


@world()
async def test_who_blocks_the_loop_is_replaced_by_a_life_in_a_thread(w: World) -> None:
    async with counter().running() as tree:
        watch = Watch(tree)
        await tree.ref("a").ask(5)
        watch.blocks(times=2)
        for _ in range(100):
            tree.ref("a").tell(1)
        await w.advance(1.0)

        assert watch.place() == Thread()
        assert await tree.ref("a").ask(1) == 106
        assert watch.said(Promoted) == [
            "top/a is to live in a thread: 2 pieces of evidence, the last one: it held the loop"
        ]
        assert [type(event) for event in watch.events if isinstance(event, SupervisionEvent)] == [
            Promoted, Replacing, Replaced, Retired
        ]  # fmt: skip
        assert not tree.system.dead_letters


@world()
async def test_who_dies_of_memory_is_restarted_in_a_process(w: World) -> None:
    async with counter(promote=Promote(after=2, process=Process(memory=1 << 30))).running() as tree:
        watch = Watch(tree)
        tree.ref("a").tell(-1)
        tree.ref("a").tell(-1)
        tree.ref("a").tell(7)
        await w.advance(1.0)

        assert watch.place() == Process(memory=1 << 30)
        assert await tree.ref("a").ask(1) == 8
        assert [type(event) for event in watch.events if isinstance(event, Died | Promoted | Serving)] == [
            Died, Serving, Died, Promoted, Serving
        ]  # fmt: skip


@world()
async def test_the_autopsy_tells_where_the_next_life_is_and_by_which_rule(w: World) -> None:
    async with counter().running() as tree:
        tree.ref("a").tell(-1)
        tree.ref("a").tell(-1)
        await w.advance(1.0)
        last, first = tree.why("a")

        assert (
            "restarted in a process of its own, by 2 pieces of evidence, the last one memory: the 2nd of" in last.rule
        )
        assert "It is permanent and was restarted: the 1st of" in first.rule
        assert last.ruling is not None
        assert last.ruling.place == "process"
        assert type(last).from_dict(last.to_dict()) == last


@world()
async def test_when_it_is_calm_it_comes_back_in_and_nothing_is_lost(w: World) -> None:
    async with counter().running() as tree:
        watch = Watch(tree)
        for _ in range(2):
            tree.ref("a").tell(-1)
        await w.advance(50.0)
        assert watch.place() == Process()
        asks = []
        await tree.ref("a").ask(40)
        await w.advance(5.0)
        for _ in range(300):
            tree.ref("a").tell(1)
            asks.append(await tree.ref("a").ask(1))
            await w.advance(0.05)

        assert watch.place() is None
        assert asks == list(range(42, 642, 2))
        assert watch.said(Demoted) == ["top/a is to live on the loop again: nothing was wrong for 60 s"]
        assert [event.cause for event in watch.events if isinstance(event, Replaced)] == [
            "it is to live on the loop again (nothing was wrong for 60 s)"
        ]


@world()
async def test_a_signal_out_there_puts_the_return_off_and_counts_for_nothing_more(w: World) -> None:
    async with counter().running() as tree:
        watch = Watch(tree)
        for _ in range(2):
            tree.ref("a").tell(-1)
        for _ in range(5):
            await w.advance(40.0)
            watch.room().end("signal 11 (segmentation fault)")
            await w.advance(1.0)
            assert watch.place() == Process()
        await w.advance(58.0)
        assert watch.place() == Process()
        await w.advance(3.0)

        assert watch.place() is None
        assert len(watch.said(Promoted)) == 1


@world()
async def test_deaths_of_a_process_lead_to_a_host_if_one_is_named(w: World) -> None:
    ways = ("signal 9: silent for 5.0 s", "exit 121 (out of memory)", "signal 6 (aborted)", "exit 3")
    promote = Promote(after=3, host=Host(gpu=True))
    async with counter(place="process", promote=promote).running() as tree:
        watch = Watch(tree)
        for way in ways[::-1]:
            assert watch.place() == Process()
            watch.room().end(way)
            await w.advance(1.0)

        assert watch.place() == Host(gpu=True)
        assert watch.said(Promoted) == [
            "top/a is to live on another host: 3 pieces of evidence, the last one: it gave no sign of life"
        ]


@world()
async def test_a_thread_that_had_to_be_abandoned_is_followed_by_a_process(w: World) -> None:
    async with counter(place="thread", promote=Promote(after=1)).running() as tree:
        watch = Watch(tree)
        pid = tree.ref("a").pid
        tree.ref("a").kill()
        await w.advance(0.5)
        tree.system.events.publish(Abandoned(w.now(), pid, "Counter.add", "int"))
        await w.advance(1.0)

        assert watch.place() == Process()
        assert watch.said(Promoted) == ["top/a is to live in a process of its own: it was killed and did not end"]


@world()
async def test_one_that_holds_the_loop_of_its_own_process_harms_nobody(w: World) -> None:
    async with counter(place="process", promote=Promote(after=1, host=Host())).running() as tree:
        watch = Watch(tree)
        watch.blocks(times=5)
        await w.advance(1.0)

        assert watch.place() == Process()
        assert not watch.said(Promoted)


@world()
async def test_a_successor_that_cannot_live_out_there_is_not_sent_again(w: World) -> None:
    tree_ = Supervisor("top", [child(Counter, object(), id="a", promote=Promote(after=1, calm=60.0))])
    async with tree_.running() as tree:
        watch = Watch(tree)
        await tree.ref("a").ask(3)
        for _ in range(3):
            watch.blocks()
            await w.advance(5.0)

        assert watch.place() is None
        assert await tree.ref("a").ask(1) == 4
        assert len(watch.said(Promoted)) == len(watch.said(Kept)) == len(watch.said(Demoted)) == 1
        assert "again: it did not start in a thread (CodecError: " in watch.said(Demoted)[0]


@world()
async def test_a_life_that_cannot_begin_out_there_is_started_where_it_was(w: World) -> None:
    spec = child(Counter, object(), id="a", promote=Promote(after=1), backoff=Backoff(base=0.1))
    async with Supervisor("top", [spec]).running() as tree:
        watch = Watch(tree)
        tree.ref("a").tell(-1)
        tree.ref("a").tell(2)
        await w.advance(5.0)

        assert watch.place() is None
        assert await tree.ref("a").ask(1) == 3
        assert len(watch.said(StartFailure)) == 1
        assert [event.to for event in watch.events if isinstance(event, Promoted | Demoted)] == [
            Rung.PROCESS,
            Rung.LOOP,
        ]
        assert "on the loop again, as it did not start further out" in tree.why("a", last=1)[0].rule


@world()
async def test_a_supervisors_policy_holds_for_each_worker_alone(w: World) -> None:
    pool = Pool("pool", worker=child(Counter, id="c"), size=3, promote=Promote(after=1), max_restarts=50)
    async with Supervisor("top", [pool], max_restarts=50).running() as tree:
        watch = Watch(tree)
        tree.ref("pool/c-2").tell(-1)
        await w.advance(1.0)

        assert [watch.place(f"pool/c-{number}") for number in (1, 2, 3)] == [None, Process(), None]
        assert [await tree.ref("pool").ask(1) for _ in range(3)] == [1, 1, 1]


@world()
async def test_a_policy_for_all_leaves_those_alone_that_are_as_far_out_as_can_be(w: World) -> None:
    children = [child(Counter, id="a", place="process"), child(Counter, id="b")]
    async with Supervisor("top", children, promote=Promote(after=1), max_restarts=50).running() as tree:
        watch = Watch(tree)
        watch.room("a").end("signal 9")
        await w.advance(1.0)

        assert not watch.said(Promoted)
        assert await tree.ref("a").ask(1) == 1


@world()
async def test_without_a_policy_nothing_moves(w: World) -> None:
    async with counter(promote=None).running() as tree:
        watch = Watch(tree)
        watch.blocks(times=20)
        for _ in range(5):
            tree.ref("a").tell(-1)
        await w.advance(1.0)

        assert watch.place() is None


@world()
async def test_the_next_life_of_the_supervisor_knows_nothing_of_it(w: World) -> None:
    inner = Supervisor("inner", [child(Counter, id="a", promote=Promote(after=1))])
    async with Supervisor("top", [inner]).running() as tree:
        watch = Watch(tree)
        tree.ref("inner/a").tell(-1)
        await w.advance(1.0)
        assert watch.place("inner/a") == Process()

        tree.ref("inner").kill()
        await w.advance(1.0)

        assert watch.place("inner/a") is None
        assert await tree.ref("inner/a").ask(1) == 1


@world()
async def test_a_life_of_the_supervisor_that_was_killed_leaves_no_ear_and_no_timer_behind(w: World) -> None:
    inner = Supervisor("inner", [child(Counter, id="a", promote=Promote(after=1, calm=1e6))])
    async with Supervisor("top", [inner], max_restarts=100).running() as tree:
        events = tree.system.events
        before = len(events._subscribers)
        for _ in range(20):
            tree.ref("inner/a").tell(-1)
            await w.advance(1.0)
            tree.ref("inner").kill()
            await w.advance(1.0)
        timers = [each for each in asyncio.get_running_loop()._scheduled if not each.cancelled()]  # type: ignore[attr-defined]

        assert len(events._subscribers) <= before
        assert sum(each.when() - w.now() > 1e5 for each in timers) == 0


@world()
async def test_links_monitors_and_names_stay_with_one_that_moves(w: World) -> None:
    async with counter().running() as tree:
        watch, system = Watch(tree), tree.system
        assert isinstance(system, ActorSystem)
        before = tree.ref("a")
        system.register("the counter", before)
        watch.blocks(times=2)
        await w.advance(1.0)
        found = system.whereis("the counter")

        assert watch.place() == Thread()
        assert found is not None
        assert found == before
        assert await found.ask(1) == 1


class Scribe(Actor):
    """Writes down what it is told, at home."""

    def __init__(self, log: list[int]) -> None:
        self.log = log

    @handle
    def write(self, message: int) -> None:
        self.log.append(message)


class Teller(Actor):
    """Passes on what it is told; dies of what is below 0."""

    def __init__(self, scribe: Ref[Any]) -> None:
        self.scribe = scribe

    @handle
    async def note(self, message: int) -> None:
        if message < 0:
            raise MemoryError
        self.scribe.tell(message)


schedules = st.lists(
    st.tuples(st.sampled_from(["tell", "tell", "die", "block", "wait", "signal"]), st.integers(1, 30)), max_size=40
)


@settings(max_examples=60)
@given(schedules, st.integers(1, 2), st.integers(0, 99))
def test_whatever_moves_what_is_told_arrives_in_order_and_once(
    schedule: list[tuple[str, int]], after: int, seed: int
) -> None:
    async def run(w: World) -> None:
        async with ActorSystem("home") as system:
            log: list[int] = []
            scribe = await system.spawn(Scribe, log)
            spec = child(Teller, scribe, id="a", promote=Promote(after=after, calm=5.0))
            async with Supervisor("top", [spec], max_restarts=1000).running(system=system) as tree:
                watch, told, falls = Watch(tree), 0, 0
                for what, count in schedule:
                    if what == "tell":
                        for _ in range(count):
                            tree.ref("a").tell(told)
                            told += 1
                    elif what == "die":
                        tree.ref("a").tell(-1)
                    elif what == "block":
                        watch.blocks()
                    elif what == "wait":
                        await w.advance(count * 0.3)
                    elif watch.place() == Process():
                        watch.room().end("signal 9")
                        falls += 1
                await w.advance(60.0)

                assert log == sorted(set(log))
                assert falls or log == list(range(told))  # what it had just told when its process fell may be lost
                assert sum(letter.message != -1 for letter in system.dead_letters) <= falls, "those in hand"
                assert watch.place() is None

    world(seed=seed).run(run)
