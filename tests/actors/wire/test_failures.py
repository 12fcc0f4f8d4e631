"""Exceptions on the other side: the same type and text where the class is known, and otherwise what is known of it."""

from __future__ import annotations

import asyncio
import traceback
from typing import Any, Self

import pytest

from actors import Actor, ActorDied, ActorError, ActorSystem, CodecError, Crashed, RemoteError, handle
from actors.errors import MailboxFull
from actors.origins import CHAIN, Spot, Trace, traces
from actors.wire import failures
from tests.actors.wire.kinds import Broken, Order, crossing, ends


class Picky(Exception):
    def __init__(self, *, code: int) -> None:
        super().__init__()
        self.code = code

    def __str__(self) -> str:
        return f"code {self.code}"


class Made(Exception):
    def __new__(cls, *args: Any) -> Self:
        raise RuntimeError("must not be made of bytes")


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("cannot say")


class Counting(Exception):
    made = 0

    def __init__(self, what: str) -> None:
        super().__init__(what)
        Counting.made += 1


class Crashing(Actor):
    @handle
    def handle_it(self, message: str) -> None:
        raise ValueError("no")


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


BUILT_IN = [
    ValueError("no"), KeyError("k"), OSError(2, "No such file", "a", None, "b"), PermissionError(13, "Denied"),
    UnicodeEncodeError("ascii", "\xe9", 0, 1, "no"), StopIteration(5), ZeroDivisionError(), IndexError("i", 2),
    ExceptionGroup("two", [ValueError("a"), ExceptionGroup("more", [TypeError("b")])]), TimeoutError(),
    ImportError("no module", name="x", path="y"), SyntaxError("bad", ("f", 1, 2, "text")),
    MailboxFull("a", 3, "reject"),
]  # fmt: skip


@pytest.mark.parametrize("error", BUILT_IN, ids=lambda error: type(error).__name__)
def test_known_ones_come_back(error: Exception) -> None:
    back = crossing()(error)

    assert type(back) is type(error)
    assert str(back) == str(error)
    assert Crashed(back) == Crashed(error)


def test_their_attributes_come_back() -> None:
    back = crossing()(MailboxFull("a", 3, "reject"))

    assert (back.ref, back.limit, back.policy) == ("a", 3, "reject")
    assert crossing()(OSError(2, "No such file", "a")).filename == "a"


def test_an_attribute_that_does_not_travel_stays_behind() -> None:
    error = MailboxFull("a", 3, "reject")
    error.ref = object()
    back = crossing()(error)

    assert not hasattr(back, "ref")
    assert back.limit == 3


def test_one_of_a_module_that_is_loaded_comes_back_where_there_is_trust() -> None:
    back = crossing(is_trusting=True)(Broken("it", 2))

    assert (type(back), str(back), back.what, back.number) == (Broken, "it is broken, 2 times", "it", 2)


def test_elsewhere_it_is_told_of() -> None:
    back = crossing()(Broken("it", 2))

    assert issubclass(RemoteError, ActorError)
    assert (type(back), back.kind, back.text) == (RemoteError, f"{Broken.__module__}:Broken", "it is broken, 2 times")


def test_one_that_was_told_of_goes_on_as_what_it_was() -> None:
    cross = crossing()
    back = cross(cross(Broken("it", 2)))

    assert (back.kind, back.text) == (f"{Broken.__module__}:Broken", "it is broken, 2 times")


def test_no_constructor_of_a_users_class_runs() -> None:
    error = Counting("a")
    made = Counting.made

    assert str(crossing(is_trusting=True)(error)) == "a"
    assert Counting.made == made


@pytest.mark.parametrize("error", [Broken("it", 2), Picky(code=3)], ids=repr)
def test_a_constructor_of_other_arguments_is_no_hindrance(error: Exception) -> None:
    back = crossing(is_trusting=True)(error)

    assert (type(back), str(back), vars(back)) == (type(error), str(error), vars(error))


def test_one_that_cannot_be_made_is_told_of() -> None:
    error = Exception.__new__(Made)

    assert crossing(is_trusting=True)(error).kind == f"{__name__}:Made"


def test_one_that_cannot_be_printed_is_told_of() -> None:
    back = crossing(is_trusting=True)(Mute())

    assert (type(back), back.text) == (RemoteError, "cannot be printed")


def test_one_with_arguments_that_do_not_travel_has_its_text_instead() -> None:
    back = crossing()(ValueError(object))

    assert (type(back), back.args) == (ValueError, (str(object),))


def test_one_that_says_something_else_then_is_told_of() -> None:
    back = crossing()(KeyError(object))

    assert (type(back), back.kind, back.text) == (RemoteError, "builtins:KeyError", str(object))


def test_one_that_spells_its_arguments_in_another_order_comes_back() -> None:
    assert type(crossing()(ValueError(frozenset({-58, None, "a", "b"})))) is ValueError


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt()], ids=repr)
def test_one_that_ends_programs_is_never_rebuilt(error: BaseException) -> None:
    assert type(crossing(is_trusting=True)(error)) is RemoteError


@pytest.mark.parametrize("name", ["builtins:print", "builtins:int", "builtins:BaseException", "os:system", "x", ""])
def test_a_name_that_is_no_exception_is_only_a_name(name: str) -> None:
    sender, receiver = ends(is_trusting=True)
    made = failures.put_together([name, sender.pack((1,)), None, "no", "", []], receiver.unpack, is_trusting=True)

    assert type(made) is RemoteError
    assert made.kind == name


def test_the_traceback_is_the_cause() -> None:
    back = crossing()(raised(ValueError("no")))

    assert isinstance(back.__cause__, RemoteError)
    assert "raise error" in back.__cause__.traceback
    assert "RemoteError: ValueError: no" in "".join(traceback.format_exception(back))


def spelled(trace: Trace) -> Spot:
    assert trace.where is not None
    assert len(trace.where) == 3
    return trace.where


def chained() -> Exception:
    try:
        raised_here = raised(KeyError("pear"))
        raise ValueError("no") from raised_here
    except ValueError as error:
        return error


@pytest.mark.parametrize("is_trusting", [True, False])
def test_where_it_was_raised_and_what_it_came_from_arrives_and_goes_on(is_trusting: bool) -> None:
    error = chained()
    back = crossing(is_trusting=is_trusting)(error)
    again = crossing(is_trusting=is_trusting)(back)

    assert [(each.relation, each.type, each.text) for each in traces(back)] == [
        ("", "ValueError", "no"), ("cause", "KeyError", "'pear'"),
    ]  # fmt: skip
    assert [spelled(each)[2] for each in traces(back)] == ["chained", "raised"]
    assert traces(again) == traces(back)
    assert again.__cause__.traceback == back.__cause__.traceback


def test_our_own_calls_are_no_part_of_the_traceback() -> None:
    async def crash() -> BaseException:
        async with ActorSystem("s") as system:
            ref = await system.spawn(Crashing)
            with pytest.raises(ActorDied) as died:
                await ref.ask("now")
        assert isinstance(died.value.reason, Crashed)
        return died.value.reason.exception

    text = crossing()(asyncio.run(crash())).__cause__.traceback

    assert text.splitlines()[0] == "Traceback (most recent call last):"
    assert "in handle_it" in text.splitlines()[1]
    assert "turn.py" not in text


ODD: list[Any] = [
    None, 5, [[]], [["", "E", "t", None]], [["", 1, "t", None, None]], [["", "E", "t", ["f", "1", "g"], None]],
    [["", "E", "t", ["f"], None]], [["", "E", "t", None, None]] * (CHAIN + 1),
]  # fmt: skip


@pytest.mark.parametrize("plain", ODD, ids=repr)
def test_a_chain_that_is_none_is_refused(plain: Any) -> None:
    def unpack(_: bytes) -> tuple[Any, ...]:
        return ("no",)

    with pytest.raises(CodecError, match="not made as it should be"):
        failures.put_together(["builtins:ValueError", b"", None, "no", "", plain], unpack, is_trusting=True)


def test_text_and_traceback_are_bounded() -> None:
    back = crossing()(raised(Broken("x" * 1_000_000, 1)))

    assert len(back.text) == failures.TEXT_LIMIT
    assert len(back.traceback) <= failures.TRACEBACK_LIMIT


def test_half_characters_in_a_text_do_no_harm() -> None:
    assert str(crossing()(ValueError("\ud800"))) == "?"


def test_exceptions_deep_within_exceptions_come_without_arguments() -> None:
    error: Exception = ValueError("innermost")
    for _ in range(20):
        error = ValueError(error)
    back = crossing()(error)

    assert (type(back), str(back)) == (ValueError, "innermost")


def test_messages_within_exceptions_come_back() -> None:
    back = crossing()(ValueError(Order(1, (2,))))

    assert back.args == (Order(1, (2,)),)
