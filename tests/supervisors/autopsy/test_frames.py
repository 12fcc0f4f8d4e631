"""What is kept of exceptions: words within bounds, and places of other people's code as one would look for them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from actors import KILLED, NORMAL, ActorDied, Crashed, Shutdown
from actors.origins import TEXT
from supervisors.autopsy.frames import awaited, place, reason_text


def test_a_file_outside_every_root_is_named_in_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.py"
    code = compile("raise ValueError", str(file), "exec")

    assert place((code, 1)) == f"{file}:1 in <module>"
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    assert place((code, 1)) == "elsewhere.py:1 in <module>"


def test_a_place_that_has_travelled_is_named_as_one_of_here() -> None:
    assert place((__file__, 7, "reserve")) == "tests/supervisors/autopsy/test_frames.py:7 in reserve"
    assert place(("/srv/shop/stock.py", 7, "reserve")) == "/srv/shop/stock.py:7 in reserve"


def test_code_that_has_no_file_keeps_its_name() -> None:
    assert place((compile("1", "<string>", "exec"), 1)) == "<string>:1 in <module>"


class Mute(Exception):
    """Cannot even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


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
