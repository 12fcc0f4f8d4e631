"""What goes to the terminal."""

from __future__ import annotations

import pytest

from supervisors.cli.terminal import line


@pytest.mark.parametrize("text", ["a\x1b[31mb", "bell\x07", "over\u202eride", "\x9b2J", "surrogate \ud800"])
def test_nothing_that_a_terminal_obeys_gets_through(text: str) -> None:
    shown = line(text).plain

    assert all(character.isprintable() for character in shown)
    assert shown.startswith(text[0] if text[0].isprintable() else "\\u")


def test_lines_and_all_letters_stay_as_they_are() -> None:
    assert (
        line("first\n\tzweite Zeile, größer: 日本 [not a style]").plain
        == "first\n\tzweite Zeile, größer: 日本 [not a style]"
    )
