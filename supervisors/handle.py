"""One supervisor of a running tree, managed from outside: its refs by path, and the calls of OTP's ``supervisor``."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from actors import Ref, Request
from actors.keeper import life_at, place_at, places_of

from .apoptosis.vitals import Vitals
from .errors import NoSuchPath, ReplacementFailed, SpecError
from .messages import (
    ChildCount,
    ChildInfo,
    CountChildren,
    DeleteChild,
    GetChildSpec,
    ReplaceChild,
    Resize,
    RestartChild,
    StartChild,
    TerminateChild,
    WhichChild,
    WhichChildren,
)
from .shell import Shell
from .spec import ChildSpec, DynamicSupervisor, Pool, Spec, Supervisor

T = TypeVar("T")


class Handle:
    """One supervisor of a running tree: its management calls, as OTP's ``supervisor`` module has them.

    Every call raises ``ActorDied`` with the reason if the supervisor is not there (any more).
    """

    def __init__(self, ref: Ref[Any]) -> None:
        self._ref = ref

    @property
    def name(self) -> str:
        """The path of this supervisor."""
        return self._ref.name

    def ref(self, path: str) -> Ref[Any]:
        """The ref of the place at ``path`` below here, such as ``"orders/worker"``.  Raises ``NoSuchPath``."""
        keys = [key for key in path.split("/") if key]
        found, missing = _walk(self._ref, keys)
        if missing and keys[:1] == [self._ref.name]:  # a path that begins with the root's own name is understood too
            found, missing = _walk(self._ref, keys[1:])
        if missing:
            below = "" if found is self._ref else f"{found.name.removeprefix(self._ref.name + '/')}/"
            raise NoSuchPath(path, [f"{below}{known}" for known in places_of(found)])
        return found

    def at(self, path: str) -> Handle:
        """The handle of the supervisor at ``path``.  Raises ``NoSuchPath``."""
        return Handle(self.ref(path))

    async def start_child(self, spec: Spec) -> Ref[Any] | None:
        """Add a child and start it, after all others; ``None`` if it raised ``Ignore``.

        Raises ``ChildStarted`` (the id runs already), ``ChildPresent`` (it is known but does not run), ``ChildFailed``
        (then the spec is forgotten again), ``MaxChildren``.
        """
        if not isinstance(spec, ChildSpec | Supervisor | DynamicSupervisor | Pool):
            raise SpecError("spec", spec, "must be a child(...) or a supervisor")
        return await self._manage(StartChild(spec))

    async def terminate_child(self, id: str) -> None:
        """End a child, or call its restart off.  Its spec stays unless it is temporary or dynamic.

        Raises ``ChildNotFound``.
        """
        await self._manage(TerminateChild(id))

    async def restart_child(self, id: str) -> Ref[Any] | None:
        """Start a child that does not run; one that waits for its backoff starts now.

        Raises ``ChildRunning``, ``ChildRestarting``, ``ChildNotFound``, ``ChildFailed`` (then it is not retried).
        """
        return await self._manage(RestartChild(id))

    async def delete_child(self, id: str) -> None:
        """Forget a child that does not run.  Raises ``ChildRunning``, ``ChildRestarting``, ``ChildNotFound``."""
        await self._manage(DeleteChild(id))

    async def replace(self, path: str, cause: str = "by hand", *, estate: str | None = None) -> Ref[Any]:
        """Replace the worker at ``path`` below here: its successor is started, warmed up and given ``estate`` before it
        goes.  Returns the ref, which is the same as ever, when the successor serves; waits for the disruption budget.

        ``estate``: ``all``, ``last good`` or ``nothing``; ``None``: all, unless something speaks against its state.
        Raises ``NoSuchPath``, ``ReplacementFailed``.
        """
        if estate not in (None, "all", "last good", "nothing"):
            raise SpecError("estate", estate, "must be 'all', 'last good', 'nothing' or None")
        ref = self.ref(path)
        parent, _, id = ref.name.rpartition("/")
        if ref is self._ref:
            raise ReplacementFailed(ref.name, "it is a supervisor; replace the workers below it")
        above = parent.removeprefix(self._ref.name).strip("/")
        handle = self.at(above) if above else self
        return await handle._manage(ReplaceChild(id, cause, estate))

    async def replace_all(self, cause: str = "by hand") -> int:
        """Replace every worker directly below here, as fast as the disruption budget allows; returns how many.

        Raises ``ReplacementFailed`` for the first that was not, when all have been tried.
        """
        workers = [info.id for info in reversed(await self.which_children()) if info.kind == "worker" and info.ref]
        outcomes = await asyncio.gather(*(self.replace(id, cause) for id in workers), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return len(workers)

    def vitals(self, path: str) -> Vitals | None:
        """What was measured of the life at ``path``; ``None`` if no policy watches it.  Raises ``NoSuchPath``."""
        ref = self.ref(path)
        shell = life_at(ref.parent) if ref.parent is not None else None
        return shell.vitals_of(ref.name.rpartition("/")[2]) if isinstance(shell, Shell) else None

    async def which_children(self) -> list[ChildInfo]:
        """All children, the most recently added first."""
        return await self._manage(WhichChildren())

    async def which_child(self, id: str) -> ChildInfo:
        """One child.  Raises ``ChildNotFound``."""
        return await self._manage(WhichChild(id))

    async def count_children(self) -> ChildCount:
        """The children, counted."""
        return await self._manage(CountChildren())

    async def get_childspec(self, id: str) -> Spec:
        """The spec of a child with all defaults.  Raises ``ChildNotFound``."""
        return await self._manage(GetChildSpec(id))

    async def resize(self, size: int) -> int:
        """Change the number of workers of a pool; returns the previous one.  Only for pools."""
        if type(size) is not int or size < 1:
            raise SpecError("size", size, "must be a whole number, at least 1")
        return await self._manage(Resize(size))

    async def _manage(self, request: Request[T]) -> T:
        return await self._ref.ask(request, timeout=None)


def _walk(ref: Ref[Any], keys: list[str]) -> tuple[Ref[Any], list[str]]:
    """The place that ``keys`` lead to, as far as they lead anywhere, and what is left of them."""
    for index, key in enumerate(keys):
        below = place_at(ref, key)
        if below is None:
            return ref, keys[index:]
        ref = below
    return ref, []
