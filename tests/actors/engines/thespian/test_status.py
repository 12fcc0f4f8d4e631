"""How a process ended, and limits, as values."""

from __future__ import annotations

from typing import Any

import pytest

from actors.engines.thespian.status import UNKNOWN, ExitStatus, Limits


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (ExitStatus.of_wait(9), "signal 9"),
        (ExitStatus.of_wait(11), "signal 11 (segmentation fault)"),
        (ExitStatus.of_wait(7 | 128), "signal 7 (bus error)"),
        (ExitStatus.of_wait(24), "signal 24 (CPU time limit)"),
        (ExitStatus.of_wait(3 << 8), "exit 3"),
        (ExitStatus.of_wait(0), "exit 0"),
        (ExitStatus.of_wait(121 << 8), "exit 121 (out of memory)"),
        (ExitStatus(signal=40), "signal 40"),
        (ExitStatus(signal=400), "signal 400"),
        (UNKNOWN, "unknown"),
    ],
)
def test_an_end_has_words(status: ExitStatus, said: str) -> None:
    assert str(status) == said


@pytest.mark.parametrize("limits", [{"memory": 0}, {"cpu": -1.0}, {"files": 0}, {"cpu": float("inf")}])
def test_a_limit_is_above_zero(limits: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(limits))):
        Limits(**limits)
