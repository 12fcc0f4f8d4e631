"""What cannot travel: whoever sent it is told, in a sentence that names it, and nobody else is harmed."""

from __future__ import annotations

import asyncio
import sys
import types
from collections.abc import Iterator
from dataclasses import make_dataclass
from typing import Any

import pytest

from actors import Actor, Crashed, Shutdown, Undelivered, handle, register
from actors.errors import CodecError
from actors.places.endpoint import Endpoint
from actors.places.place import Host, Process
from actors.places.road import Road
from actors.testing import World, world
from supervisors import Apoptosis, ReplacementFailed, Supervisor, child
from tests.actors.places.players import Player, Trapper, Whole
from tests.actors.places.stage import Note, Stage, elsewhere, everywhere, fails, order, play

SENTENCE = "builtins:object: is of no type that travels; send a dataclass, NamedTuple or plain values that say the same"


# -- messages ----------------------------------------------------------------------------------------------------------


@elsewhere
async def test_who_asks_with_what_cannot_travel_gets_the_error(s: Stage) -> None:
    ref = await s.start(Player, "", True)

    error = await fails(ref.ask(object()))

    assert (type(error), str(error)) == (CodecError, SENTENCE)
    assert await ref.ask(Note("alive")) == "alive"


@elsewhere
async def test_what_was_told_and_cannot_travel_is_a_dead_letter_that_says_why(s: Stage) -> None:
    ref = await s.start(Player, "", True)
    ref.tell(object())
    await s.until(lambda: len(s.system.dead_letters) == 1)
    (letter,) = s.system.dead_letters

    assert (letter.ref, str(letter.reason)) == (ref, f"crashed(CodecError: {SENTENCE})")
    assert letter.why is Undelivered.UNSENDABLE


@elsewhere
async def test_what_is_sent_along_with_it_arrives_in_its_order(s: Stage) -> None:
    ref = await s.start(Player, "", True)
    for number in range(50):
        ref.tell(Note(str(number)) if number % 10 else object())
    ref.tell_within(30.0, Note("within"))

    assert await ref.ask(Note("last")) == "last"
    await s.logged(*(str(number) for number in range(50) if number % 10), "within", "last")
    assert len(s.system.dead_letters) == 5


@elsewhere
async def test_the_same_holds_on_the_way_home(s: Stage) -> None:
    home = await s.start(Whole, name="home", at_home=True)
    ref = await s.start(Player, "", True)

    error = await fails(ref.ask(order("relay_odd", home)))

    assert str(error.reason) == f"crashed(CodecError: {SENTENCE})"


@elsewhere
async def test_an_answer_that_cannot_travel_is_its_handlers_crash(s: Stage) -> None:
    ref = await s.start(Player, restarts=1)

    error = await fails(ref.ask(order("odd")))

    assert (type(error).__name__, str(error.reason)) == ("ActorDied", f"crashed(CodecError: {SENTENCE})")
    assert await ref.ask(order("pid")) == ref.pid
    await s.logged("started 1", f"stopping crashed(CodecError: {SENTENCE})", "started 2")


@elsewhere
async def test_who_lives_at_home_does_not_die_of_an_answer_that_cannot_travel(s: Stage) -> None:
    home = await s.start(Player, "home", True, name="home", at_home=True)
    ref = await s.start(Player, "", True)

    error = await fails(ref.ask(order("relay", home, order("odd"))))

    assert str(error.reason) == f"crashed(CodecError: {SENTENCE})"
    assert await home.ask(order("pid")) == home.pid
    assert home.pid.incarnation == 1


class Own(Exception):
    """Known in every process."""


@everywhere
async def test_an_error_arrives_as_what_it_was(s: Stage) -> None:
    ref = await s.start(Player, "", True, restarts=3)

    error = await fails(ref.ask(order("raise", Own("mine", 7))))
    assert error.reason == Crashed(Own("mine", 7))
    error = await fails(ref.ask(order("raise", FileNotFoundError(2, "gone", "a.txt"))))
    assert (type(error.reason.exception), str(error.reason.exception)) == (
        FileNotFoundError,
        "[Errno 2] gone: 'a.txt'",
    )


@elsewhere
async def test_an_error_with_what_cannot_travel_keeps_its_class_and_its_text(s: Stage) -> None:
    ref = await s.start(Player, "", True, restarts=3)

    error = await fails(ref.ask(order("raise_odd")))

    assert type(error.reason.exception).__name__ in ("RuntimeError", "RemoteError")
    assert "<object object at" in str(error.reason.exception)


# -- lives -------------------------------------------------------------------------------------------------------------


@elsewhere
async def test_a_start_with_what_cannot_travel_fails_and_names_it(s: Stage) -> None:
    ref = await s.start(Player, object())

    assert str(ref._cell.reason) == (
        "crashed(CodecError: the arguments of Player, which is to live elsewhere: " + SENTENCE + ")"
    )


@elsewhere
async def test_a_class_that_cannot_be_found_by_its_name_fails_its_start_and_says_what_to_do(s: Stage) -> None:
    class Local(Actor):
        def __init__(self, scribe: Any) -> None: ...

    ref = await s.start(Local)
    reason = str(ref._cell.reason)

    assert "Local cannot be found by its name" in reason.replace(": cannot", " cannot")
    assert ("in another process" in reason) is not isinstance(s.place, Host)
    assert "define it at the top of a module" in reason


@elsewhere
async def test_state_that_cannot_travel_is_an_error_of_who_wants_to_see_it(s: Stage) -> None:
    ref = await s.start(Player, "", True)
    await ref.ask(order("keep_odd"))

    error = await fails(ref.get_state())

    assert (type(error), str(error)) == (CodecError, SENTENCE)
    assert await ref.ask(Note("alive")) == "alive"


@elsewhere
async def test_a_function_without_a_name_cannot_replace_the_state(s: Stage) -> None:
    ref = await s.start(Player, "", True)

    error = await fails(ref.replace_state(lambda state: state))

    assert type(error) is CodecError
    assert "<lambda>" in str(error)
    assert "define it at the top of a module" in str(error)


class Odd(Actor):
    """Leaves what does not travel."""

    def bequeath(self) -> Any:
        return iter([])

    def inherit(self, estate: Any) -> None: ...

    @handle
    def who(self, message: str) -> int:
        return self.pid.incarnation


@world()
async def test_what_cannot_be_left_to_another_process_calls_the_replacement_off(w: World) -> None:
    tree = Supervisor("top", [child(Odd, id="w", place="process", apoptosis=Apoptosis())])
    async with tree.running(log=False) as running:
        with pytest.raises(ReplacementFailed, match="builtins:list_iterator: is of no type that travels"):
            await running.replace("w")
        assert await running.ref("w").ask("who") == 1


# -- what only one side knows ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def only_here() -> Iterator[Any]:
    """A class of a module that only this process has."""
    module = types.ModuleType("only_here")
    sys.modules["only_here"] = module
    made = make_dataclass("Stranger", [("text", str)], frozen=True)
    made.__module__ = "only_here"
    module.Stranger = register(made)  # type: ignore[attr-defined]
    yield made
    del sys.modules["only_here"]


@pytest.mark.process
def test_a_message_of_a_class_that_is_not_known_there_comes_back(only_here: Any) -> None:
    async def test(s: Stage) -> None:
        ref = await s.start(Player, "", True)
        ref.tell(Note("before"))
        ref.tell(only_here("told"))
        error = await fails(ref.ask(only_here("asked")))
        assert await ref.ask(Note("after")) == "after"

        why = "only_here:Stranger"
        assert isinstance(error, CodecError)
        assert str(error).startswith("type 'only_here:Stranger': is not known on this side")
        (letter,) = s.system.dead_letters
        message: Any = letter.message
        assert (message.text, why in str(letter.reason)) == ("told", True)
        assert letter.why is Undelivered.UNSENDABLE
        await s.logged("before", "after")

    play((Process(), False), test)


@pytest.mark.process
def test_whatever_holds_such_a_thing_is_answered_and_ends_nonetheless(only_here: Any) -> None:
    async def test(s: Stage) -> None:
        failed = await s.start(Player, only_here("argument"), name="failed")
        assert "only_here:Stranger" in str(failed._cell.reason)

        ref = await s.start(Trapper, "", True)
        ref.exit(Shutdown(only_here("trapped")))
        await s.until(lambda: s.log)
        assert "only_here:Stranger" in s.log[0]
        asyncio.get_running_loop().call_later(0.05, lambda: None)
        await fails(ref.stop(Shutdown(only_here("detail")), timeout=10.0))
        assert not ref.is_alive

    play((Process(), False), test)


# -- frames ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ([999], "a frame: is of kind 999, which this version does not know"),
        ([16], "a frame: of kind 16 is ill-made"),
        ([17, 0, 5], "a frame: of kind 17 is ill-made"),
    ],
)
def test_a_frame_that_is_none_is_refused_by_name(frame: list[Any], why: str) -> None:
    endpoint = Endpoint(None)  # type: ignore[arg-type]  # it does not come to that
    endpoint._roads[0] = Road(0)
    with pytest.raises(CodecError) as caught:
        endpoint.on_frame(frame)

    assert str(caught.value).startswith(why)
