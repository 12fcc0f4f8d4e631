"""What a supervisor is told of the end of a life besides its reason: message, handler, counts, and who is to blame."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from actors import KILL, Actor, Mailbox, Ref, handle
from actors.exits import NO_REMAINS, Remains
from actors.testing import World, world
from supervisors import Supervisor, child
from supervisors.events import Died, Orphaned


class Victim(Actor):
    """Dies in every way."""

    @handle
    def crash(self, message: str) -> None:
        raise ValueError(message)

    @handle
    async def sleep(self, message: float) -> None:
        await asyncio.sleep(message)

    @handle
    def count(self, message: bytes) -> None:
        """Do nothing."""

    @handle(priority=True)
    def now(self, message: int) -> None:
        raise ValueError(message)

    @handle
    def go(self, message: type) -> None:
        self.stop()

    @handle
    def meet(self, message: Ref) -> None:  # type: ignore[type-arg]
        self.link(message)

    def unhandled(self, message: object) -> None:
        raise TypeError


class Clinging(Victim):
    """Crashes when it stops."""

    def stopping(self, reason: object) -> None:
        raise OSError


async def remains(w: World, cls: type[Actor], *tells: Any, act: Callable[[Ref[Any]], None] | None = None) -> Remains:
    """What is left of a life after it was told these things, and ``act`` was done to it."""
    events: list[Died] = []
    async with Supervisor("t", [child(cls, id="a")]).running(log=False) as tree:
        tree.system.events.subscribe(lambda event: events.append(event) if isinstance(event, Died) else None)
        for message in tells:
            tree.ref("a").tell(message)
        await w.idle()
        if act is not None:
            act(tree.ref("a"))
        await w.idle()
    (died,) = events
    assert died.message == died.remains.message
    return died.remains


@pytest.mark.parametrize(
    ("tells", "expected"),
    [
        (["no"], Remains("str", "Victim.crash", 1)),
        ([b"", b"", "no", b""], Remains("str", "Victim.crash", 3, 1)),
        ([7], Remains("int", "Victim.now", 1)),
        ([{}], Remains("dict", "Victim.unhandled", 1)),
        ([str], Remains(None, None, 1)),
    ],
    ids=["handler", "counts", "urgent", "unhandled", "stop"],
)
def test_a_life_that_ends_by_itself_leaves(tells: list[Any], expected: Remains) -> None:
    assert world().run(lambda w: remains(w, Victim, *tells)) == expected


@world()
async def test_a_kill_names_what_was_being_handled(w: World) -> None:
    assert await remains(w, Victim, 60.0, act=lambda ref: ref.kill()) == Remains("float", "Victim.sleep", 1)


@world()
async def test_a_kill_of_an_idle_actor_names_nothing(w: World) -> None:
    assert await remains(w, Victim, act=lambda ref: ref.kill()) == NO_REMAINS


@world()
async def test_a_crash_in_stopping_names_the_hook_and_not_the_message_before(w: World) -> None:
    assert await remains(w, Clinging, "no") == Remains(None, "Clinging.stopping", 1)


@world()
async def test_a_message_that_is_handed_out_again_counts_in_each_life(w: World) -> None:
    handled = []
    spec = child(Victim, id="a", mailbox=Mailbox(redeliver=3))
    async with Supervisor("t", [spec]).running(log=False) as tree:
        tree.system.events.subscribe(lambda event: handled.append(event.remains) if isinstance(event, Died) else None)
        tree.ref("a").tell("no")
        await w.idle()

    assert handled == [Remains("str", "Victim.crash", 1, waiting) for waiting in (1, 1, 0)]


@world()
async def test_an_exit_signal_names_its_sender_and_whether_it_was_a_link(w: World) -> None:
    seen = []

    class Killer(Actor):
        @handle
        def kill(self, message: Ref) -> None:  # type: ignore[type-arg]
            message.exit(KILL)

    children = [child(Victim, id="a"), child(Victim, id="b"), child(Killer, id="killer")]
    async with Supervisor("t", children).running(log=False) as tree:
        tree.system.events.subscribe(lambda event: seen.append(event) if isinstance(event, Died) else None)
        tree.ref("killer").tell(tree.ref("a"))
        await w.idle()
        tree.ref("a").tell(tree.ref("b"))
        tree.ref("b").tell("no")
        await w.idle()

    assert [(died.path, died.remains.by, died.remains.linked) for died in seen] == [
        ("t/a", "t/killer", False),
        ("t/b", None, False),
        ("t/a", "t/b", True),
    ]


@world()
async def test_a_signal_that_was_survived_is_not_blamed_later(w: World) -> None:
    seen = []

    class Trapper(Victim):
        trap_exits = True

    async with Supervisor("t", [child(Trapper, id="a"), child(Victim, id="b")]).running(log=False) as tree:
        tree.system.events.subscribe(lambda event: seen.append(event) if isinstance(event, Died) else None)
        tree.ref("a").tell(tree.ref("b"))
        await w.idle()
        tree.ref("b").tell("no")
        await w.idle()
        tree.ref("a").tell("no")
        await w.idle()

    assert [(died.path, died.remains.by) for died in seen] == [("t/b", None), ("t/a", None)]


@world()
async def test_a_life_without_its_supervisor_leaves_an_event_too(w: World) -> None:
    seen = []
    tree = Supervisor("t", [Supervisor("s", [child(Victim, id="a")])])
    async with tree.running(log=False) as running:
        running.system.events.subscribe(lambda event: seen.append(event) if isinstance(event, Orphaned) else None)
        running.ref("s/a").tell(60.0)
        await w.idle()
        running.ref("s").kill()
        await w.idle()

    (orphaned,) = seen
    assert (orphaned.path, orphaned.life, str(orphaned.reason)) == ("t/s/a", 1, "killed")
    assert orphaned.remains == Remains("float", "Victim.sleep", 1)


@world()
async def test_an_actor_without_a_supervisor_leaves_nothing(w: World) -> None:
    seen: list[object] = []
    system = await w.system()
    system.events.subscribe(seen.append)
    ref = await w.spawn(Victim)
    ref.kill()
    await w.idle()

    assert seen == []
