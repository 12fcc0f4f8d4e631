"""What is said of somebody who has not greeted as a host does.  Pure: reasons of the link go in, sentences come out.

Mostly it is a host with keys that meets one without, and each has to read what the other one is.
"""

from __future__ import annotations

import re

TLS = (b"\x16\x03", b"\x15\x03")
"""How a handshake begins, and an alert."""

HTTP = (b"GET ", b"HEAD", b"POST", b"PUT ", b"OPTI", b"CONN")

CLOSED = "the connection was closed"

NO_HOST = "it does not speak as hosts of this version do"


def spell(why: str, *, has_keys: bool, is_caller: bool) -> str:
    """Why there is no link, in words; ``why``: how it ended.

    ``has_keys``: this host, ``is_caller``: and it was this one that called.
    """
    declared = re.search(r"declares (\d+) bytes", why)
    first = int(declared[1]).to_bytes(8)[-4:] if declared is not None else b""
    if first.startswith(TLS):
        return "it speaks TLS, so it has keys, and this host has none: all hosts need --keys, or none of them"
    if first in HTTP:
        return f"{NO_HOST}, but HTTP"
    _, no_frame, detail = why.partition("no frame: ")
    if no_frame:
        return f"{NO_HOST} ({detail})"
    if why.startswith(CLOSED):
        if is_caller and not has_keys:
            return "it hung up when it was greeted: it may be a host with keys, and this one has none"
        return f"it hung up before it had greeted{why.removeprefix(CLOSED)}"
    return why


def kind(why: str) -> str:
    """What is the same of two reasons that differ in their figures only."""
    return re.sub(r"\d+", "0", why)
