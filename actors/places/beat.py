"""The link of an endpoint over a stream of bytes, and its clock: who is silent is asked, and given up in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from actors.errors import CodecError
from actors.wire.codec import Wire
from actors.wire.link import Link

if TYPE_CHECKING:
    from .endpoint import Endpoint
    from .ledger import Ledger

INTERVAL = 0.25
"""Seconds between two looks."""

GREETING_TIME = 5.0
"""Seconds in which the other side says its first word, unless there is more patience with it."""


class NotingLink(Link):
    """A link that notes in ``ledger`` while it reads, so that an end of this process in between is known for what it
    is.
    """

    ledger: Ledger

    def buffer_updated(self, nbytes: int) -> None:
        note = self.ledger.note_reading
        note(True)
        super().buffer_updated(nbytes)
        note(False)


def link_of(
    endpoint: Endpoint,
    lost: Callable[[str], object],
    *,
    is_caller: bool,
    patience: float,
    vitals: Callable[[], Any] | None = None,
    on_pong: Callable[[Any, float], object] | None = None,
    ledger: Ledger | None = None,
) -> Link:
    """A link that carries the frames of ``endpoint``; one that makes no sense ends it.

    ``patience``: endless until ``link.expect`` is called, with a life that starts: it may hold its loop for as long as
    its supervisor lets it.  ``vitals``, ``on_pong``: what this side tells of itself when it is asked, and who is told
    what the other one said.  ``ledger``: where it is noted that something is being read.
    """

    def on_frame(frame: list[Any]) -> None:
        try:
            endpoint.on_frame(frame)
        except CodecError as error:
            link.abort(f"the other side sent what is no frame: {error}")

    wire = Wire(endpoint.export, endpoint.resolve, is_trusting=True)
    link = (Link if ledger is None else NotingLink)(
        wire,
        on_frame=on_frame,
        on_lost=lost,
        on_unreadable=endpoint.on_unreadable,
        is_caller=is_caller,
        patience=patience,
        greeting_time=max(patience, GREETING_TIME),
        vitals=vitals,
        on_pong=on_pong,
    )
    if isinstance(link, NotingLink) and ledger is not None:
        link.ledger = ledger
    return link


def beat(link: Link) -> None:
    """Call ``link.tick`` every :data:`INTERVAL` until it is over."""
    loop = asyncio.get_running_loop()

    def tick() -> None:
        if not link.is_over:
            link.tick(loop.time())
            loop.call_later(INTERVAL, tick)

    loop.call_later(INTERVAL, tick)


def too_long(patience: float) -> str:
    """Why a process had to be killed that gave no sign of life."""
    return (
        f"silent for {patience:g} s, longer than Process(patience={patience:g}) allows: it was stopped, or a handler "
        "held its loop, which asyncio.to_thread keeps free"
    )
