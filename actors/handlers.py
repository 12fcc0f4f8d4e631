"""From a class to its routes: which method handles which type of message.

A method marked ``@handle`` takes one message; its annotation is the route.  Routes are collected once a class, in
method resolution order, so a subclass overrides a handler by overriding the method.  A message whose exact type has no
route goes to the handler of its nearest base class; ``object`` catches everything.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints, overload

from .errors import HandlerError
from .messages import Down, Exit, Impulse

F = TypeVar("F", bound=Callable[..., Any])
Handler = Callable[[Any, Any], Any]

MARK = "_planaria_handle"
RECEPTORS = "_planaria_receptors"
"""What ``@receptor`` notes on a method."""

MAX_LEVEL = 9
"""Levels of a brownout besides the full one; each has a table of its own."""

HOOKS = (
    "started", "stopping", "exited", "down", "unhandled", "receive",
    "ready", "bequeath", "inherit", "vitals", "repair",
)  # fmt: skip


class Mark(NamedTuple):
    """What ``@handle`` notes on a method."""

    priority: bool
    level: int


class Routes:
    """The routes of one actor class.

    ``table`` maps a message's exact type to the function; misses are resolved by base class and remembered.  ``levels``
    holds such a table for each level of a brownout, of which ``table`` is the first: all that is handled in full.
    ``priority`` holds the types that travel in the urgent lane.  ``needs_task`` is false if nothing in the class is
    ``async``: then its handlers never suspend and need no fiber.  ``starts_async``: ``started`` is a coroutine
    function.  ``senses``: it has receptors.  ``overridden`` names the hooks that the class defines.
    """

    __slots__ = ("_urgent", "levels", "needs_task", "overridden", "priority", "senses", "starts_async", "table")

    def __init__(
        self,
        cls: type,
        table: dict[type, Handler],
        priority: frozenset[type],
        overridden: frozenset[str],
        cheaper: tuple[dict[type, Handler], ...] = (),
    ) -> None:
        self.table = table
        self.levels = (table, *cheaper)
        self.priority = priority
        self.overridden = overridden
        self.starts_async = inspect.iscoroutinefunction(getattr(cls, "started", None))
        handlers = [handler for level in self.levels for handler in level.values()]
        functions = [*handlers, *(getattr(cls, hook, None) for hook in HOOKS)]
        self.needs_task = any(inspect.iscoroutinefunction(function) for function in functions)
        self.senses = any(hasattr(value, RECEPTORS) for base in cls.__mro__ for value in vars(base).values())
        self._urgent: dict[type, bool] = {}

    @property
    def top(self) -> int:
        """The cheapest level; 0 if there is but one."""
        return len(self.levels) - 1

    def resolve(self, kind: type, level: int = 0) -> Handler | None:
        """The handler of the nearest base of ``kind``, remembered for the next time; ``None`` if there is none."""
        table = self.levels[level]
        for base in kind.__mro__[1:]:
            found = table.get(base)
            if found is not None:
                table[kind] = found
                return found
        return None

    def is_urgent(self, kind: type) -> bool:
        """Whether messages of this type go to the urgent lane."""
        known = self._urgent.get(kind)
        if known is None:
            routed = next((base for base in kind.__mro__ if base in self.table), None)
            known = self._urgent[kind] = routed in self.priority
        return known


@overload
def handle(method: F) -> F: ...
@overload
def handle(*, priority: bool = False, level: int = 0) -> Callable[[F], F]: ...
def handle(method: F | None = None, *, priority: bool = False, level: int = 0) -> F | Callable[[F], F]:
    """Mark a method, ``def`` or ``async def``, as the handler of the message its parameter is annotated with.

    A union routes several types.  What the method returns answers an ask.  ``priority=True`` puts these messages in the
    urgent lane: ahead of all ordinary ones, not counted against the mailbox's limit.

    ``level``: 0, or how much cheaper than in full this method does it: at brownout level 1 and above the handlers of
    ``level=1`` are used, and so on; a type without one keeps the next dearer.  It means nothing without
    ``Mailbox(control=..., brownout=...)``.

    A handler without an annotation, a second one for a type and level, a cheaper one for a type that is not handled in
    full or is urgent raise ``HandlerError`` when the class is defined.
    """

    def mark(function: F) -> F:
        setattr(function, MARK, Mark(priority, level))
        return function

    return mark if method is None else mark(method)


def _targets(where: str, hint: Any) -> list[type]:
    """The plain classes an annotation stands for."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) in (Union, types.UnionType):
        return [target for part in get_args(hint) for target in _targets(where, part)]
    if hint is Any:
        hint = object
    target = get_origin(hint) or hint
    if not isinstance(target, type):
        raise HandlerError(
            where, f"cannot route on the annotation {hint!r}; annotate the message with a class or a union of classes"
        )
    return [target]


def _message_parameter(where: str, function: Callable[..., Any]) -> inspect.Parameter:
    parameters = list(inspect.signature(function).parameters.values())[1:]
    required = [p for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if (
        not parameters
        or len(required) > 1
        or parameters[0].kind in (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)
    ):
        raise HandlerError(where, "a handler takes exactly one message besides self")
    if parameters[0].annotation is inspect.Parameter.empty:
        raise HandlerError(where, f"annotate {parameters[0].name!r} with the message class it handles")
    return parameters[0]


def collect(cls: type, namespace: dict[str, Any] | None = None) -> Routes:
    """Build the routes of ``cls``.  ``namespace``: local names its annotations may refer to.

    Raises ``HandlerError`` for an unannotated handler or two handlers of one type, ``NameError`` for an annotation that
    refers to a name which does not exist yet.
    """
    root = next(base for base in reversed(cls.__mro__) if "_cell" in vars(base).get("__slots__", ()))
    overridden = frozenset(hook for hook in HOOKS if getattr(cls, hook, None) is not getattr(root, hook, None))
    table: dict[type, Handler] = {Impulse: _impulse}
    if cls is not root:
        table |= {Down: cls.down, Exit: cls.exited}  # type: ignore[attr-defined]
    if "receive" in overridden:
        return Routes(cls, {**table, object: cls.receive}, frozenset(), overridden)  # type: ignore[attr-defined]
    priority: set[type] = set()
    cheaper: dict[int, dict[type, Handler]] = {}
    owner: dict[tuple[type, int], str] = {}
    for name in {
        name: None for base in reversed(cls.__mro__) for name, value in vars(base).items() if hasattr(value, MARK)
    }:
        function = getattr(cls, name)
        where = f"{cls.__qualname__}.{name}"
        marked = next(vars(base)[name] for base in cls.__mro__ if hasattr(vars(base).get(name), MARK))
        source = function if _is_annotated(function) else marked
        mark: Mark = getattr(marked, MARK)
        _check_mark(where, mark)
        parameter = _message_parameter(where, source)
        hints = get_type_hints(source, localns=namespace, include_extras=True)
        for target in _targets(where, hints[parameter.name]):
            if (first := owner.setdefault((target, mark.level), name)) != name:
                said = f" at level {mark.level}" if mark.level else ""
                raise HandlerError(
                    where, f"{target.__name__} is handled by {first!r}{said} already; one type, one handler"
                )
            (cheaper.setdefault(mark.level, {}) if mark.level else table)[target] = function
            if mark.priority:
                priority.add(target)
    return Routes(cls, table, frozenset(priority), overridden, _levels(cls, table, cheaper, priority))


def _impulse(actor: Any, impulse: Impulse) -> Any:
    return impulse.method(actor, impulse.event)


def _check_mark(where: str, mark: Mark) -> None:
    if type(mark.level) is not int or not 0 <= mark.level <= MAX_LEVEL:
        raise HandlerError(where, f"a level is a whole number from 0 (in full) to {MAX_LEVEL}; got {mark.level!r}")
    if mark.level and mark.priority:
        raise HandlerError(where, "an urgent message does not wait, so there is no level to handle it at")


def _levels(
    cls: type, table: dict[type, Handler], cheaper: dict[int, dict[type, Handler]], priority: set[type]
) -> tuple[dict[type, Handler], ...]:
    """A whole table for each level above 0; what a level does not say is as in the one before."""
    for level, handlers in cheaper.items():
        for target, handler in handlers.items():
            where = f"{cls.__qualname__}.{handler.__name__}"
            if target not in table:
                raise HandlerError(where, f"level {level} of {target.__name__} needs a plain @handle of it too")
            if target in priority:
                raise HandlerError(where, f"{target.__name__} is urgent, so there is no level to handle it at")
    tables = [table]
    for level in range(1, max(cheaper, default=0) + 1):
        tables.append({**tables[-1], **cheaper.get(level, {})})
    return tuple(tables[1:])


def _is_annotated(function: Callable[..., Any]) -> bool:
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return bool(parameters) and parameters[0].annotation is not inspect.Parameter.empty


def routes_of(cls: type) -> Routes:
    """The routes of an actor class, built when first needed if its annotations could not be read at its definition."""
    routes = cls.__dict__.get("_routes")
    if routes is None:
        try:
            routes = collect(cls)
        except NameError as error:
            raise HandlerError(
                cls.__qualname__, f"the annotation of a handler refers to {error.name!r}, which does not exist"
            ) from error
        cls._routes = routes  # type: ignore[attr-defined]
    assert isinstance(routes, Routes)
    return routes


def define(cls: type, depth: int) -> None:
    """Collect the routes of a class being defined ``depth`` frames up, if its annotations can be read already."""
    frame = sys._getframe(depth)
    namespace = {} if frame.f_code.co_name == "<module>" else dict(frame.f_locals)
    namespace[cls.__name__] = cls  # an annotation may name a class nested in this one
    try:
        cls._routes = collect(cls, namespace)  # type: ignore[attr-defined]
    except NameError:
        cls._routes = None  # type: ignore[attr-defined]  # a forward reference: routes_of() tries again when it is first spawned
