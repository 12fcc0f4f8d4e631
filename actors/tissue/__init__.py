"""What spreads between siblings: who is close, what they know of each other, and what they do without a centre.

One idea a room, each a *core*: pure, given ``now`` and ``rng``, packets in, packets and events out (:mod:`core`).
:mod:`actors.contact` runs them in actors, on one loop, in a ``world``, or between processes and hosts; what one needs
for ``self.contact`` is published here, and loaded when it is asked for.
"""

from __future__ import annotations

import typing
from importlib import import_module

if typing.TYPE_CHECKING:
    from actors.contact.cache import Cache, NotComputed
    from actors.contact.contact import Contact
    from actors.contact.events import Felt
    from actors.contact.lending import Budget, NotLent, Recalled
    from actors.contact.letters import Unanswered
    from actors.contact.loopback import Loopback
    from actors.contact.neighbour import Answer, Neighbour
    from actors.contact.receptors import receptor
    from actors.contact.toward import NoSource, Toward, Trail

    from .core import PartFailed, Refused, TissueEvent
    from .crdt.counters import PNCounter
    from .crdt.lww import LWWMap
    from .crdt.orset import ORMap, ORSet
    from .crdt.registers import MaxRegister, MinRegister
    from .crdt.topk import TopK
    from .fields.block import Reading
    from .fields.broadcast import Broadcast
    from .fields.channel import Channel
    from .fields.collect import Collect
    from .fields.election import Election
    from .fields.gradients import Faded, Found
    from .flock.alignment import Gave, Got, Recovered
    from .flock.cohesion import Cohesion
    from .flock.separation import Separation
    from .hormones.receptor import Receptor, Released, Triggered
    from .hormones.secretion import Hormone, pressure
    from .overlay.closeness import Profile, key_of
    from .overlay.events import Delivered
    from .repair.leases import Fence
    from .state.contact_state import Warm
    from .trails.replicas import Replicas
    from .transport import Packet, Transport

_WHERE = {
    "Answer": "actors.contact.neighbour",
    "Broadcast": ".fields.broadcast",
    "Budget": "actors.contact.lending",
    "Cache": "actors.contact.cache",
    "Channel": ".fields.channel",
    "Cohesion": ".flock.cohesion",
    "Collect": ".fields.collect",
    "Contact": "actors.contact.contact",
    "Delivered": ".overlay.events",
    "Election": ".fields.election",
    "Faded": ".fields.gradients",
    "Felt": "actors.contact.events",
    "Fence": ".repair.leases",
    "Found": ".fields.gradients",
    "Gave": ".flock.alignment",
    "Got": ".flock.alignment",
    "Hormone": ".hormones.secretion",
    "LWWMap": ".crdt.lww",
    "Loopback": "actors.contact.loopback",
    "MaxRegister": ".crdt.registers",
    "MinRegister": ".crdt.registers",
    "Neighbour": "actors.contact.neighbour",
    "NoSource": "actors.contact.toward",
    "NotComputed": "actors.contact.cache",
    "NotLent": "actors.contact.lending",
    "ORMap": ".crdt.orset",
    "ORSet": ".crdt.orset",
    "PNCounter": ".crdt.counters",
    "Packet": ".transport",
    "PartFailed": ".core",
    "Profile": ".overlay.closeness",
    "Reading": ".fields.block",
    "Recalled": "actors.contact.lending",
    "Receptor": ".hormones.receptor",
    "Recovered": ".flock.alignment",
    "Refused": ".core",
    "Released": ".hormones.receptor",
    "Replicas": ".trails.replicas",
    "Separation": ".flock.separation",
    "TissueEvent": ".core",
    "TopK": ".crdt.topk",
    "Toward": "actors.contact.toward",
    "Trail": "actors.contact.toward",
    "Transport": ".transport",
    "Triggered": ".hormones.receptor",
    "Unanswered": "actors.contact.letters",
    "Warm": ".state.contact_state",
    "key_of": ".overlay.closeness",
    "pressure": ".hormones.secretion",
    "receptor": "actors.contact.receptors",
}

__all__ = [
    "Answer",
    "Broadcast",
    "Budget",
    "Cache",
    "Channel",
    "Cohesion",
    "Collect",
    "Contact",
    "Delivered",
    "Election",
    "Faded",
    "Felt",
    "Fence",
    "Found",
    "Gave",
    "Got",
    "Hormone",
    "LWWMap",
    "Loopback",
    "MaxRegister",
    "MinRegister",
    "Neighbour",
    "NoSource",
    "NotComputed",
    "NotLent",
    "ORMap",
    "ORSet",
    "PNCounter",
    "Packet",
    "PartFailed",
    "Profile",
    "Reading",
    "Recalled",
    "Receptor",
    "Recovered",
    "Refused",
    "Released",
    "Replicas",
    "Separation",
    "TissueEvent",
    "TopK",
    "Toward",
    "Trail",
    "Transport",
    "Triggered",
    "Unanswered",
    "Warm",
    "key_of",
    "pressure",
    "receptor",
]


def __getattr__(name: str) -> typing.Any:
    """Load a published name when it is first asked for: cores need neither each other nor the actors around them."""
    try:
        module = _WHERE[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    # Whoever imports any of this will use `self.contact`: have it loaded now, and not within a handler.
    import_module("actors.contact.contact")
    import_module("actors.contact.site")
    return getattr(import_module(module, __name__), name)
