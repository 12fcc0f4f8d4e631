"""``@receptor``: a method that is called when a hormone has risen, and again when it has fallen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from actors.handlers import RECEPTORS
from actors.tissue.hormones.hormones import STRESS
from actors.tissue.hormones.packets import NAMES_LIMIT
from actors.tissue.hormones.receptor import Receptor
from actors.tissue.hormones.secretion import Hormone

if TYPE_CHECKING:
    from actors.cell import Cell

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
    if not isinstance(hormone, str):
        raise ValueError(f"receptor() takes the name of a hormone, as @receptor('stress'); got {hormone!r:.60}")
    what = Receptor(hormone, above, below, refractory, systemic, spread)

    def mark(method: F) -> F:
        if not callable(method):
            raise ValueError(f"@receptor({hormone!r}) marks a method; got {method!r:.60}")
        setattr(method, RECEPTORS, (*getattr(method, RECEPTORS, ()), what))
        return method

    return mark


def declared(cell: Cell) -> tuple[Hormone, ...]:
    """The hormones of an actor's class, and stress.  Raises ``ValueError`` for what is none, naming the class."""
    given = getattr(cell.actor, "hormones", ())
    given = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (given,)
    if not all(isinstance(each, Hormone) for each in given):
        cls = type(cell.actor).__name__
        raise ValueError(f"{cls}.hormones must be several Hormone(...), as (Hormone('joy'),); got {given!r:.80}")
    hormones = {each.name: each for each in (STRESS, *given)}
    if len(hormones) > NAMES_LIMIT:
        most, got = NAMES_LIMIT - 1, len(hormones) - 1
        raise ValueError(f"{type(cell.actor).__name__}.hormones must be at most {most}; got {got}")
    return tuple(hormones.values())


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
