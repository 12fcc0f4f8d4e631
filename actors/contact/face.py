"""What all verbs of ``self.contact`` stand on: which life, in which group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.messages import Pid

if TYPE_CHECKING:
    from .body import Body
    from .presence import Presence

TISSUE = "*"
"""The group of all cells that have to do with fields or trails: these lead through the whole tissue."""


class Face:
    """See the module's text."""

    def __init__(self, body: Body, group: str | None) -> None:
        self._body = body
        self._group = group

    def __repr__(self) -> str:
        return f"<Contact {self.pid} in {self.group!r}>"

    @property
    def pid(self) -> Pid:
        """This life as the tissue knows it: ``name@system``, and a number that no other life of that name has."""
        return self._body.pid

    @property
    def group(self) -> str:
        """The group: the path of the supervisor, unless it is another one."""
        return self._body.home if self._group is None else self._group

    def _presence(self) -> Presence:
        return self._body.presence(self.group)

    def _through(self) -> Presence:
        return self._body.presence(TISSUE if self._group is None else self._group)
