"""Checks of the values that specs and policies are made of; each refuses with a ``SpecError`` that names the field."""

from __future__ import annotations

import math
import sys
from dataclasses import MISSING, Field, fields
from inspect import signature
from typing import Any, get_args

from actors import Blueprint
from actors.places.place import Host, Process, Thread
from actors.wire.trial import refusal_of

from .errors import SpecError


def check_id(name: str, value: object) -> None:
    """Refuse what cannot be one part of a path."""
    if not isinstance(value, str):
        raise SpecError(name, value, "must be a string")
    if not value:
        raise SpecError(name, value, "must not be empty")
    if "/" in value:
        raise SpecError(name, value, "must not contain '/', which separates the ids of a path")
    if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in value):
        raise SpecError(name, value, "must not contain control characters")


def check_word(name: str, value: object, words: Any) -> None:
    """Refuse what is not one of the words of a ``Literal``."""
    if not isinstance(value, str) or value not in get_args(words):
        raise SpecError(name, value, f"must be one of {', '.join(map(repr, get_args(words)))}")


def check_intensity(max_restarts: int, within: float) -> None:
    """Refuse a budget of restarts that cannot be meant."""
    if not is_int(max_restarts) or max_restarts < 0:
        raise SpecError("max_restarts", max_restarts, "must be a whole number, at least 0")
    if not is_number(within) or not 0 < within < math.inf:
        raise SpecError("within", within, "must be a number of seconds above 0 and finite")


WHERE = {Thread: "in a thread", Process: "in a process of its own", Host: "on a host"}


def check_blueprint(id: str, blueprint: object) -> None:
    """Refuse what is none, and what cannot get to the place where it is to live."""
    if not isinstance(blueprint, Blueprint):
        raise SpecError("blueprint", blueprint, "must be a Blueprint")
    where = WHERE.get(type(blueprint.place))
    if where is None:
        return
    cls = blueprint.cls
    if "<locals>" in cls.__qualname__:
        why = f"child {id!r} is to live {where}, where its class is looked up by name: define it at the top of a module"
        raise SpecError("cls", cls, why)
    if refusal_of([blueprint.args, dict(blueprint.kwargs)]) is None:
        return
    for name, value in _arguments(blueprint):
        refusal = refusal_of(value)
        if refusal is not None:
            why = f"child {id!r} is to live {where}, and this argument cannot get there: {refusal}"
            raise SpecError(f"{cls.__name__}({name})", value, why)


def _arguments(blueprint: Blueprint) -> list[tuple[str, Any]]:
    """By the names that they have there, as far as they are known."""
    try:
        bound = signature(blueprint.cls).bind(*blueprint.args, **blueprint.kwargs)
    except (TypeError, ValueError):  # they do not fit, which is told when it is started
        return [
            *((f"argument {place}", each) for place, each in enumerate(blueprint.args, 1)),
            *blueprint.kwargs.items(),
        ]
    return list(bound.arguments.items())


def is_int(value: object) -> bool:
    """Whether it is a whole number; ``True`` is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Whether it is a number, not NaN, and no whole number that no float can hold; ``True`` is none."""
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) <= sys.float_info.max
    return isinstance(value, float) and not math.isnan(value)


def check_seconds(name: str, value: object, why: str = "must be a number of seconds above 0 and finite") -> None:
    """Refuse what is no positive, finite number."""
    if not is_number(value) or not 0 < value < math.inf:  # type: ignore[operator]
        raise SpecError(name, value, why)


def check_type(name: str, value: object, kind: type) -> None:
    """Refuse what is not a ``kind``."""
    if not isinstance(value, kind):
        raise SpecError(name, value, f"must be a {kind.__name__}")


def options(spec: Any) -> list[str]:
    """The fields of a dataclass that are not at their default, as they are written."""
    return [
        f"{each.name}={written(getattr(spec, each.name))}"
        for each in fields(spec)
        if getattr(spec, each.name) != _default(each) is not MISSING
    ]


def written(value: object) -> str:
    """A value as it is written in a program: classes by their names."""
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, tuple) and any(isinstance(item, type) for item in value):
        items = ", ".join(written(item) for item in value)
        return f"({items},)" if len(value) == 1 else f"({items})"
    return repr(value)


def _default(option: Field[Any]) -> object:
    return option.default_factory() if option.default_factory is not MISSING else option.default


class Written:
    """Base of policies, which read as they are written: only what is not at its default."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(options(self))})"
