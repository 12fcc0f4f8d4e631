"""The management calls, as typed requests; the running handle sends them, a supervisor's urgent lane serves them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from actors import Ref, Request

from .spec import Spec


@dataclass(frozen=True, slots=True)
class ChildInfo:
    """One child as ``which_children`` shows it.  ``ref`` is ``None`` unless a life is there."""

    id: str
    ref: Ref[Any] | None
    status: str
    kind: str


@dataclass(frozen=True, slots=True)
class ChildCount:
    """``specs``: all children that are known; ``active``: living ones; ``supervisors`` and ``workers`` count specs."""

    specs: int
    active: int
    supervisors: int
    workers: int


@dataclass(frozen=True, slots=True)
class StartChild(Request[Ref[Any] | None]):
    """Add a child and start it."""

    spec: Spec


@dataclass(frozen=True, slots=True)
class TerminateChild(Request[None]):
    """End a child; its spec stays, unless it is temporary or dynamic."""

    id: str


@dataclass(frozen=True, slots=True)
class RestartChild(Request[Ref[Any] | None]):
    """Start a child that was terminated, finished, ignored, or waits for its backoff."""

    id: str


@dataclass(frozen=True, slots=True)
class DeleteChild(Request[None]):
    """Forget a child that is not running."""

    id: str


@dataclass(frozen=True, slots=True)
class WhichChildren(Request[list[ChildInfo]]):
    """All children, the most recently started first."""


@dataclass(frozen=True, slots=True)
class WhichChild(Request[ChildInfo]):
    """One child."""

    id: str


@dataclass(frozen=True, slots=True)
class CountChildren(Request[ChildCount]):
    """The children, counted."""


@dataclass(frozen=True, slots=True)
class GetChildSpec(Request[Spec]):
    """The spec of a child, with all defaults."""

    id: str


@dataclass(frozen=True, slots=True)
class ReplaceChild(Request[Ref[Any]]):
    """Replace a worker by a successor that is ready before it goes; answers when that serves."""

    id: str
    cause: str
    estate: str | None = None


@dataclass(frozen=True, slots=True)
class Resize(Request[int]):
    """Change the number of a pool's workers; answers the previous one."""

    size: int
