"""Rounds: every contender once, in an order that rotates; ratios are taken within a round, and then their medians."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from ..processes import environment
from ..quantiles import median
from .contract import Figures
from .registry import OURS, Contender

TIMEOUT = 120.0
"""Seconds a contender may take for a round; then it is killed and counts as failed."""

GOODBYE = 5.0
"""Seconds a contender has to end when there are no more rounds."""

WARM_UP = 0.02
"""Share of the full size of a first round that is thrown away."""

OnRound = Callable[[str, int], None]


class Failed(Exception):
    """The contender did not survive a round, or worked wrongly."""


class Worker:
    """The process of one contender."""

    def __init__(self, contender: Contender) -> None:
        command = [sys.executable, "-m", f"{__package__}.worker", contender.module, contender.variant]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=environment(),
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let it end by itself and clean up after itself; kill it if it does not.

        Not by ``communicate``: daemons that a contender left behind hold its end of the pipe, which then never ends.
        """
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            process.wait(GOODBYE)
        except subprocess.TimeoutExpired:
            self._kill()
            process.wait()
        process.stdout.close()

    def round(self, share: float) -> Figures:
        """One round.  Raises ``Failed``."""
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(f"{share}\n".encode())
            line = self._line(TIMEOUT)
        except OSError:
            line = b""
        if not line:
            self._kill()
            raise Failed(f"no answer within {TIMEOUT:g} s, or the process died")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        figures: Figures = answer["figures"]
        return figures

    def _line(self, timeout: float) -> bytes:
        """The next line it prints; empty if none comes in time, or no more."""
        stdout = self._process.stdout
        assert stdout is not None
        until = time.monotonic() + timeout
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([stdout], [], [], max(0.0, until - time.monotonic()))
            piece = os.read(stdout.fileno(), 65_536) if ready else b""
            if not piece:
                return b""
            line += piece
        return line

    def _kill(self) -> None:
        """End it and the processes it started; they share its session."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            self._process.kill()


@dataclass(frozen=True, slots=True)
class Row:
    """What a contender did: its figures, one sample a round, or in one line why there are none."""

    contender: Contender
    version: str | None
    figures: dict[str, tuple[float, ...]]
    why_not: str | None = None

    def median(self, figure: str) -> float | None:
        """The median of a figure, ``None`` if the contender has none."""
        samples = self.figures.get(figure)
        return median(samples) if samples else None


def ratio(ours: Row | None, other: Row | None, figure: str, theirs: str | None = None) -> float | None:
    """Ours through theirs, within each round, then the median: below 1 we are faster.  ``None`` if either has none.

    ``theirs``: the other's figure, where it has another name.
    """
    if ours is None or other is None:
        return None
    pairs = list(zip(ours.figures.get(figure, ()), other.figures.get(theirs or figure, ()), strict=False))
    return median([mine / theirs for mine, theirs in pairs]) if pairs else None


def play(contenders: Sequence[Contender], rounds: int, share: float, on_round: OnRound) -> tuple[Row, ...]:
    """Measure all that are there; one that fails is out of the remaining rounds, with the reason in its row."""
    why_not = {contender.name: why for contender in contenders if (why := contender.missing()) is not None}
    present = [contender for contender in contenders if contender.name not in why_not]
    samples: dict[str, list[Figures]] = {contender.name: [] for contender in contenders}
    warm_up = share >= 1.0
    workers: dict[str, Worker] = {}
    try:
        for number in range(-1 if warm_up else 0, rounds):
            shift = number % max(1, len(present))
            for contender in present[shift:] + present[:shift]:
                if contender.name in why_not:
                    continue
                on_round(contender.name, number + 1)
                try:
                    worker = workers.get(contender.name) or workers.setdefault(contender.name, Worker(contender))
                    figures = worker.round(WARM_UP if number < 0 else share)
                    if number >= 0:
                        samples[contender.name].append(figures)
                except Failed as error:
                    why_not[contender.name] = f"failed: {error}"
    finally:
        for worker in workers.values():
            with worker:
                pass
    return tuple(_row(contender, samples[contender.name], why_not.get(contender.name)) for contender in contenders)


def _row(contender: Contender, rounds: list[Figures], why_not: str | None) -> Row:
    names = rounds[0] if rounds and why_not is None else {}
    figures = {name: tuple(figures[name] for figures in rounds) for name in names}
    return Row(contender, contender.version, figures, why_not)


def find(rows: Sequence[Row], name: str = OURS) -> Row | None:
    """The row of this name, ``None`` if it was not asked for."""
    return next((row for row in rows if row.contender.name == name), None)
