"""What a spare plays through before it has a life to run."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest

from actors.engines.loop import run
from actors.places import isolate, rehearsal


def test_a_life_is_started_and_answers_and_leaves_nothing_behind() -> None:
    assert run(rehearsal.rehearse())
    assert run(rehearsal.rehearse())


def test_one_that_fails_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(rehearsal, "PATIENCE", 0.05)
    monkeypatch.setattr(rehearsal, "serve", fail)

    assert not run(rehearsal.rehearse())


def test_it_is_what_is_run_in_earnest(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    real = isolate.serve

    def serve(*args: Any) -> Coroutine[Any, Any, None]:
        seen.append(args[2])
        return real(*args)

    monkeypatch.setattr(rehearsal, "serve", serve)

    assert run(rehearsal.rehearse())
    assert seen == [{"system": "rehearsal", "main": None}]
