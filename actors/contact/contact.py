"""``self.contact``: an actor among those that are close to it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from actors.cell import Cell
from actors.deadlines import check_timeout
from actors.messages import Pid
from actors.ref import ASK_TIMEOUT, Ref
from actors.tissue.core import Effect
from actors.tissue.crdt.dotted import Dotted
from actors.tissue.mycorrhiza.cache_config import CacheConfig
from actors.tissue.mycorrhiza.lending import LENDING, MAX_UNITS, LendingConfig
from actors.tissue.overlay.closeness import Profile
from actors.tissue.plain import NAME_BYTES

from .cache import GRACE, Cache, cache
from .checks import computing, described, grouped, linked, living, named, number, shared, whole
from .cores import CORES
from .lending import Budget, lend
from .metrics import Near, distance_by, profile_of
from .neighbour import Answer, Neighbour, answer_of, far_first
from .roster import ANYBODY, Closeness
from .siblings import enlist
from .signals import Signals

D = TypeVar("D", bound=Dotted[Any])

MOMENT, LEAST_LEASE, DAY, YEAR = 0.001, 0.1, 86_400.0, 365 * 86_400.0
"""Seconds: shorter than the first two comes to nothing but packets, longer than the others is a slip."""


def contact_of(cell: Cell) -> Contact:
    """The contact of the life in ``cell``."""
    body = cell.scheduler.system.site.body(cell)
    if body.face is None:
        body.face = Contact(body, None)
    return body.face


class Contact(Signals):
    """See the module's text.  What siblings, the children of one supervisor, have to do with each other; by
    :meth:`of`, or :meth:`join`, the members of any other group.

    Nothing here is central: who is close, what is shared and what is felt is known by each cell for itself, told from
    neighbour to neighbour, and outlives any of them.  A cell takes part from its first call on.
    """

    # -- who is close --------------------------------------------------------------------------------------------------

    def of(self, group: str) -> Contact:
        """The same in another group, of which this life is a member from now on.  Raises ``ValueError`` for what is no
        name: a text of 1 to 255 bytes.
        """
        name = grouped(group, self._body.home)
        self._body.presence(name)
        return Contact(self._body, name)

    def join(self, group: str, metric: Near = None, *, close: int = 8, random: int = 3) -> Contact:
        """As :meth:`of`, and say who is linked to whom: the ``close`` closest by ``metric``, and ``random`` others.

        All members have to say the same.  Raises ``ValueError`` if the group is linked otherwise already; those who
        have the same supervisor are a group of its name, linked as any is: take another name for yours.
        """
        closeness = Closeness(distance_by(metric, self._body.site), close, random)
        name = grouped(group, self._body.home)
        self._body.check_alive()
        self._body.site.roster(name, closeness if closeness != ANYBODY else None)
        return self.of(name)

    def link(self, *others: Ref[Any] | str) -> None:
        """Be linked to these as well, refs or names of this system or addresses: now, and whenever they are members.

        For a topology of one's own: ``join(group, close=0, random=0)`` and link whom you like.  Raises ``ValueError``,
        and links nobody, if one of them is this life itself or no ref, name or address.
        """
        addresses = [linked(other, self._body) for other in others]
        presence = self._presence()
        for address in addresses:
            presence.roster.wish(presence.pid.name, address)

    def describe(self, zone: str = "", tags: Iterable[str] = (), key: str | int | None = None) -> Profile:
        """Say what this life is to be found by: ``zone``, a path, the widest part first (``"eu/eu-1/rack-7"``);
        by default where its host is; ``tags``, what it is about; ``key``, its place in the key space, any text or a
        number below 2**62.

        Raises ``ValueError`` naming what is wrong.
        """
        profile = profile_of(zone or "/".join(self._body.site.zone), tags, key, self._body.home)
        self._presence()
        self._body.described(profile)
        return profile

    def neighbours(self, k: int = 8, near: Near = None, *, linked: bool = False) -> list[Neighbour]:
        """The ``k`` closest living members of the group, the closest first, without this one.

        ``near``: ``"zone"``, ``"tags"``, ``"key"``, ``"supervisor"``, ``"latency"``, or a function of two profiles;
        ``None``: those to whom it is linked, and where they are fewer than ``k``, others at random.  ``linked``: only
        those to whom it is linked.  Members for which a metric has no answer are left out.

        Raises ``ValueError`` for an unknown metric, and for a ``k`` that is no whole number from 1.
        """
        whole("neighbours(k)", k, 1)
        metric = distance_by(near, self._body.site)
        presence = self._presence()
        self._enlist()
        found = presence.roster.closest(presence.pid.name, k, metric, is_linked=linked)
        return [Neighbour(entry.pid, entry.profile, distance, presence) for distance, entry in found]

    def at(self, pid: Pid) -> Neighbour | None:
        """The member that an event named, to tell or ask; ``None`` if that life is no member any more.

        Raises ``ValueError`` for what is no ``Pid``.
        """
        living(pid)
        presence = self._presence()
        entry = presence.roster.get(pid.name)
        if entry is None or entry.pid != pid:
            return None
        distance = presence.roster.links_of(presence.pid.name).get(pid.name, math.inf)
        return Neighbour(pid, entry.profile, distance, presence)

    def tell(self, message: Any, k: int = 8, near: Near = None, *, linked: bool = False) -> int:
        """Tell those that :meth:`neighbours` finds; they handle it like any message.  Returns how many it was sent to.

        Raises ``ValueError``, and tells nobody, for a message that cannot travel to one of them.
        """
        close = self.neighbours(k, near, linked=linked)
        for neighbour in far_first(close):
            neighbour.tell(message)
        return len(close)

    def publish(self, value: Any) -> None:
        """Have a plain value reach all members of the group on all hosts, as ``Delivered``: declare a handler of that.

        By rumour along the hosts' views, and what rumours miss is asked for; to those of this host at once.  Each has a
        copy of its own, tuples as lists.  Raises ``ValueError``, and publishes nothing, for what is not plain (what
        msgpack takes and reads again) or is too long: over 65,536 bytes with the names of group and life.
        """
        self._body.check_alive()
        self._body.site.hosts.publish(self.group, self.pid, value)

    async def ask(
        self,
        message: Any,
        k: int = 8,
        near: Near = None,
        timeout: float | None = ASK_TIMEOUT,
        *,
        linked: bool = False,
    ) -> list[Answer]:
        """Ask those that :meth:`neighbours` finds at once: what each of them answered within ``timeout`` seconds, or
        the error instead.

        ``None``: no limit; see ``Neighbour.ask``.  A message that cannot travel to one of them is an error of that one.
        Raises ``ValueError`` for what is no timeout.
        """
        timeout = check_timeout(timeout)
        close = self.neighbours(k, near, linked=linked)
        return await asyncio.gather(*(answer_of(each, message, timeout) for each in close))

    # -- what siblings know --------------------------------------------------------------------------------------------

    def share(self, name: str, kind: type[D], *args: Any) -> D:
        """The value ``name`` that the group shares; ``kind``: ``ORMap``, ``LWWMap``, ``ORSet``, ``PNCounter``,
        ``MaxRegister``, ``MinRegister`` or ``TopK`` (with its k).

        Change it by its own methods; siblings have it within a few tenths of a second, and whoever succeeds this life
        starts with it.  On one loop a newborn has it at once; else see :meth:`warm`.  When this life is over it can be
        read, but who changes it gets ``NotRunning``.

        Raises ``ValueError`` for a name that is not a text of 1 to 64 bytes or is shared as another kind already, for
        an unknown kind, and for arguments that do not fit it; ``TooMuch`` for the 257th name.
        """
        name = shared(name, kind, args)
        presence = self._presence()
        known = presence.shared.get(name, (kind, args))
        if described(*known) != described(kind, args):
            raise ValueError(f"{name!r} is shared as {described(*known)} already; got {described(kind, args)}")
        value = presence.state.share(name, kind, *args)
        presence.shared[name] = known
        return value

    @property
    def is_warm(self) -> bool:
        """Whether this life knows what a sibling knew when it was born, or nobody was there to ask."""
        return self._presence().state.is_warm

    async def warm(self, timeout: float | None = 2.0) -> bool:
        """Wait until it is warm, at most ``timeout`` seconds, in ``started()`` for instance; returns whether it is.

        ``None``: no limit.  Raises ``NotRunning`` when this life ends, ``ValueError`` for what is no timeout.
        """
        timeout = check_timeout(timeout)
        try:
            async with asyncio.timeout(timeout):
                return await self._presence().warm()
        except TimeoutError:
            return self.is_warm

    def checked(self) -> None:
        """A self-check was passed: what was told so far may be inherited by a successor, whatever comes after.

        Check-ups of an ``Apoptosis`` policy say so by themselves.
        """
        self._body.check_alive()
        self._body.checked()

    # -- what siblings lend each other ---------------------------------------------------------------------------------

    def lend(self, name: str, owned: int, *, lease: float = 10.0) -> Budget:
        """A pool of units (connections, tokens, licences) of which this life brings ``owned``; ``borrow`` from it.

        Who lacks units has those that others do not need, for ``lease`` seconds at a time; never are more in use than
        all lives together own.  So what a life has borrowed that crashes is locked for a lease, and so is what one has
        lent that is restarted.  ``lease``: 0.1 s to a day.  Raises ``ValueError``.
        """
        room = NAME_BYTES - len(f"{self.group}|lend|".encode())
        text, units = named("lend(name)", name, room), whole("lend(owned)", owned, 0, MAX_UNITS - 1)
        seconds = number("lend(lease)", lease, LEAST_LEASE, DAY)
        config = LendingConfig(duration=seconds, patience=min(LENDING.patience, seconds / 10))
        return lend(self._body.presence(grouped(f"{self.group}|lend|{text}")), text, units, config)

    def cache(
        self,
        name: str,
        compute: Callable[[str], Any],
        *,
        ttl: float = 60.0,
        near_ttl: float = 5.0,
        limit: float = 10.0,
    ) -> Cache:
        """A cache that all members keep together: ``await get(key)``; ``compute(key)``, plain or ``async``, is called
        by one of them for all.

        A value is plain (what msgpack takes), lives for ``ttl`` seconds, is computed anew a little earlier while it is
        asked for, and copied for ``near_ttl``.  A computation that takes longer than ``limit`` seconds is stopped; if
        who computes dies another one does.  All three are at most a year.  Raises ``ValueError``.
        """
        text = named("cache(name)", name, NAME_BYTES - len(f"{self.group}|cache|".encode()))
        function = computing(compute)
        times = {"ttl": ttl, "near_ttl": near_ttl, "limit": limit}
        seconds = {each: number(f"cache({each})", time, MOMENT, YEAR) for each, time in times.items()}
        config = CacheConfig(ttl=seconds["ttl"], near_ttl=seconds["near_ttl"], lease=seconds["limit"] + GRACE)
        return cache(self._body.presence(grouped(f"{self.group}|cache|{text}")), text, function, config)

    # -- flock ---------------------------------------------------------------------------------------------------------

    @property
    def load(self) -> int:
        """How much work this life has; see :meth:`put_load`."""
        return int(self._presence().flock.load)  # ours are whole

    def put_load(self, amount: int) -> None:
        """So much work has come: it is levelled with the neighbours.  0: take part without work, to get some.

        ``Gave(to, amount)`` says how much to hand over, and to whom; ``Got(sender, amount)`` how much was: declare
        handlers of them.  Raises ``ValueError`` for what is no whole number from 0.
        """
        whole("put_load(amount)", amount, 0)
        presence = self._presence()
        presence.slot("flock")
        if amount:
            presence.act("flock", lambda core, now: core.put(amount, now))

    def take_load(self, amount: int) -> None:
        """So much work is done.  Raises ``ValueError`` for what is no whole number from 0, and for more than there is:
        see :attr:`load`.
        """
        whole("take_load(amount)", amount, 0)
        presence = self._presence()
        if amount:
            presence.act("flock", lambda core, now: core.take(amount, now))

    # ------------------------------------------------------------------------------------------------------------------

    def act(self, word: str, call: Callable[[Any, float], list[Effect]]) -> None:
        """Have a core of this life do something now: ``call(core, now)``; for those who build on the cores.

        Raises ``ValueError`` for an unknown core.
        """
        presence = self._presence()
        if word not in [*CORES, *presence.owners]:
            raise ValueError(f"act(word): there is no core {word!r:.60}, only {', '.join([*CORES, *presence.owners])}")
        presence.act(word, call)

    def _enlist(self) -> None:
        """Siblings that have not taken part so far do so now."""
        if self._group is None:
            enlist(self._body.site, self._body.cell)
