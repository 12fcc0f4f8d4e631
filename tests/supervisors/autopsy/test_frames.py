"""What is kept of exceptions: the chain as Python prints it, texts within bounds, places of other people's code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from actors import KILLED, NORMAL, ActorDied, Crashed, Shutdown
from supervisors.autopsy.frames import CHAIN, MEMBERS, TEXT, awaited, is_ours, place, reason_text, text_of, traces


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
    assert place(trace.where) == f"tests/supervisors/autopsy/test_frames.py:{line} in plain"


def test_in_a_library_the_callers_own_code_is_named_too() -> None:
    (trace,) = traces(raised(lambda: json.loads("{")))

    assert trace.where is not None
    assert trace.via is not None
    assert place(trace.where).startswith("json/decoder.py:")
    assert place(trace.via).endswith("in <lambda>")


def test_our_own_frames_are_none_to_speak_of() -> None:
    from supervisors import child

    (trace,) = traces(raised(lambda: child(object, id="")))  # type: ignore[arg-type]

    assert trace.where is not None
    assert place(trace.where).startswith("tests/supervisors/autopsy/test_frames.py:")


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


def test_a_file_outside_every_root_is_named_in_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.py"
    code = compile("raise ValueError", str(file), "exec")

    assert place((code, 1)) == f"{file}:1 in <module>"
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    assert place((code, 1)) == "elsewhere.py:1 in <module>"


def test_code_that_has_no_file_keeps_its_name() -> None:
    assert place((compile("1", "<string>", "exec"), 1)) == "<string>:1 in <module>"


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


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (NORMAL, "normal"),
        (KILLED, "killed"),
        (Shutdown("done"), "shutdown(done)"),
        (Crashed(ValueError("no")), "crashed(ValueError: no)"),
        (Crashed(ValueError()), "crashed(ValueError)"),
        (Crashed(Mute()), "crashed(Mute: its text cannot be read, RuntimeError)"),
        (Shutdown(Mute()), "Shutdown, whose text cannot be read, RuntimeError"),
        (Shutdown("x" * 10_000), f"shutdown({'x' * (TEXT - 9)}…"),
    ],
    ids=range(8),
)
def test_a_reason_is_text_within_bounds(reason: Crashed, text: str) -> None:
    assert reason_text(reason) == text


class Named:
    """A ref as far as errors know it."""

    name = "t/a"


def test_whom_an_error_waited_for_is_found_in_its_chain() -> None:
    died = ActorDied(Named(), KILLED)
    outer = ValueError("cannot go on")
    outer.__cause__ = died

    assert (awaited(died), awaited(outer)) == (("t/a", KILLED), ("t/a", KILLED))


def test_an_error_that_waited_for_nobody_names_nobody() -> None:
    suppressed = ValueError("cannot go on")
    suppressed.__context__ = ActorDied(Named(), KILLED)
    suppressed.__suppress_context__ = True

    assert (awaited(ValueError()), awaited(suppressed), awaited(ActorDied("text", KILLED))) == (None, None, None)
