"""Whether a value will travel, asked before there is a link: what is refused here would be refused by every one.

What is not is no promise: whether the other side knows a class shows when it comes there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import CodecError
from .codec import Wire
from .types import shape_of


def refusal_of(value: object) -> CodecError | None:
    """Why ``value`` cannot travel; ``None`` if nothing speaks against it.  It takes as long as to send it."""
    try:
        _Trial(_nothing, _nothing, is_trusting=True).pack(value)
    except CodecError as error:
        return error
    return None


class _Trial(Wire):
    """Takes any dataclass, NamedTuple and Enum: a module that is being loaded does not hold them by name yet."""

    def _writer(self, kind: type[Any], value: Any) -> Callable[[Any], Any]:
        shape = shape_of(kind)
        if shape is None:
            return super()._writer(kind, value)
        return _nothing if shape.members else lambda record: list(shape.read(record))


def _nothing(_: object) -> None:
    """What stands for what is not looked into."""
