"""What is read of exceptions: the chain as Python prints it, texts within bounds, places of other people's code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from actors import RemoteError
from actors.exits import spell
from actors.origins import (
    CHAIN,
    MEMBERS,
    TEXT,
    Place,
    Spot,
    Trace,
    is_ours,
    name_of,
    remote_of,
    text_of,
    told_there,
    traces,
    without_ours,
)  # fmt: skip


def place(where: Place | Spot | None) -> str:
    """A place in words."""
    assert where is not None
    assert len(where) == 2
    return f"{Path(where[0].co_filename).name}:{where[1]} in {where[0].co_name}"


def raised(function: Callable[[], object]) -> BaseException:
    """What ``function`` raises."""
    try:
        function()
    except BaseException as error:
        return error
    raise AssertionError("it raised nothing")


def plain() -> None:
    raise ValueError("no")


def from_cause() -> None:
    try:
        plain()
    except ValueError as error:
        raise KeyError("key") from error


def in_context() -> None:
    try:
        plain()
    except ValueError:
        raise KeyError("key")  # noqa: B904 - the context is what the test is about


def suppressing() -> None:
    try:
        plain()
    except ValueError:
        raise KeyError("key") from None


def both() -> None:
    try:
        plain()
    except ValueError:
        raise KeyError("key") from OSError("cause")


@pytest.mark.parametrize(
    ("function", "chain"),
    [
        (plain, [("", "ValueError", "no")]),
        (from_cause, [("", "KeyError", "'key'"), ("cause", "ValueError", "no")]),
        (in_context, [("", "KeyError", "'key'"), ("context", "ValueError", "no")]),
        (suppressing, [("", "KeyError", "'key'")]),
        (both, [("", "KeyError", "'key'"), ("cause", "OSError", "cause")]),
    ],
)
def test_the_chain_is_as_python_prints_it(function: Callable[[], None], chain: list[tuple[str, str, str]]) -> None:
    found = traces(raised(function))

    assert [(trace.relation, trace.type, trace.text) for trace in found] == chain


def test_a_chain_that_leads_back_to_itself_ends() -> None:
    first, second = ValueError("1"), ValueError("2")
    first.__cause__, second.__cause__ = second, first

    assert [trace.text for trace in traces(first)] == ["1", "2"]


def test_a_long_chain_is_cut() -> None:
    error = ValueError("0")
    for number in range(1, 50):
        outer = ValueError(str(number))
        outer.__cause__ = error
        error = outer

    assert [trace.text for trace in traces(error)] == [str(number) for number in range(49, 49 - CHAIN, -1)]


def test_the_first_members_of_a_group_are_named() -> None:
    group = ExceptionGroup("several", [ValueError(str(number)) for number in range(MEMBERS + 3)])

    assert [(trace.relation, trace.text) for trace in traces(group)] == [
        ("", f"several ({MEMBERS + 3} sub-exceptions)"),
        *[("member", str(number)) for number in range(MEMBERS)],
    ]


def test_the_place_is_the_innermost_outside_our_packages() -> None:
    (trace,) = traces(raised(plain))

    assert trace.where is not None
    line = plain.__code__.co_firstlineno + 1
    assert place(trace.where) == f"test_origins.py:{line} in plain"


def test_in_a_library_the_callers_own_code_is_named_too() -> None:
    (trace,) = traces(raised(lambda: json.loads("{")))

    assert trace.where is not None
    assert trace.via is not None
    assert place(trace.where).startswith("decoder.py:")
    assert place(trace.via).endswith("in <lambda>")


def test_our_own_frames_are_none_to_speak_of() -> None:
    from supervisors import child

    (trace,) = traces(raised(lambda: child(object, id="")))  # type: ignore[arg-type]

    assert trace.where is not None
    assert place(trace.where).startswith("test_origins.py:")


def test_an_exception_that_was_never_raised_has_no_place() -> None:
    (trace,) = traces(ValueError("no"))

    assert (trace.where, trace.via) == (None, None)


def test_the_import_machinery_is_not_the_place_of_a_failed_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_for_the_test.py").write_text("raise RuntimeError('no luck')\n")
    monkeypatch.syspath_prepend(tmp_path)

    (trace,) = traces(raised(lambda: __import__("broken_for_the_test")))

    assert trace.where is not None
    assert place(trace.where) == "broken_for_the_test.py:1 in <module>"


@pytest.mark.parametrize("name", ["actors", "actors.turn", "supervisors.shell", "supervisors.autopsy.frames"])
def test_our_packages_are_ours(name: str) -> None:
    __import__(name)

    assert is_ours(sys.modules[name].__file__ or "")


def test_others_are_not_ours() -> None:
    assert not is_ours(__file__)
    assert not is_ours(json.__file__)
    assert not is_ours("<string>")


class Mute(Exception):
    """Cannot even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_a_text_that_cannot_be_had_is_no_crash() -> None:
    assert text_of(Mute()) == "its text cannot be read, RuntimeError"


def test_a_long_text_is_cut() -> None:
    assert text_of(ValueError("x" * 10_000)) == "x" * TEXT + "…"


def test_notes_belong_to_the_text() -> None:
    error = ValueError("no stock")
    error.add_note("of sku 7")
    error.add_note("in hall 3")

    assert text_of(error) == "no stock; of sku 7; in hall 3"


# -- what comes from elsewhere -----------------------------------------------------------------------------------------

THERE = (
    Trace("", "ValueError", "no", ("/srv/shop/stock.py", 7, "reserve"), ("/srv/shop/orders.py", 41, "take")),
    Trace("cause", "KeyError", "'pear'", ("/srv/shop/stock.py", 5, "find"), None),
)
REMOTE = RemoteError("builtins:ValueError", "no", "Traceback of there", THERE)


def rebuilt() -> ValueError:
    """As the wire makes one that was raised elsewhere."""
    error = ValueError("no")
    error.__cause__ = REMOTE
    return error


def within_ours(error: BaseException) -> BaseException:
    """``error``, raised by a function of ours, which is called by one of ours."""
    outer, inner = (
        compile(f"def f(g, e): {line}", spell.__code__.co_filename, "exec") for line in ("g(None, e)", "raise e")
    )
    functions: list[dict[str, Callable[..., None]]] = [{}, {}]
    for code, scope in zip((outer, inner), functions, strict=True):
        exec(code, scope)
    caught = raised(lambda: functions[0]["f"](functions[1]["f"], error))
    assert caught.__traceback__ is not None
    return caught.with_traceback(caught.__traceback__.tb_next.tb_next)  # type: ignore[union-attr]


@pytest.mark.parametrize("error", [rebuilt(), REMOTE], ids=["rebuilt", "of a class that is not known"])
def test_of_what_was_raised_elsewhere_the_chain_is_that_of_there(error: BaseException) -> None:
    assert traces(error) == THERE
    assert (name_of(REMOTE), text_of(REMOTE)) == ("ValueError", "no")


def test_what_went_on_here_is_raised_there_and_called_here() -> None:
    def waits_for_it() -> None:
        raise rebuilt()

    first, second = traces(raised(waits_for_it))

    assert first.where == THERE[0].where
    assert isinstance(first.via, tuple)
    assert place(first.via).endswith(" in waits_for_it")
    assert second == THERE[1]


def test_what_only_our_own_code_let_go_on_is_told_as_there() -> None:
    error = within_ours(rebuilt())

    assert traces(error) == THERE
    assert told_there(error) == "Traceback of there"


def test_an_error_that_was_made_of_one_from_elsewhere_is_one_of_here() -> None:
    def wraps_it() -> None:
        raise LookupError("nothing") from REMOTE

    error = raised(wraps_it)

    assert remote_of(error) is None
    assert told_there(error) == ""
    assert [(each.relation, each.type) for each in traces(error)] == [
        ("", "LookupError"), ("cause", "ValueError"), ("cause", "KeyError"),
    ]  # fmt: skip


def test_a_traceback_begins_with_the_first_frame_that_is_not_ours() -> None:
    error = raised(plain)
    assert error.__traceback__ is not None
    foreign = error.__traceback__.tb_next

    assert without_ours(error.__traceback__) is error.__traceback__
    assert without_ours(None) is None
    ours = within_ours(ValueError("no")).__traceback__
    assert without_ours(ours) is ours, "there is no other"
    assert foreign is not None
