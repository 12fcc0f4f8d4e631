"""What a supervisor may look at and call in a life that it watches; by ref, as the life may change meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import pulse as pulses
from .actor import Actor
from .blueprint import Blueprint
from .envelopes import NOTHING, Hook
from .lifecycle import State
from .pulse import Pulse
from .signs import Signs

if TYPE_CHECKING:
    from .ref import Ref


def watch(ref: Ref[Any], pulse: Pulse | None) -> None:
    """Take the pulse of the life behind ``ref``, or of the next one if there is none; ``None``: no longer."""
    cell = ref._cell
    pulses.attach(cell, pulse, cell.scheduler.blocked_after)


def overrides(blueprint: Blueprint, *hooks: str) -> bool:
    """Whether the class defines all of these hooks itself."""
    return all(getattr(blueprint.cls, hook) is not getattr(Actor, hook) for hook in hooks)


def ask(
    ref: Ref[Any],
    hook: str,
    args: tuple[Any, ...],
    done: Callable[[Any, BaseException | None], None],
    begun: Callable[[], None] | None = None,
) -> None:
    """Call a hook of the life in its turn, ahead of its messages.

    ``begun`` is told when the message in hand is done, ``done`` what came of it, unless the life ends before.
    """
    cell = ref._cell
    if cell.state is State.RUNNING:
        cell.push(Hook(hook, args, done, begun))


def begun(ref: Ref[Any]) -> int:
    """Messages that the present life has begun with, the one in hand included."""
    return ref._cell.handled - ref._cell.born


def done_with(ref: Ref[Any]) -> int:
    """Messages that the present life is done with."""
    cell = ref._cell
    elsewhere = cell.actor.underway() if cell.actor is not None and cell.actor.is_stand_in else 0
    return begun(ref) - elsewhere - (cell.fiber is not None and cell.hand is not NOTHING)


def in_hand_for(ref: Ref[Any]) -> float:
    """Seconds that the message in hand is being handled by now, if its handler suspended and is timed; else 0."""
    cell = ref._cell
    fiber = cell.fiber
    if fiber is None or fiber.timed is NOTHING or fiber.timed is not cell.hand:
        return 0.0
    return cell.scheduler.wall() - fiber.since


def signs(ref: Ref[Any]) -> Signs | None:
    """What is seen of the life behind ``ref`` from outside; ``None`` if it runs on this loop, or there is none."""
    life = ref._cell.actor
    found: Signs | None = life.signs() if life is not None and life.is_stand_in else None
    return found


def load(ref: Ref[Any]) -> float | None:
    """The share of the loop's time that the actor takes, 0 to 1; ``None`` without a watchdog."""
    watchdog = ref._cell.scheduler.watchdog
    return watchdog.load(ref._cell) if watchdog is not None else None


def leave(ref: Ref[Any], estate: Any = NOTHING) -> None:
    """What the next life behind ``ref`` inherits at its start; by default nothing."""
    cell = ref._cell
    if estate is not NOTHING or cell.extras is not None:
        cell.more().estate = estate


def left(pulse: Pulse) -> tuple[bool, Any]:
    """Whether a life that crashed left anything, and what."""
    return pulse.estate is not NOTHING, pulse.estate


def is_suspended(ref: Ref[Any]) -> bool:
    """Whether somebody suspended the place for debugging."""
    extras = ref._cell.extras
    return extras is not None and extras.suspended
