"""Management of a life elsewhere: what ``Ref.get_state`` and its like ask for is done where the life is."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from actors.errors import CodecError
from actors.wire.types import name_of

if TYPE_CHECKING:
    from actors.ref import Ref


def named(verb: str, value: Any) -> Any:
    """What travels of the argument of a call: of a function its name.  Raises ``CodecError`` if it has none."""
    if verb != "replace_state":
        return value
    name = name_of(value) if hasattr(value, "__qualname__") else repr(value)
    if _found(name) is not value:
        raise CodecError(name, "cannot be found by its name in another process; define it at the top of a module")
    return name


def managed(ref: Ref[Any], verb: str, value: Any, told: Callable[[Any, BaseException | None], None]) -> None:
    """Do what ``verb`` says with the life behind ``ref``, and tell what came of it."""

    async def work() -> None:
        try:
            if verb == "replace_state":
                function = _found(value)
                if function is None:
                    raise CodecError(value, "cannot be found by its name in this process")
                result: Any = await ref.replace_state(function)
            elif verb in ("get_state", "suspend", "resume"):
                result = await getattr(ref, verb)()
            else:
                raise CodecError(f"management call {verb!a}", "is not known")
        except Exception as error:
            told(None, error)
        else:
            told(result, None)

    task = asyncio.get_running_loop().create_task(work())
    _TASKS.add(task)
    task.add_done_callback(_TASKS.discard)


_TASKS: set[asyncio.Task[None]] = set()
"""A loop holds its tasks weakly."""


def _found(name: str) -> Any:
    module, _, path = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError):
        return None
    return found
