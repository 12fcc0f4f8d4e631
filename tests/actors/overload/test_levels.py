"""Cheaper strategies: how they are declared, which one a message gets, and what of it can be seen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from actors import Actor, Blueprint, Brownout, CoDel, HandlerError, Mailbox, handle
from actors.handlers import routes_of
from actors.overload.control import Control
from actors.testing import World, world
from tests.actors.kit import Do, Note, Puppet, Restarts

BROWNOUT = Mailbox(control=CoDel(), brownout=Brownout())


@dataclass(frozen=True, slots=True)
class Search:
    """Is answered in full, or with less."""

    words: str = ""


class DeepSearch(Search):
    """One that has no handler of its own."""


class Shop(Actor):
    """Handles searches at three levels, notes at two, and runs what it is told at one."""

    @handle
    async def search(self, message: Search) -> str:
        await asyncio.sleep(0.010)
        return f"full {self.level}"

    @handle(level=1)
    async def search_cached(self, message: Search) -> str:
        await asyncio.sleep(0.004)
        return f"cached {self.level}"

    @handle(level=2)
    def search_static(self, message: Search) -> str:
        return f"static {self.level}"

    @handle
    def note(self, message: Note) -> str:
        return f"full {self.level}"

    @handle(level=1)
    def note_briefly(self, message: Note) -> str:
        return f"brief {self.level}"

    @handle
    def do(self, message: Do) -> Any:
        return message.act(self)


def dim(ref: Any, level: float) -> None:
    """Set the dimmer of a place by hand."""
    control: Control = ref._cell.extras.control
    assert control.brownout is not None
    control.brownout.dimmer = level


def test_each_level_has_a_whole_table_and_keeps_the_next_dearer_handler() -> None:
    levels = routes_of(Shop).levels
    names = [{kind.__name__: function.__name__ for kind, function in table.items()} for table in levels]
    own = [{kind: name for kind, name in table.items() if kind in ("Search", "Note", "Do")} for table in names]

    assert own == [
        {"Search": "search", "Note": "note", "Do": "do"},
        {"Search": "search_cached", "Note": "note_briefly", "Do": "do"},
        {"Search": "search_static", "Note": "note_briefly", "Do": "do"},
    ]


def test_a_class_without_levels_has_one_table() -> None:
    assert routes_of(Puppet).top == 0


def test_a_subclass_may_add_a_cheaper_level_and_override_one() -> None:
    class Corner(Shop):
        @handle(level=3)
        def search_nothing(self, message: Search) -> str:
            return "nothing"

        def search_static(self, message: Search) -> str:
            return "corner"

    routes = routes_of(Corner)

    assert routes.top == 3
    assert routes.levels[2][Search] is Corner.search_static


def test_a_level_of_coroutines_needs_tasks_although_the_full_one_does_not() -> None:
    class Mixed(Actor):
        @handle
        def search(self, message: Search) -> None: ...

        @handle(level=1)
        async def ask_cache(self, message: Search) -> None: ...

    assert routes_of(Mixed).needs_task


@pytest.mark.parametrize("level", [-1, 10, 1.0, True, "1"])
def test_a_level_that_cannot_be_meant_is_refused(level: Any) -> None:
    with pytest.raises(HandlerError, match=r"a level is a whole number from 0 \(in full\) to 9; got"):

        class Wrong(Actor):
            @handle(level=level)
            def search(self, message: Search) -> None: ...


def test_two_handlers_of_one_type_and_level_are_refused() -> None:
    with pytest.raises(HandlerError, match="Search is handled by 'one' at level 1 already; one type, one handler"):

        class Wrong(Actor):
            @handle
            def search(self, message: Search) -> None: ...

            @handle(level=1)
            def one(self, message: Search) -> None: ...

            @handle(level=1)
            def two(self, message: Search) -> None: ...


def test_a_cheaper_handler_needs_a_full_one() -> None:
    with pytest.raises(HandlerError, match=r"Wrong\.search: level 1 of Search needs a plain @handle of it too"):

        class Wrong(Actor):
            @handle(level=1)
            def search(self, message: Search) -> None: ...


def test_an_urgent_message_has_no_levels() -> None:
    with pytest.raises(HandlerError, match="an urgent message does not wait"):

        class Wrong(Actor):
            @handle(priority=True, level=1)
            def search(self, message: Search) -> None: ...

    with pytest.raises(HandlerError, match="Search is urgent, so there is no level to handle it at"):

        class AlsoWrong(Actor):
            @handle(priority=True)
            def search(self, message: Search) -> None: ...

            @handle(level=1)
            def search_cached(self, message: Search) -> None: ...


def test_a_brownout_needs_a_control() -> None:
    with pytest.raises(ValueError, match=r"Mailbox\.brownout needs a control"):
        Mailbox(brownout=Brownout())


@pytest.mark.parametrize("options", [{"control": 5}, {"control": CoDel(), "brownout": 0.5}], ids=str)
def test_a_mailbox_takes_nothing_else_for_them(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Mailbox\.(control|brownout) must be a (CoDel|Brownout), or None"):
        Mailbox(**options)


def test_a_brownout_needs_a_class_with_levels() -> None:
    with pytest.raises(TypeError, match=r"a brownout needs cheaper handlers, and Puppet has no @handle\(level=1\)"):
        Blueprint.of(Puppet, (), BROWNOUT)


@world()
async def test_without_a_brownout_all_is_handled_in_full(w: World) -> None:
    ref = await w.spawn(Shop, mailbox=Mailbox(control=CoDel()))

    assert await ref.ask(Search()) == "full 0"
    assert (ref.statistics().dimmer, ref.statistics().levels) == (None, ())


@pytest.mark.parametrize(
    ("dimmer", "answers"),
    [
        (0.0, ["full 0", "full 0", "full 0"]),
        (1.0, ["cached 1", "cached 1", "brief 1"]),
        (2.0, ["static 2", "static 2", "brief 2"]),
    ],
)
def test_a_message_is_handled_at_the_level_of_the_dimmer(dimmer: float, answers: list[str]) -> None:
    async def scenario(w: World) -> None:
        ref = await w.spawn(Shop, mailbox=BROWNOUT)
        await ref.ask(Note("first"))
        dim(ref, dimmer)

        assert [await ref.ask(message) for message in (Search(), DeepSearch(), Note("n"))] == answers

    world().run(scenario)


@world(seed=4)
async def test_between_two_levels_a_coin_decides_each_time(w: World) -> None:
    ref = await w.spawn(Shop, mailbox=BROWNOUT)
    await ref.ask(Note("first"))
    answers = []
    for _ in range(400):
        dim(ref, 0.25)
        answers.append(await ref.ask(Note("n")))

    assert set(answers) == {"full 0", "brief 1"}
    assert 70 <= answers.count("brief 1") <= 130
    assert ref.statistics().levels == (401 - answers.count("brief 1"), answers.count("brief 1"), 0)


@world()
async def test_what_came_past_the_queue_is_handled_in_full(w: World) -> None:
    """A message handed out again after a crash, or put back by unstash, was judged when it first came."""
    blueprint = Blueprint(Shop, (), {}, Mailbox(redeliver=2, control=CoDel(), brownout=Brownout()))
    ref = await (await w.spawn(Restarts, blueprint, 9, "p")).ask("place")
    await ref.ask(Note("first"))
    seen: list[int] = []

    def once(actor: Any) -> None:
        seen.append(actor.level)
        if len(seen) == 1:
            raise RuntimeError("once")

    dim(ref, 1.0)
    await ref.ask(Do(once))

    assert seen == [1, 0]


@world()
async def test_under_overload_it_does_more_more_cheaply_and_comes_back(w: World) -> None:
    ref = await w.spawn(Shop, mailbox=BROWNOUT)
    answers: list[str] = []

    async def client(number: int) -> None:
        await asyncio.sleep(number * 0.005)
        try:
            answers.append(await ref.ask(Search()))
        except Exception as error:
            answers.append(type(error).__name__)

    await asyncio.gather(*(client(number) for number in range(2000)))  # 200 a second, twice what is possible in full
    late = answers[1000:]
    cheap = ref.statistics().dimmer
    for _ in range(40):
        await w.advance(0.5)
        await ref.ask(Search())

    assert late.count("Overloaded") < 0.1 * len(late)
    assert late.count("cached 1") > 0.6 * len(late)
    assert cheap is not None
    assert cheap > 0.5
    assert ref.statistics().dimmer == 0.0
