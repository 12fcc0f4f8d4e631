"""``self.contact``: an actor among those that are close to it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from actors.cell import Cell
from actors.errors import ActorError
from actors.keeper import Keeper
from actors.lifecycle import LIVING
from actors.messages import Pid
from actors.ref import ASK_TIMEOUT, Ref
from actors.tissue.core import Effect
from actors.tissue.crdt.dotted import Dotted
from actors.tissue.fields.block import Block, Reading
from actors.tissue.hormones.receptor import Receptor
from actors.tissue.mycorrhiza.cache_config import CacheConfig
from actors.tissue.mycorrhiza.lending import LENDING, LendingConfig
from actors.tissue.overlay.closeness import Profile
from actors.tissue.plain import NAME_BYTES, read_text

from .body import Body
from .cache import GRACE, Cache, cache
from .hosts import HOSTS
from .lending import Budget, lend
from .metrics import Near, distance_by, profile_of
from .neighbour import Answer, Neighbour
from .presence import Presence
from .roster import ANYBODY, Closeness
from .toward import Toward, Trail

D = TypeVar("D", bound=Dotted[Any])

TISSUE = "*"
"""The group of all cells that have to do with fields or trails: these lead through the whole tissue."""


def contact_of(cell: Cell) -> Contact:
    """The contact of the life in ``cell``."""
    body = cell.scheduler.system.site.body(cell)
    if body.face is None:
        body.face = Contact(body, None)
    return body.face


class Contact:
    """See the module's text.  What siblings, the children of one supervisor, have to do with each other; by
    :meth:`of`, or :meth:`join`, the members of any other group.

    Nothing here is central: who is close, what is shared and what is felt is known by each cell for itself, told from
    neighbour to neighbour, and outlives any of them.  A cell takes part from its first call on.
    """

    def __init__(self, body: Body, group: str | None) -> None:
        self._body = body
        self._group = group

    def __repr__(self) -> str:
        return f"<Contact {self.pid} in {self.group!r}>"

    # -- who is close --------------------------------------------------------------------------------------------------

    @property
    def pid(self) -> Pid:
        """This life as the tissue knows it: ``name@system``, and a number that no other life of that name has."""
        return self._body.pid

    @property
    def group(self) -> str:
        """The group: the path of the supervisor, unless it is another one."""
        return self._body.home if self._group is None else self._group

    def of(self, group: str) -> Contact:
        """The same in another group, of which this life is a member from now on."""
        self._body.presence(_checked(group))
        return Contact(self._body, group)

    def join(self, group: str, metric: Near = None, *, close: int = 8, random: int = 3) -> Contact:
        """As :meth:`of`, and say who is linked to whom: the ``close`` closest by ``metric``, and ``random`` others.

        All members have to say the same.  Raises ``ValueError`` if the group is linked otherwise already.
        """
        closeness = Closeness(distance_by(metric, self._body.site), close, random)
        self._body.site.roster(_checked(group), closeness if closeness != ANYBODY else None)
        return self.of(group)

    def link(self, *others: Ref[Any] | str) -> None:
        """Be linked to these as well, refs or names of this system or addresses: now, and whenever they are members.

        For a topology of one's own: ``join(group, close=0, random=0)`` and link whom you like.
        """
        presence = self._presence()
        for other in others:
            name = other if isinstance(other, str) else other.name
            address = name if "@" in name else f"{name}@{self._body.site.name}"
            presence.roster.wish(presence.pid.name, address)

    def describe(self, zone: str = "", tags: Iterable[str] = (), key: str | int | None = None) -> Profile:
        """Say what this life is to be found by: ``zone``, a path, the widest part first (``"eu/eu-1/rack-7"``);
        ``tags``, what it is about; ``key``, its place in the key space, any text or a number below 2**62.

        Raises ``ValueError`` naming what is wrong.
        """
        profile = profile_of(zone, tags, key, self._body.home)
        self._body.described(profile)
        self._presence()
        return profile

    def neighbours(self, k: int = 8, near: Near = None) -> list[Neighbour]:
        """The ``k`` closest living members of the group, the closest first, without this one.

        ``near``: ``"zone"``, ``"tags"``, ``"key"``, ``"supervisor"``, ``"latency"``, or a function of two profiles;
        ``None``: those to whom it is linked.  Members for which a metric has no answer are left out.  Raises
        ``ValueError`` for an unknown one.
        """
        if k < 1:
            raise ValueError(f"neighbours(k) needs a k of at least 1; got {k!r}")
        presence = self._presence()
        self._enlist()
        metric = distance_by(near, self._body.site)
        found = presence.roster.linked(presence.pid.name, k) if metric is None else []
        if len(found) < k:
            known = {entry.pid for _, entry in found}
            rest = presence.roster.nearest(presence.pid.name, k, metric)
            found += [(distance, entry) for distance, entry in rest if entry.pid not in known][: k - len(found)]
        return [Neighbour(entry.pid, entry.profile, distance, presence) for distance, entry in found]

    def at(self, pid: Pid) -> Neighbour | None:
        """The member that an event named, to tell or ask; ``None`` if that life is no member any more."""
        presence = self._presence()
        entry = presence.roster.get(pid.name)
        if entry is None or entry.pid != pid:
            return None
        distance = presence.roster.links_of(presence.pid.name).get(pid.name, math.inf)
        return Neighbour(pid, entry.profile, distance, presence)

    def tell(self, message: Any, k: int = 8, near: Near = None) -> int:
        """Tell the ``k`` closest; they handle it like any message.  Returns how many it was sent to."""
        close = self.neighbours(k, near)
        for neighbour in close:
            neighbour.tell(message)
        return len(close)

    def publish(self, value: Any) -> None:
        """Have a plain value reach all members of the group on all hosts, as ``Delivered``: declare a handler of that.

        By rumour along the hosts' views, and what rumours miss is asked for; to those of this host at once.
        """
        self._body.site.hosts.publish(self.group, self.pid, value)

    async def ask(
        self, message: Any, k: int = 8, near: Near = None, timeout: float | None = ASK_TIMEOUT
    ) -> list[Answer]:
        """Ask the ``k`` closest at once: what each of them answered within ``timeout``, or the error instead."""
        return await asyncio.gather(*(_answer(each, message, timeout) for each in self.neighbours(k, near)))

    # -- what siblings know --------------------------------------------------------------------------------------------

    def share(self, name: str, kind: type[D], *args: Any) -> D:
        """The value ``name`` that the group shares; ``kind``: ``ORMap``, ``LWWMap``, ``ORSet``, ``PNCounter``,
        ``MaxRegister``, ``MinRegister`` or ``TopK`` (with its k).

        Change it by its own methods; siblings have it within a few tenths of a second, and whoever succeeds this life
        starts with it.  On one loop a newborn has it at once; else see :meth:`warm`.  Raises ``ValueError``.
        """
        presence = self._presence()
        shared = presence.shared.setdefault(name, (kind, args))
        if shared != (kind, args):
            had, was = shared[0].__name__, kind.__name__
            raise ValueError(f"{name!r} is shared as {had}{shared[1] or ''} already; got {was}{args or ''}")
        return presence.state.share(name, kind, *args)

    @property
    def is_warm(self) -> bool:
        """Whether this life knows what a sibling knew when it was born, or nobody was there to ask."""
        return self._presence().state.is_warm

    async def warm(self, timeout: float = 2.0) -> bool:
        """Wait until it is warm, at most ``timeout`` seconds, in ``started()`` for instance; returns whether it is."""
        try:
            async with asyncio.timeout(timeout):
                return await self._presence().warm()
        except TimeoutError:
            return self.is_warm

    def checked(self) -> None:
        """A self-check was passed: what was told so far may be inherited by a successor, whatever comes after.

        Check-ups of an ``Apoptosis`` policy say so by themselves.
        """
        self._body.checked()

    # -- what is felt --------------------------------------------------------------------------------------------------

    def feel(self) -> None:
        """Take part in what the group feels; of itself where the class has receptors."""
        self._presence().slot("hormones")

    def secrete(self, hormone: str, amount: float = 1.0) -> None:
        """Something has happened: raise the level here; it spreads to those who are close, and decays.

        Raises ``ValueError`` for an unknown hormone or an amount that is not 0 or more.
        """
        self._known(hormone)
        self._presence().act("hormones", lambda core, now: core.secrete(hormone, amount, now))

    def sustain(self, hormone: str, level: float) -> None:
        """A measurement: have the level here tend to ``level`` until the next one; to be said again at each."""
        self._known(hormone)
        self._presence().act("hormones", lambda core, now: core.sustain(hormone, level, now))

    def sense(self, hormone: str) -> float:
        """The level here: what this cell secretes, and what has seeped in from its neighbours."""
        self._known(hormone)
        return self._presence().hormones.sense(hormone, self._body.site.now())

    def systemic(self, hormone: str) -> float | None:
        """The average over the group, or ``None`` while that is not known."""
        self._known(hormone)
        return self._presence().hormones.systemic(hormone, self._body.site.now())

    def is_on(self, receptor: Receptor) -> bool:
        """Whether a receptor of this life is triggered."""
        return self._presence().hormones.is_on(receptor)

    def _known(self, hormone: str) -> None:
        known = {each.name for each in self._body.hormones} | {each.hormone for each in self._body.receptors}
        if hormone not in known:
            cls = type(self._body.cell.actor).__name__
            raise ValueError(
                f"{cls} has no hormone {hormone!r}, only {', '.join(sorted(known))}; "
                f"declare it in the class: hormones = (Hormone({hormone!r}),)"
            )

    # -- gradients -----------------------------------------------------------------------------------------------------

    def emit(self, field: str) -> None:
        """Be a source of a field, until :meth:`retract` or the end of this life."""
        self._through().act("field", lambda core, now: core.emit(field, now))

    def retract(self, field: str) -> None:
        """Be a source of it no more."""
        self._through().act("field", lambda core, now: core.retract(field, now))

    def field(self, name: str) -> Reading:
        """A field as it is here: how far the nearest source is, over whom, and which."""
        return self._through().fields.field(name)

    def toward(self, field: str) -> Toward:
        """The nearest source of a field, to tell or ask."""
        return Toward(self._through(), field)

    def install(self, name: str, block: Block[Any]) -> None:
        """Have a block take part: a broadcast, a sum, an election, a channel; alike in all cells that take part."""
        self._through().act("field", lambda core, now: core.install(name, block, now))

    def uninstall(self, name: str) -> None:
        """Have that block no more."""
        self._through().act("field", lambda core, now: core.uninstall(name, now))

    # -- trails --------------------------------------------------------------------------------------------------------

    def offer(self, what: str, cost: float = 0.0) -> None:
        """Be at the end of the trails to ``what``; ``cost``: what it takes here, in seconds."""
        self._through().act("trails", lambda core, now: core.offer(what, now, cost))

    def withdraw(self, what: str) -> None:
        """Offer it no more."""
        self._through().act("trails", lambda core, now: core.withdraw(what, now))

    def trail(self, what: str) -> Trail:
        """Whoever offers ``what``, over as many hops as it takes, to tell or ask."""
        presence = self._through()
        presence.slot("trails")
        return Trail(presence, what)

    # -- what siblings lend each other ---------------------------------------------------------------------------------

    def lend(self, name: str, owned: int, *, lease: float = 10.0) -> Budget:
        """A pool of units (connections, tokens, licences) of which this life brings ``owned``; ``borrow`` from it.

        Who lacks units has those that others do not need, for ``lease`` seconds at a time; never are more in use than
        all lives together own.  So what a life has borrowed that crashes is locked for a lease, and so is what one has
        lent that is restarted.  Raises ``ValueError``.
        """
        config = LendingConfig(duration=lease, patience=min(LENDING.patience, lease / 10))
        return lend(self._body.presence(_checked(f"{self.group}|lend|{name}")), name, owned, config)

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
        who computes dies another one does.  Raises ``ValueError``.
        """
        if not 0 < limit < math.inf:
            raise ValueError(f"cache(limit) must be above 0 and finite; got {limit!r}")
        config = CacheConfig(ttl=ttl, near_ttl=near_ttl, lease=limit + GRACE)
        return cache(self._body.presence(_checked(f"{self.group}|cache|{name}")), name, compute, config)

    # -- flock ---------------------------------------------------------------------------------------------------------

    @property
    def load(self) -> float:
        """How much work this life has; see :meth:`put_load`."""
        return self._presence().flock.load

    def put_load(self, amount: float) -> None:
        """So much work has come: it is levelled with the neighbours.  0: take part without work, to get some.

        ``Gave(to, amount)`` says how much to hand over, and to whom; ``Got(sender, amount)`` how much was: declare
        handlers of them.
        """
        presence = self._presence()
        presence.slot("flock")
        if amount:
            presence.act("flock", lambda core, now: core.put(amount, now))

    def take_load(self, amount: float) -> None:
        """So much work is done."""
        self._presence().act("flock", lambda core, now: core.take(amount, now))

    # ------------------------------------------------------------------------------------------------------------------

    def act(self, word: str, call: Callable[[Any, float], list[Effect]]) -> None:
        """Have a core of this life do something now: ``call(core, now)``; for those who build on the cores."""
        self._presence().act(word, call)

    def _presence(self) -> Presence:
        return self._body.presence(self.group)

    def _through(self) -> Presence:
        return self._body.presence(TISSUE if self._group is None else self._group)

    def _enlist(self) -> None:
        """Siblings that have not taken part so far do so now: the supervisor's other children, or, of an actor that the
        system itself has started, the others of these.
        """
        body = self._body
        if self._group is not None:
            return
        parent = body.cell.parent
        if parent is None:
            siblings = body.site.system.roots()
        else:
            siblings = [*parent.extras.places.values()] if parent.extras is not None else []
        for cell in siblings:
            is_worker = cell.actor is not None and not isinstance(cell.actor, Keeper)  # a keeper takes no messages
            if is_worker and cell.state in LIVING and cell is not body.cell:
                body.site.body(cell).presence(self.group)


def _checked(group: str) -> str:
    """The name of a group, if it can travel."""
    try:
        read_text(group).encode()
    except (TypeError, ValueError):
        raise ValueError(f"a group's name is a text of at most {NAME_BYTES} bytes; got {group!r:.60}") from None
    if group == HOSTS:
        raise ValueError(f"a group's name is any but {HOSTS!r}, in which hosts speak to each other")
    return group


async def _answer(neighbour: Neighbour, message: Any, timeout: float | None) -> Answer:
    try:
        return Answer(neighbour, await neighbour.ask(message, timeout))
    except ActorError as error:
        return Answer(neighbour, error=error)
