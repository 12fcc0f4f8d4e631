"""An answer that is given later than its handler returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cell import Cell
    from .envelopes import Envelope


class Reply:
    """An answer that is given later: by :meth:`send` or :meth:`fail`, once, from anywhere on the loop.

    If the actor dies first, the asker gets ``ActorDied``.
    """

    __slots__ = ("_envelope",)

    def __init__(self, cell: Cell, envelope: Envelope) -> None:
        self._envelope = envelope
        deferred = cell.more().deferred
        deferred[envelope] = None
        if envelope.future is not None:  # answered, or the asker has gone: nothing is kept
            envelope.future.add_done_callback(lambda _: deferred.pop(envelope, None))

    def send(self, value: object) -> None:
        """Answer; nothing happens if the asker has gone."""
        self._envelope.answer(value)

    def fail(self, error: Exception) -> None:
        """Raise ``error`` where the question was asked, without ending this actor.

        Raises ``TypeError`` for what is not an exception, or is a ``StopIteration``, which no future takes.
        """
        if isinstance(error, StopIteration) or not _is_exception(error):
            raise TypeError(f"an exception is needed, and none that ends an iteration; got {error!r}")
        self._envelope.fail(error)


def _is_exception(error: object) -> bool:
    return isinstance(error, BaseException)
