"""What makes the cores of a life in a group, each when it is first needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from actors.tissue.core import Core
from actors.tissue.fields.config import FieldConfig
from actors.tissue.fields.field import Fields
from actors.tissue.flock.alignment import Alignment
from actors.tissue.hormones.hormones import Hormones
from actors.tissue.links.outbox import Outbox
from actors.tissue.state.contact_state import ContactState
from actors.tissue.trails.trails import Trails

if TYPE_CHECKING:
    from .presence import Presence

CALM = FieldConfig(repeats=1, rest=20.0)
"""Where nothing is lost and every death is told, news is told once, and a field at rest hardly ever again."""

CAREFUL = FieldConfig(rest=20.0)
"""The same in a process of such a loop: where the link to it is full a packet may be lost."""

WARY = FieldConfig(rest=1.0, expiry=8.0)
"""Where packets are lost: a neighbour is not taken for gone for that, and membership says sooner if it is."""


def _state(presence: Presence) -> Core:
    body = presence.body
    site = body.site
    elder = site.body_at(body.pid.name) if not body.is_born else None
    will = elder.will() if elder is not None else site.wills.get(body.pid.name)

    def wake() -> None:
        slot = presence.slots.get("contact")
        if slot is not None:
            site.agenda.arm(slot)

    return ContactState(
        body.pid,
        site.chance(),
        site.now(),
        site.contact_config,
        offset=site.offset,
        predecessors=will.pids if will is not None else (),
        **({"inheritance": will.inheritance} if will is not None else {}),
        time=site.now,
        wake=wake,
    )


def _hormones(presence: Presence) -> Core:
    body = presence.body
    return Hormones(
        body.pid, body.site.chance(), body.site.now(), hormones=body.hormones, receptors=tuple(body.receptors)
    )


def _fields(presence: Presence) -> Core:
    site = presence.body.site
    config = CALM if site.is_sure and not site.wards else CAREFUL if site.is_calm else WARY
    return Fields(presence.pid, site.chance(), site.now(), config)


def _plain(core: Callable[..., Core]) -> Callable[[Presence], Core]:
    return lambda presence: core(presence.pid, presence.body.site.chance(), presence.body.site.now())


CORES: dict[str, Callable[[Presence], Core]] = {
    "contact": _state,
    "hormones": _hormones,
    "field": _fields,
    "flock": _plain(Alignment),
    "links": _plain(Outbox),
    "trails": _plain(Trails),
}
"""What makes the core, by the first word of its packets' kinds."""
