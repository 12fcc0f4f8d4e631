"""``@receptor``: a method that is called when a hormone has risen, and again when it has fallen."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from actors.handlers import RECEPTORS
from actors.tissue.hormones.receptor import Receptor

F = TypeVar("F", bound=Callable[..., Any])


def receptor(
    hormone: str,
    *,
    above: float = 0.9,
    below: float = 0.6,
    refractory: float = 5.0,
    systemic: bool = False,
    spread: float = 0.0,
) -> Callable[[F], F]:
    """Have a method, ``def`` or ``async def``, called with ``Triggered`` when the level of ``hormone`` has reached
    ``above``, and with ``Released`` when it has fallen under ``below``; in the actor's turn, like a message.

    ``refractory``: seconds from one trigger to the next at least; ``systemic``: the group's average rather than the
    level here; ``spread``: by which share each cell's own thresholds differ, so that not all act at once.  A life whose
    class has receptors takes part from its start.  Raises ``ValueError`` naming the field.  ::

        @receptor("stress", above=0.9, below=0.6)
        def on_stress(self, signal: Triggered | Released) -> None:
            self.detailed = isinstance(signal, Released)
    """
    what = Receptor(hormone, above, below, refractory, systemic, spread)

    def mark(method: F) -> F:
        setattr(method, RECEPTORS, (*getattr(method, RECEPTORS, ()), what))
        return method

    return mark


@cache
def receptors_of(cls: type) -> dict[Receptor, tuple[Callable[..., Any], ...]]:
    """The receptors of an actor class, each with the methods it calls; an overridden method keeps its marks."""
    found: dict[Receptor, tuple[Callable[..., Any], ...]] = {}
    names = {
        name: None for base in reversed(cls.__mro__) for name, value in vars(base).items() if hasattr(value, RECEPTORS)
    }
    for name in names:
        if getattr(cls, name) is None:  # how a subclass takes a method away
            continue
        marks = next(
            getattr(vars(base)[name], RECEPTORS) for base in cls.__mro__ if hasattr(vars(base).get(name), RECEPTORS)
        )
        for mark in marks:
            found[mark] = (*found.get(mark, ()), getattr(cls, name))
    return found
