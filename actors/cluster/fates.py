"""The ledger of a life on another host, as its place knows it: empty until that life is gone, and its host tells.

If the host is gone too, nobody can tell any more, and every message that was on its way counts as in hand: it is given
up, and never delivered twice.
"""

from __future__ import annotations

from actors.places.ledger import DistantLedger, Fate, Ledger


class Fates(Ledger):
    """See the module's text."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        super().__init__(bytearray())
        self._last = -1

    def write(self, number: int, fate: int) -> None:
        """See :class:`~actors.places.ledger.Ledger`: what is only noted here is of no use to anybody."""

    def tell(self, copy: bytes) -> None:
        """The life is gone, and this is what it has noted."""
        if len(copy) == DistantLedger.SIZE:
            self._bytes[:] = copy[: Ledger.SIZE]
            self._last = int.from_bytes(copy[Ledger.SIZE :], "little")

    def read(self, number: int) -> Fate:
        """See :class:`~actors.places.ledger.Ledger`."""
        if self._last < 0:
            return Fate.IN_HAND
        return super().read(number) if number <= self._last else Fate.WAITING
