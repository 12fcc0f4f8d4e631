"""The cache that siblings keep together, as an actor has it: ``await get(key)``, computed once in the fleet."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from actors.deadlines import check_timeout
from actors.errors import ActorError
from actors.exits import spell
from actors.messages import Pid
from actors.tissue.core import Effect, Send
from actors.tissue.mycorrhiza.cache_config import CacheConfig
from actors.tissue.mycorrhiza.cooperative_cache import CooperativeCache
from actors.tissue.mycorrhiza.flights import Compute, Failed, Found, Warmed
from actors.tissue.plain import pack, unpack

from .checks import named
from .presence import NURSE, NURSERY

if TYPE_CHECKING:
    from .presence import Presence

WORD = "cache"

GET_TIMEOUT = 30.0
"""Seconds that ``get`` waits unless told otherwise: long enough to see two who compute the value die."""

GRACE = 1.0
"""Seconds by which the lease to compute a value is longer than the computation may take: for the packets about it."""

MANY = 64
"""In groups of up to so many members who is there is looked at whenever anybody comes or goes."""

PAUSE = 1e-4
"""Seconds for each member beyond that between two looks, or a thousand who join at once would cost a million looks."""

Function = Callable[[str], Any]
"""Computes the value of a key; may return an awaitable."""


class NotComputed(ActorError):
    """There is no value for a key: ``why`` in words; what was raised here is the ``__cause__``."""

    def __init__(self, key: str, why: str) -> None:
        self.key = key
        self.why = why
        super().__init__(f"no value for {key!r}: {why}")


class Cache:
    """A cell's part of a cache; see ``Contact.cache``."""

    def __init__(self, presence: Presence, name: str, compute: Function, config: CacheConfig) -> None:
        self.name = name
        self.compute = compute
        self.config = config
        self._presence = presence
        self._waiting: dict[str, list[asyncio.Future[Any]]] = {}
        self._errors: dict[str, BaseException] = {}
        self._computing: set[asyncio.Task[None]] = set()
        self._warming: list[asyncio.Future[bool]] = []
        self._is_warm = False
        self._members: dict[str, Pid] = {}
        self._met = float("-inf")
        self._meeting: asyncio.TimerHandle | None = None
        self._is_over = False
        presence.owners[WORD] = self
        presence.roster.watchers[presence] = None
        presence.slot(WORD)
        if not presence.body.is_born:
            self._learn()

    def __repr__(self) -> str:
        return f"<Cache {self.name!r} of {self._presence.pid}: {self.owned} owned>"

    # -- for the actor -------------------------------------------------------------------------------------------------

    async def get(self, key: str, timeout: float | None = GET_TIMEOUT) -> Any:
        """The value of a key, text of 1 to 255 bytes: from here, from who owns it, or computed by one of all who ask.

        Raises ``NotComputed`` if the computation failed, here or elsewhere, this life ended, or within ``timeout``
        seconds (``None``: no limit) nothing came; ``ValueError`` for what is no timeout.
        """
        timeout = check_timeout(timeout)
        key = named("get(key)", key)
        if self._is_over:
            raise NotComputed(key, "this life is over")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(future)
        try:
            self._presence.act(WORD, lambda core, now: core.get(key, now))
            if future.done():
                return future.result()
            async with asyncio.timeout(timeout):
                return await future
        except TimeoutError:
            raise NotComputed(key, f"not within {timeout:g} s") from None
        finally:
            waiting = self._waiting.get(key, [])
            if future in waiting:
                waiting.remove(future)
                if not waiting:
                    del self._waiting[key]

    def drop(self, key: str) -> None:
        """What the value was computed from has changed: compute it anew.  Copies at other cells live on, ``near_ttl``
        at most.  Raises ``NotRunning`` if this life is over, ``ValueError`` for what is no key.
        """
        key = named("drop(key)", key)
        self._presence.body.check_alive()
        self._presence.act(WORD, lambda core, now: core.drop(key, now))

    async def warmed(self, timeout: float | None = 2.0) -> bool:
        """Wait until the hottest entries of two others are here, at most ``timeout`` seconds; whether they are.

        In ``started()``, or as ``return await self.prices.warmed()`` in ``ready()``.  ``None``: no limit.  Raises
        ``NotRunning`` when this life ends, ``ValueError`` for what is no timeout.
        """
        timeout = check_timeout(timeout)
        self._presence.body.check_alive()
        if not self._is_warm and not self._is_over:
            future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            self._warming.append(future)
            try:
                async with asyncio.timeout(timeout):
                    await future
            except TimeoutError:
                pass
        return self._is_warm

    @property
    def owned(self) -> int:
        """How many entries live here for all; 0 when this life is over."""
        return 0 if self._is_over else self._core.owned

    @property
    def _core(self) -> CooperativeCache:
        core: Any = self._presence.slot(WORD).core
        assert isinstance(core, CooperativeCache)
        return core

    # -- computing -----------------------------------------------------------------------------------------------------

    async def _compute(self, key: str, token: int) -> None:
        """Compute a value, for all who wait for it anywhere."""
        site = self._presence.body.site
        began = site.now()
        try:
            async with asyncio.timeout(self.config.lease - GRACE):
                value = self.compute(key)
                if inspect.isawaitable(value):
                    value = await value
            cost = site.now() - began
            self._presence.act(WORD, lambda core, now: core.computed(key, token, value, now, cost=cost))
        except Exception as error:  # the user's, or of a value that cannot travel
            why = spell(error) if not isinstance(error, TimeoutError) else self._too_slow(error)
            self._errors[key] = error
            self._presence.act(WORD, lambda core, now: core.failed(key, token, now, why))
            self._errors.pop(key, None)

    def _too_slow(self, error: TimeoutError) -> str:
        return str(error) or f"TimeoutError: it took longer than {self.config.lease - GRACE:g} s"

    def _answer(self, key: str, value: Any) -> None:
        """Each who waits gets a value of its own to change."""
        waiting = [future for future in self._waiting.pop(key, ()) if not future.done()]
        packed = pack(value) if len(waiting) > 1 else b""
        for number, future in enumerate(waiting):
            future.set_result(value if number == 0 else unpack(packed))

    def _fail(self, key: str, why: str) -> None:
        cause = self._errors.get(key)
        for future in self._waiting.pop(key, ()):
            if not future.done():
                error = NotComputed(key, why)
                error.__cause__ = cause
                future.set_exception(error)

    def _warm(self) -> None:
        self._is_warm = True
        for future in self._warming:
            if not future.done():
                future.set_result(True)
        self._warming.clear()

    # -- who is there --------------------------------------------------------------------------------------------------

    def _learn(self) -> None:
        """A successor on trial is heard by nobody but its living predecessor, by another name: both have the same."""
        presence = self._presence
        elder = presence.body.elder(presence.group)
        owner = elder.owners.get(WORD) if elder is not None else None
        if not isinstance(owner, Cache):
            self._warm()
            return
        now, young, old = presence.body.site.now(), self._core, owner._core
        for ask in young.neighbours([NURSE], now):
            for answer in old.receive(Pid(NURSERY, 1), ask.kind, ask.body, now) if isinstance(ask, Send) else ():
                if isinstance(answer, Send):
                    presence.carry_out(young.receive(Pid(NURSE, 1), answer.kind, answer.body, now))
        young.neighbours((), now)

    def _look(self, core: CooperativeCache, now: float) -> list[Effect]:
        self._met = now
        before = self._members
        self._members = {entry.pid.name: entry.pid for entry in self._presence.roster}
        effects: list[Effect] = []
        for name, pid in before.items():
            if self._members.get(name) != pid and name != core.pid.name:
                effects += core.died(pid, now)
        return effects + core.neighbours(self._members.keys(), now)

    def _look_later(self) -> None:
        self._meeting = None
        if not self._is_over:
            self._presence.act(WORD, self._look)

    # -- as the owner of a core ----------------------------------------------------------------------------------------

    def make(self, presence: Presence) -> CooperativeCache:
        """The core."""
        site = presence.body.site
        return CooperativeCache(presence.pid, site.chance(), site.now(), self.config)

    def meet(self, core: CooperativeCache, links: Mapping[str, float], now: float) -> list[Effect]:
        """All members are candidates for a key, not the close ones only."""
        wait = self._met + PAUSE * (len(self._presence.roster) - MANY) - now
        if wait <= 0:
            return self._look(core, now)
        if self._meeting is None:
            self._meeting = asyncio.get_running_loop().call_later(wait, self._look_later)
        return []

    def heard(self, event: Any) -> bool:
        """Hand over what was found, compute what is to be computed."""
        match event:
            case Found(key, value):
                self._answer(key, value)
            case Compute(key, token):
                task = asyncio.get_running_loop().create_task(self._compute(key, token))
                self._computing.add(task)
                task.add_done_callback(self._computing.discard)
            case Failed(key, why):
                self._fail(key, why)
                return False
            case Warmed():
                self._warm()
                return False
            case _:
                return False
        return True

    def born(self) -> None:
        """It is a member from here on, and is told who is there."""

    def ended(self, is_planned: bool) -> None:
        """Nobody waits here any more, and nothing is computed."""
        self._is_over = True
        self._presence.roster.watchers.pop(self._presence, None)
        if self._meeting is not None:
            self._meeting.cancel()
        for task in self._computing:
            task.cancel()
        for key in tuple(self._waiting):
            for future in self._waiting[key]:
                if not future.done():
                    future.set_exception(NotComputed(key, "this life is over"))
                    future.exception()
        self._presence.fail(self._warming)


def cache(presence: Presence, name: str, compute: Function, config: CacheConfig) -> Cache:
    """The cache of that name, the same each time.  Raises ``ValueError`` if it was asked for otherwise before."""
    found = presence.owners.get(WORD)
    if found is None:
        return Cache(presence, name, compute, config)
    assert isinstance(found, Cache)
    if (found.compute, found.config) != (compute, config):
        raise ValueError(f"this life has a cache {name!r} already, that is computed or kept otherwise")
    return found
