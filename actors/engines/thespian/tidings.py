"""What the processes of a host in a convention tell the one that started them, and what hosts tell each other."""

from __future__ import annotations

import contextlib
import re
import socket
from typing import Any

import msgpack

MODULE = "actors.engines.thespian.convention"
"""The process that starts them."""

NAME, ZONE, BOOT, ADDRESS = "planaria name", "planaria zone", "planaria boot", "planaria address"
"""Capabilities of the admin beside those of its user, whose names have no spaces."""

PIN = "planaria host {}"
"""The capability that one host has alone, so that Thespian can be told to create an actor just there."""

REFUSALS = 1024
"""Refusals of which one generation tells."""

TEXT = 255
"""Characters that are told of a name, an address or a reason."""


class Channel:
    """What all processes of a generation inherit: the way to the process that started them."""

    socket: socket.socket


def tell(*message: Any) -> None:
    """Say something from any process of a generation; what there is no room for is dropped."""
    with contextlib.suppress(OSError):
        Channel.socket.send(msgpack.packb(message), socket.MSG_DONTWAIT)


class Refusals:
    """Tells of each refusal once: who has another key tries again several times a second, for ever."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str]] = set()

    def tell(self, host: str, why: str) -> None:
        """Somebody was refused.  What differs in numbers only is the same."""
        key = host, re.sub(r"\d+", "0", why)
        if key not in self._told and len(self._told) < REFUSALS:
            self._told.add(key)
            tell("refused", host, why[:TEXT])
