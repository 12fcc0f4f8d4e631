"""Messages of actors on their way over the tissue: as bytes where they may leave the process, else as they are.

As bytes they hold what :mod:`actors.wire` takes, with the names of their classes: whoever reads them needs nothing but
them.  Nothing is imported, and no constructor runs but a dataclass's that has ``__post_init__``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgpack

from actors.errors import CodecError
from actors.tissue.plain import read_list
from actors.tissue.transport import FRAME_BYTES, FrameError
from actors.wire.codec import Wire

if TYPE_CHECKING:
    from actors.ref import Ref
    from actors.system import ActorSystem

    from .site import Site

MARK = 0xC1
"""How such bytes begin: msgpack never does, and numbers of what is kept in one process begin with 0."""


class Letterbox:
    """See the module's text; of one host."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def keep(self, message: object) -> bytes:
        """A message as it travels.  Raises ``CodecError`` for what cannot."""
        if not self._site.is_apart:
            return self._site.transport.keep(message)
        wire = self._wire()
        packed = wire.pack(message)
        return bytes((MARK,)) + msgpack.packb([wire.announcements(), packed])  # type: ignore[no-any-return]

    def fetch(self, kept: bytes) -> object:
        """The message again.  Raises ``FrameError``."""
        if kept[:1] != bytes((MARK,)):
            return self._site.transport.fetch(kept)
        try:
            news, packed = read_list(msgpack.unpackb(kept[1:]), 2, 2)
            wire = self._wire()
            wire.learn(news)
            return wire.unpack(packed)
        except Exception as error:  # msgpack raises half a dozen kinds
            raise FrameError(f"a message that cannot be read: {error}") from error

    def drop(self, kept: bytes) -> None:
        """Nobody will fetch it any more."""
        if kept[:1] != bytes((MARK,)):
            self._site.transport.drop(kept)

    # -- refs ----------------------------------------------------------------------------------------------------------

    def _wire(self) -> Wire:
        return Wire(self._export, self._resolve, is_trusting=True, max_bytes=FRAME_BYTES)

    def _export(self, ref: Ref[Any]) -> list[str]:
        """A ref by its name: over the tissue there is no one link that could carry it."""
        system: ActorSystem = self._site.system
        for name in (ref.name, *getattr(ref._cell.extras, "names", ())):
            if system.whereis(name) == ref:
                return [self._site.name, name]
        raise CodecError(f"ref {ref}", "cannot be found by name, as it must to travel by contact; spawn it with a name")

    def _resolve(self, handle: Any) -> Ref[Any]:
        host, name = read_list(handle, 2, 2)
        if host != self._site.name:
            raise CodecError(f"ref {name!a:.60}", f"is of host {host!a:.60}; by contact refs travel within one host")
        ref: Ref[Any] | None = self._site.system.whereis(name)
        if ref is None:
            raise CodecError(f"ref {name!a:.60}", "leads nowhere: nobody has that name now")
        return ref
