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
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints, overload

from .errors import HandlerError
from .messages import Down, Exit

F = TypeVar("F", bound=Callable[..., Any])
Handler = Callable[[Any, Any], Any]

MARK = "_planaria_handle"
HOOKS = ("started", "stopping", "exited", "down", "unhandled", "receive")


class Routes:
    """The routes of one actor class.

    ``table`` maps a message's exact type to the function; misses are resolved by base class and remembered.
    ``priority`` holds the types that travel in the urgent lane.  ``needs_task`` is false if nothing in the class is
    ``async``: then its handlers never suspend and need no fiber.  ``starts_async``: ``started`` is a coroutine
    function. ``overridden`` names the hooks that the class defines.
    """

    __slots__ = ("_urgent", "needs_task", "overridden", "priority", "starts_async", "table")

    def __init__(
        self, cls: type, table: dict[type, Handler], priority: frozenset[type], overridden: frozenset[str]
    ) -> None:
        self.table = table
        self.priority = priority
        self.overridden = overridden
        self.starts_async = inspect.iscoroutinefunction(getattr(cls, "started", None))
        functions = [*table.values(), *(getattr(cls, hook, None) for hook in HOOKS)]
        self.needs_task = any(inspect.iscoroutinefunction(function) for function in functions)
        self._urgent: dict[type, bool] = {}

    def resolve(self, kind: type) -> Handler | None:
        """The handler of the nearest base of ``kind``, remembered for the next time; ``None`` if there is none."""
        for base in kind.__mro__[1:]:
            found = self.table.get(base)
            if found is not None:
                self.table[kind] = found
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
def handle(*, priority: bool = False) -> Callable[[F], F]: ...
def handle(method: F | None = None, *, priority: bool = False) -> F | Callable[[F], F]:
    """Mark a method, ``def`` or ``async def``, as the handler of the message its parameter is annotated with.

    A union routes several types.  What the method returns answers an ask.  ``priority=True`` puts these messages in the
    urgent lane: ahead of all ordinary ones, not counted against the mailbox's limit.  A handler without an annotation,
    or a second one for a type, raises ``HandlerError`` when the class is defined.
    """

    def mark(function: F) -> F:
        setattr(function, MARK, priority)
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
    table: dict[type, Handler] = {Down: cls.down, Exit: cls.exited} if cls is not root else {}  # type: ignore[attr-defined]
    if "receive" in overridden:
        return Routes(cls, {**table, object: cls.receive}, frozenset(), overridden)  # type: ignore[attr-defined]
    priority: set[type] = set()
    owner: dict[type, str] = {}
    for name in {
        name: None for base in reversed(cls.__mro__) for name, value in vars(base).items() if hasattr(value, MARK)
    }:
        function = getattr(cls, name)
        where = f"{cls.__qualname__}.{name}"
        marked = next(vars(base)[name] for base in cls.__mro__ if hasattr(vars(base).get(name), MARK))
        source = function if _is_annotated(function) else marked
        parameter = _message_parameter(where, source)
        hints = get_type_hints(source, localns=namespace, include_extras=True)
        for target in _targets(where, hints[parameter.name]):
            if owner.setdefault(target, name) != name:
                raise HandlerError(
                    where, f"{target.__name__} is handled by {owner[target]!r} already; one type, one handler"
                )
            table[target] = function
            if getattr(marked, MARK):
                priority.add(target)
    return Routes(cls, table, frozenset(priority), overridden)


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
