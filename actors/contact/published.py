"""What may be published: plain values, as bytes of which each member makes a copy of its own."""

from __future__ import annotations

from typing import Any

from actors.messages import Pid
from actors.tissue.overlay.config import BroadcastConfig
from actors.tissue.plain import pack, pack_readable

PUBLISHED_BYTES = BroadcastConfig().max_bytes
"""The longest value that is published, with the names of group and life."""


def publishable(group: str, origin: Pid, value: Any) -> bytes:
    """A value that is to be published, as bytes.  Raises ``ValueError`` for what is not plain or too long."""
    try:
        packed = pack_readable(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"publish(value) takes plain values, as msgpack does: {error}") from error
    size = len(pack([group, origin.name, origin.incarnation, value]))
    if size > PUBLISHED_BYTES:
        raise ValueError(f"publish(value): {size} bytes with their names; at most {PUBLISHED_BYTES} travel")
    return packed
