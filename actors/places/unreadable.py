"""What becomes of a frame that is sound and holds what cannot be made here: whoever waits for it is told why.

Nothing may wait for ever, or get lost without a word, because the two sides do not know the same classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.errors import CodecError
from actors.exits import Crashed, Reason

from .frames import Kind

if TYPE_CHECKING:
    from .endpoint import Endpoint

REASONS = {Kind.STARTED: 1, Kind.OVER: 1, Kind.ENDED: 3, Kind.SIGNAL: 2, Kind.STOP: 2}
"""Frames that hold the reason of an end, and where: it is an end all the same."""


def unreadable(endpoint: Endpoint, head: list[Any], error: CodecError) -> None:
    """Do what can be done about a frame that begins with the plain values ``head``; ``error``: see ``Unreadable``."""
    parts: list[Any] = getattr(error, "parts", head)
    match head:
        case [Kind.MSG, int(target), int(first), *_]:
            _one_by_one(endpoint, target, first, *parts[3:5])
        case [Kind.ANSWER | Kind.ERROR, int(target), int(number), *_]:
            endpoint.on_frame([Kind.ERROR, target, number, error])
        case [Kind.START, *_]:
            endpoint.send([Kind.STARTED, Crashed(error), False])
        case [Kind.TOLD, int(number), *_]:
            endpoint.on_frame([Kind.TOLD, number, None, error])
        case [Kind.HOOK, _, int(number), *_] | [Kind.MANAGE, _, _, int(number), *_]:
            endpoint.send([Kind.TOLD, number, None, error])
        case [Kind.LETTER, *_]:
            endpoint.on_frame([str(part) if isinstance(part, CodecError) else part for part in parts])
        case [kind, *_] if kind in REASONS:
            frame = [_without(part) for part in parts]
            if not isinstance(frame[REASONS[kind]], Reason):
                frame[REASONS[kind]] = Crashed(error)
            endpoint.on_frame(frame)


def _one_by_one(endpoint: Endpoint, target: int, first: int, messages: list[Any], asked: list[Any]) -> None:
    """Of a batch of messages those go on that can be read; the sender hears of each of the others."""
    notes = {index if index >= 0 else ~index: (index >= 0, left) for index, left in asked}
    for index, message in enumerate(messages):
        if isinstance(message, CodecError):
            endpoint.send([Kind.ERROR, target, first + index, message])
            continue
        own = []
        if index in notes:
            is_question, left = notes[index]
            own = [[0 if is_question else ~0, left]]
        endpoint.on_frame([Kind.MSG, target, first + index, [message], own])


def _without(part: Any) -> Any:
    """A part of a frame without what could not be made in it."""
    if type(part) is list:
        return [None if isinstance(each, CodecError) else each for each in part]
    return part
