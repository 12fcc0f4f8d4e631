"""What processes are forked with: loaded once, in the zygote, what each of them would load by itself.

Only modules of this project, of which it is known that they define things and do nothing else.  What a program has of
its own may start threads, which do not live through a fork, so each process loads it anew.
"""

from __future__ import annotations

import sys
from types import FunctionType, ModuleType

from actors.actor import Actor

from .tissue import DOORS

OURS = frozenset({"actors", "supervisors"})
"""The packages that may be loaded ahead."""


def to_load(*modules: str) -> tuple[str, ...]:
    """These, the tissue if it is in use, and of ours what the modules with actor classes draw in."""
    doors = DOORS if all(door in sys.modules for door in DOORS) else ()
    homes = {cls.__module__ for cls in _classes(Actor)}
    return tuple(dict.fromkeys((*modules, *doors, *sorted(drawn_in(homes)))))


def drawn_in(homes: set[str]) -> set[str]:
    """The modules of ours that ``homes`` have something of, at first or second hand.

    Second hands are those of the same package: further away, somebody else's modules are many, and seldom need ours.
    """
    found: set[str] = set()
    waiting = [home for home in homes if _top(home) not in OURS]
    seen = set(waiting)
    while waiting:
        home = waiting.pop()
        for origin in _origins(sys.modules.get(home)):
            if _top(origin) in OURS:
                found.add(origin)
            elif origin not in seen and _top(origin) == _top(home):
                seen.add(origin)
                waiting.append(origin)
    return {name for name in found if name in sys.modules}


def _origins(module: ModuleType | None) -> set[str]:
    values = tuple(vars(module).values()) if module is not None else ()
    modules = {value.__name__ for value in values if isinstance(value, ModuleType)}
    return modules | {value.__module__ for value in values if isinstance(value, (type, FunctionType))}


def _classes(cls: type) -> set[type]:
    return {cls}.union(*map(_classes, cls.__subclasses__()))


def _top(name: str) -> str:
    return name.partition(".")[0]
