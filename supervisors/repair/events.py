"""What is decided about the size of a pool and who runs a tree, as events of the same stream as all others."""

from __future__ import annotations

from dataclasses import dataclass

from supervisors.events import SupervisionEvent, counted


@dataclass(frozen=True, slots=True)
class Grown(SupervisionEvent):
    """More workers are wanted in a pool: ``wanted`` in all, everywhere.  They are claimed and started next."""

    wanted: int
    why: str

    def describe(self) -> str:
        return f"{self.path} grows to {counted(self.wanted, 'worker', 'workers')}: {self.why}"


@dataclass(frozen=True, slots=True)
class Shrunk(SupervisionEvent):
    """Fewer workers are wanted in a pool: ``wanted`` in all, everywhere.  The surplus retires next."""

    wanted: int
    why: str

    def describe(self) -> str:
        return f"{self.path} shrinks to {counted(self.wanted, 'worker', 'workers')}: {self.why}"


@dataclass(frozen=True, slots=True)
class Claimed(SupervisionEvent):
    """A worker is started here, at ``path``, because its place was empty; ``host`` is this one, ``previous`` the one
    where its predecessor had lived, empty if there was none, or it is not known.
    """

    host: str
    previous: str

    def describe(self) -> str:
        after = f", after {self.previous}" if self.previous else ""
        return f"{self.path} is claimed by {self.host}{after}"


@dataclass(frozen=True, slots=True)
class Yielded(SupervisionEvent):
    """A worker ends here, at ``path``, because its place is filled elsewhere, by ``to`` (empty: not known)."""

    to: str

    def describe(self) -> str:
        return f"{self.path} leaves its place to {self.to}" if self.to else f"{self.path} leaves its place"


@dataclass(frozen=True, slots=True)
class Taken(SupervisionEvent):
    """This host runs the tree at ``path`` from now on, with ``token``, which is higher than that of any before."""

    host: str
    token: int

    def describe(self) -> str:
        return f"{self.path} is run by {self.host} (token {self.token})"


@dataclass(frozen=True, slots=True)
class Dropped(SupervisionEvent):
    """This host runs the tree at ``path`` no more."""

    host: str
    token: int
    why: str

    def describe(self) -> str:
        return f"{self.path} is no longer run by {self.host} (token {self.token}): {self.why}"
