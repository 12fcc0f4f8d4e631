"""Autopsies of lives elsewhere: where they lived, how their process ended, and the host that took them along."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from contextlib import suppress
from types import SimpleNamespace

import pytest

from actors import NOCONNECTION, Actor, ActorDied, Crashed, Pid, RemoteError, handle
from actors.cluster.events import HostDown, HostLeft
from actors.errors import ProcessDied
from actors.exits import Remains
from actors.origins import Trace, traces
from actors.places.whereabouts import Lodged
from actors.testing import World, world
from supervisors import ChildFailed, Supervisor, child
from supervisors.autopsy.coroner import LAG, LODGED, Coroner
from supervisors.autopsy.kinds import How, Kind
from supervisors.autopsy.record import Autopsy
from tests.supervisors.autopsy.stage import died, heard


def lodged(path: str = "t/a", life: int = 1, process: int | None = 4711, host: str | None = None) -> Lodged:
    return Lodged(0.5, Pid(path, life), "process", process, host)


def lost(path: str = "t/a", at: float = 1.0, life: int = 1) -> object:
    return died(path, life, at, reason=NOCONNECTION, remains=Remains())


def told(coroner: Coroner, path: str = "t/a") -> list[str]:
    return coroner.why(path)[0].describe().splitlines()


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("signal 9", "t/a died (life 1): its process ended, signal 9."),
        ("signal 11 (segmentation fault)", "t/a died (life 1): its process ended, signal 11 (segmentation fault)."),
        ("exit 121 (out of memory)", "t/a died (life 1): its process ended, exit 121 (out of memory)."),
        ("signal 9: silent for 5.0 s", "t/a died (life 1): its process ended, signal 9: silent for 5.0 s."),
    ],
)
def test_the_end_of_a_process_is_told_by_what_the_kernel_and_the_link_said(status: str, sentence: str) -> None:
    coroner = heard(lodged(), died("t/a", reason=Crashed(ProcessDied(status)), remains=Remains(handled=7)))

    assert told(coroner)[:2] == [sentence, "  It had served 2 s and handled 7 messages, in process 4711."]


def test_the_end_of_a_thread_is_told_as_none_of_a_process() -> None:
    there = Lodged(0.5, Pid("t/a", 1), "thread", None, None)
    reason = Crashed(ProcessDied("the loop of its thread was stopped"))
    coroner = heard(there, died("t/a", reason=reason, remains=Remains()))

    assert told(coroner)[0] == "t/a died (life 1): the loop of its thread was stopped."


def test_a_life_that_did_not_begin_is_told_where_it_was_to_live() -> None:
    autopsy = Autopsy("t/a", 2, Kind.NOT_STARTED, 1.0, "crashed(OSError: no)", where="process 4711 on host b")

    assert autopsy.describe().splitlines()[1] == "  It was to live in process 4711 on host b."


def test_where_a_life_lived_is_that_of_this_life() -> None:
    coroner = heard(
        lodged(life=1, process=1), lodged(life=2, process=2), died("t/a", 1), died("t/a", 2), died("t/a", 3)
    )

    assert [autopsy.where for autopsy in coroner.why("t/a")] == [None, "process 2", "process 1"]


def test_of_lives_that_go_without_a_death_no_more_than_a_few_whereabouts_are_kept() -> None:
    coroner = heard(*(lodged(life=life, process=life) for life in range(1, LODGED + 3)), died("t/a", 1), died("t/a", 4))

    assert [autopsy.where for autopsy in coroner.why("t/a")] == ["process 4", None]


def test_whoever_dies_with_a_host_dies_because_of_it() -> None:
    coroner = heard(lodged(host="b"), HostDown(0.9, "b", "silent for 1.0 s", 2, 0), lost())

    assert told(coroner)[:2] == [
        "t/a died with host b, on which it was (life 1): noconnection.",
        "  It had served 2 s, in process 4711 on host b.",
    ]
    assert told(coroner)[-1] == (
        "Because host b could not be reached any more: silent for 1.0 s; 2 of the lives here ran there."
    )


def test_the_host_may_be_missed_later_than_the_life() -> None:
    coroner = heard(lodged(host="b"), lost(), HostDown(1.1, "b", "it hung up", 1, 0))

    (autopsy,) = coroner.why("t/a")
    assert autopsy.because is not None
    assert (autopsy.because.how, autopsy.because.path) == (How.HOST, "host b")
    assert autopsy.because.death is not None
    assert autopsy.because.death.kind is Kind.HOST_DOWN


def test_an_earlier_end_of_the_host_is_not_blamed() -> None:
    coroner = heard(HostDown(1.0, "b", "it hung up", 1, 0), lodged(host="b"), lost(at=1.0 + LAG + 1))

    assert coroner.why("t/a")[0].because is not None
    assert coroner.why("t/a")[0].because.death is None  # type: ignore[union-attr]


def test_a_host_that_leaves_takes_along_whom_it_has() -> None:
    coroner = heard(lodged(host="b"), HostLeft(0.9, "b"), lost())

    assert told(coroner)[-1] == "Because host b could not be reached any more: it left."


def test_each_end_of_a_host_can_be_asked_about() -> None:
    coroner = heard(HostDown(1.0, "b", "it hung up", 0, 0), HostDown(9.0, "b", "silent for 1.0 s", 0, 0))

    assert [(each.life, each.reason) for each in coroner.why("host b")] == [(2, "silent for 1.0 s"), (1, "it hung up")]


def test_a_lost_connection_without_a_host_is_nobodys_fault() -> None:
    assert heard(lodged(), lost()).why("t/a")[0].because is None


def test_where_it_lived_can_be_written_and_read_back() -> None:
    (autopsy,) = heard(lodged(host="b"), HostDown(0.9, "b", "silent", 1, 0), lost()).why("t/a")

    assert Autopsy.from_dict(autopsy.to_dict()) == autopsy
    assert autopsy.to_dict()["where"] == "process 4711 on host b"


# -- what is told from elsewhere ---------------------------------------------------------------------------------------

THERE = (Trace("", "OutOfStock", "no pears", ("/srv/shop/stock.py", 7, "reserve"), None),)


class Fragile(Actor):
    """Dies of what a library raises, directly or not."""

    def __init__(self, way: str) -> None:
        self.way = way

    @handle
    async def read(self, text: str) -> object:
        return self.inner(text)

    def inner(self, text: str) -> object:
        if self.way != "chain":
            return json.loads(text)
        try:
            return json.loads(text)
        except ValueError as error:
            raise RuntimeError("cannot be read") from error


class Unready(Fragile):
    """Does not start, after it has waited."""

    async def started(self) -> None:
        await asyncio.sleep(0.1)
        await self.read("{")


async def crash(w: World, cls: type[Fragile], way: str, place: str) -> tuple[Autopsy, list[str]]:
    """The autopsy of a life at ``place``, and what was logged of its death."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(logging.Formatter().format(record))  # type: ignore[method-assign]
    logging.getLogger("planaria").addHandler(handler)
    try:
        async with Supervisor("shop", [], max_restarts=0).running() as shop:
            with suppress(ChildFailed):
                await shop.start_child(child(cls, way, id="clerk", place=place, restart="temporary"))
                shop.ref("clerk").tell("{")
            await w.advance(1.0)
            (autopsy,) = shop.why("clerk")
    finally:
        logging.getLogger("planaria").removeHandler(handler)
    return autopsy, [line.partition("\n")[2] for line in lines if "Traceback" in line]


@pytest.mark.parametrize(
    ("cls", "way"), [(Fragile, "library"), (Fragile, "chain"), (Unready, "library")], ids=["crash", "chain", "start"]
)
@pytest.mark.parametrize("place", ["loop", "process"])
@world(seed=1)
async def test_log_and_autopsy_tell_wherever_a_life_is_whose_line_it_was_and_of_what(
    w: World, cls: type[Fragile], way: str, place: str
) -> None:
    autopsy, (logged,) = await crash(w, cls, way, place)

    own = "tests/supervisors/autopsy/test_elsewhere.py:{} in inner"
    first = Fragile.inner.__code__.co_firstlineno
    library, line = autopsy.raised[-1], first + (4 if way == "chain" else 2)
    assert library.type == "JSONDecodeError"
    assert (library.where or "").startswith("json/decoder.py:")
    assert library.via == own.format(line)
    assert [each.where for each in autopsy.raised[:-1]] == [own.format(first + 6)] * (way == "chain")
    assert [each.relation for each in autopsy.raised] == ["", "cause"][: len(autopsy.raised)]
    assert "RemoteError" not in logged
    assert not {"turn.py", "fiber.py", "deputy.py", "life.py"} & set(re.findall(r"\w+\.py", logged))
    files = re.findall(r'File ".*/(\w+\.py)", line \d+, in (\w+)', logged)
    assert [name for file, name in files if file == "test_elsewhere.py"] == [
        *["inner"] * (way == "chain"), *["started"] * (cls is Unready), "read", "inner",
    ]  # fmt: skip


class Careless(Actor):
    """Answers with what does not travel, at once or later."""

    @handle
    def answer(self, message: str) -> object:
        return object()

    @handle
    def defer_it(self, message: int) -> None:
        reply = self.defer()
        assert reply is not None
        self.after(0.1, (reply, object()))

    @handle
    def done(self, message: tuple) -> None:  # type: ignore[type-arg]
        reply, value = message
        reply.send(value)


@pytest.mark.parametrize(
    ("message", "doing"), [("x", "str in Careless.answer"), (1, "int in Careless.defer_it")], ids=["at once", "later"]
)
@world(seed=1)
async def test_a_life_whose_answer_cannot_travel_died_handling_the_question(
    w: World, message: object, doing: str
) -> None:
    async with Supervisor("shop", [child(Careless, id="clerk", place="process")]).running(log=False) as shop:
        with pytest.raises(ActorDied):
            await shop.ref("clerk").ask(message)
        await w.advance(1.0)
        (autopsy,) = shop.why("clerk")

    said = autopsy.describe().splitlines()
    assert said[0].startswith(f"shop/clerk died handling {doing} (life 1): CodecError: builtins:object: is of no type")
    assert not any("aised at" in line for line in said)
    assert autopsy.handled is not None
    assert list(shop.system.dead_letters) == []


def test_one_of_a_class_that_is_not_known_here_is_told_by_its_name() -> None:
    coroner = heard(died("t/a", reason=Crashed(RemoteError("shop.errors:OutOfStock", "no pears", "there", THERE))))

    assert told(coroner)[:2] == [
        "t/a died handling Order in Clerk.take (life 1): OutOfStock: no pears.",
        "  Raised at /srv/shop/stock.py:7 in reserve.",
    ]


def test_without_a_traceback_there_is_no_place() -> None:
    assert traces(RemoteError("shop.errors:OutOfStock", "no pears"))[0].where is None


def test_who_died_of_the_end_of_another_one_elsewhere_is_told_why_that_one_ended() -> None:
    reason = Crashed(RemoteError("shop.errors:OutOfStock", "no pears", "there", THERE))
    asker = Crashed(ActorDied(SimpleNamespace(name="t/b"), reason))
    coroner = heard(died("t/b", reason=reason), died("t/a", reason=asker))

    because = coroner.why("t/a")[0].because
    assert because is not None
    assert because.death is not None
    assert because.death.reason == "crashed(OutOfStock: no pears)"


class Clerk(Actor):
    """Never done with what it takes."""

    @handle
    async def take(self, order: str) -> None:
        await asyncio.sleep(60)


@world(seed=1)
async def test_the_handler_of_a_life_elsewhere_is_told_by_its_own_name(w: World) -> None:
    tree = Supervisor("shop", [child(Clerk, id="clerk", place="process")])
    async with tree.running(log=False) as shop:
        shop.ref("clerk").tell("pears")
        await w.advance(1.0)
        shop.ref("clerk").kill()
        await w.advance(1.0)
        (autopsy,) = shop.why("clerk")

    assert (autopsy.message, autopsy.handler, autopsy.where) == ("str", "Clerk.take", "a process")


class Till(Actor):
    """Has a name, and never any change."""

    def started(self) -> None:
        self.system.register("till", self.ref)

    @handle
    def take(self, order: str) -> None:
        raise ValueError("no change")


class Buyer(Actor):
    """Asks the till, and lets the error go."""

    def started(self) -> None:
        self.system.register("buyer", self.ref)

    @handle
    async def buy(self, order: str) -> None:
        till = self.system.whereis("till")
        assert till is not None
        await till.ask(order)


class Friend(Actor):
    """Goes with the buyer."""

    def started(self) -> None:
        buyer = self.system.whereis("buyer")
        assert buyer is not None
        self.link(buyer)


@world(seed=1)
async def test_a_chain_of_causes_leads_through_lives_that_are_elsewhere(w: World) -> None:
    here, far = (
        child(Till, id="till"),
        (child(Buyer, id="buyer", place="process"), child(Friend, id="friend", place="process")),
    )
    async with Supervisor("shop", [here, *far], max_restarts=9).running(log=False) as shop:
        await w.advance(1.0)
        shop.ref("buyer").tell("pears")
        await w.advance(1.0)
        (autopsy,) = shop.why("friend")

    assert [(each.path, each.where, each.handler) for each in autopsy.chain()] == [
        ("shop/friend", "a process", None),
        ("shop/buyer", "a process", "Buyer.buy"),
        ("shop/till", None, "Till.take"),
    ]
    assert [each.because.how if each.because is not None else None for each in autopsy.chain()] == [
        How.LINKED, How.ASKED, None,
    ]  # fmt: skip
