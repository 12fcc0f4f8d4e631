"""A life of which it turns out that its number is too low, and that goes on as a higher one: what it had begun under
the first is begun again under the second.

To all others the first life is over and the second a new one.  What is shared, felt and offered goes on; letters under
way are dead letters, and questions under way ``Unanswered``, as they may or may not have been handled; what was lent
out is untouched until it has run out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from actors.messages import Pid
from actors.tissue.core import Core

from .cores import CORES
from .lending import Budget

if TYPE_CHECKING:
    from .presence import Presence


def go_on(presence: Presence, before: Pid) -> None:
    """Have all cores of a life in a group be those of its new number; ``before``: the one they had."""
    for word, slot in tuple(presence.slots.items()):
        if slot.core is not None:
            slot.core = _AGAIN[word](presence, slot.core, before)
            presence.body.site.agenda.arm(slot)


def _state(presence: Presence, core: Any, before: Pid) -> Core:
    core.renumber(presence.pid, presence.body.site.now(), anew=core.is_over)
    return core  # type: ignore[no-any-return]


def _renamed(presence: Presence, core: Any, before: Pid) -> Core:
    """What it does for itself goes on; others see by its packets that it is another life."""
    core.pid = presence.pid
    return core  # type: ignore[no-any-return]


def _fields(presence: Presence, core: Any, before: Pid) -> Core:
    now, again = presence.body.site.now(), CORES["field"](presence)
    for name in core.names:
        if core.field(name).source == before:
            presence.carry_out(again.emit(name, now))  # type: ignore[attr-defined]
    for name, block in core._blocks.items():
        presence.carry_out(again.install(name, block, now))  # type: ignore[attr-defined]
    return again


def _flock(presence: Presence, core: Any, before: Pid) -> Core:
    """What was set aside for others and not told to be theirs is here still."""
    again = CORES["flock"](presence)
    if core.load + core.aside:
        again.put(core.load + core.aside, presence.body.site.now())  # type: ignore[attr-defined]
    return again


def _links(presence: Presence, core: Any, before: Pid) -> Core:
    presence.carry_out(core.end())
    presence.desk.renumbered()
    return CORES["links"](presence)


def _lending(presence: Presence, core: Any, before: Pid) -> Core:
    budget = presence.owners["lending"]
    assert isinstance(budget, Budget)
    return budget.renumbered()


_AGAIN: dict[str, Callable[[Presence, Any, Pid], Core]] = {
    "contact": _state,
    "hormones": _renamed,
    "trails": _renamed,
    "cache": _renamed,
    "field": _fields,
    "flock": _flock,
    "links": _links,
    "lending": _lending,
}
