"""The close ones by any measure, found by asking the close ones: T-Man.

For a backend developer: siblings that matter are found without a registry, by round trip, zone, tags or key, and found
anew when they die or move.

::

    tman = TMan(pid, rng, now, Profile(zone=("eu", "rack 7")))
    effects = tman.meet(views.passive, now)              # again when there are others: where it begins to look
    effects += tman.rank("zone", zone_distance, now)
    ...
    for near in tman.nearest(3, "zone"): ...

For each ranking a cell keeps the 8 closest it has heard of, and 3 at random.  Each round it picks one of its 4 closest
or, every second time, any, and both send each other all of these; each keeps what is closest to *it*.  Close ones know
closer ones, so it takes some log n rounds.  The random ones keep the graph in one piece whatever a metric says: one
that is the same for all, or is infinite, leads to a random graph.

Profiles have an owner, a version and an age.  Who does not answer several times is gone, and so is a profile that
nobody has heard from its owner for 5 minutes.  While nothing changes the rounds slow down to one in 10 s.

Round trips of the exchanges are measured, and place the cell by them (:mod:`~actors.tissue.overlay.vivaldi`).

Source: Jelasity, Montresor and Babaoglu, T-Man: gossip-based fast overlay topology construction, 2009.
"""

from __future__ import annotations

import heapq
import math
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from actors.messages import Pid

from ..core import Effect, Send, read
from ..plain import read_list, read_name, read_number, read_text
from .closeness import Metric, Profile, measure
from .config import SAMPLE_LIMIT, TManConfig, VivaldiConfig
from .descriptors import Descriptor, Descriptors, read_descriptors
from .events import BadMetric
from .reading import check_sender
from .vivaldi import Vivaldi

if TYPE_CHECKING:
    import random

PREFIX = "near."
"""How the kinds of its packets begin.

===========  ==================================  ======================================================================
kind         body                                meaning
===========  ==================================  ======================================================================
near.ask     [number, ranking, close, at random]  Those I know, myself among them; send me yours
near.answer  [number, ranking, close, at random]  Mine
===========  ==================================  ======================================================================

Of each peer: [name, life, version, age, profile].
"""

MET_LIMIT = 64
"""Of more peers that the owner names some at random are taken."""

_JITTER = 0.1


class Near(NamedTuple):
    """A cell that is close, as far as one knows."""

    pid: Pid
    distance: float
    profile: Profile


class _Ranking:
    """Who is close by one metric, the closest first.  ``asked``: whom, by what number, when, if it has not answered."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self.close: list[str] = []
        self.asked: tuple[str, int, float] | None = None
        self.is_bad = False


class TMan:
    """The close peers of one cell; a core (:mod:`~actors.tissue.core`).

    The owner calls :meth:`meet` with peers from elsewhere, :meth:`rank` for each measure that is needed,
    :meth:`describe` when the cell's own profile changes, and :meth:`died` at an exit signal.  Without a ranking, or a
    peer, it is never due.  Reports ``BadMetric``.
    """

    def __init__(
        self,
        pid: Pid,
        rng: random.Random,
        now: float,
        profile: Profile | None = None,
        config: TManConfig | None = None,
        vivaldi: VivaldiConfig | None = None,
    ) -> None:
        read_name(pid.name)
        self.pid = pid
        self.config = config or TManConfig()
        self.profile = profile or Profile()
        self.vivaldi = Vivaldi(rng, vivaldi)
        self._rng = rng
        self._version = 1
        self._known = Descriptors(pid.name, self.config.forget_after, self.config.misses)
        self._rankings: dict[str, _Ranking] = {}
        self._random: list[str] = []
        self._met: dict[str, int] = {}
        self._number = rng.randrange(1 << 31)
        self._salt = rng.getrandbits(32)
        self._quiet = 0
        self._round_due = math.inf

    def __repr__(self) -> str:
        return f"TMan({self.pid}, rankings={len(self._rankings)}, known={len(self._known)})"

    # -- what it knows -------------------------------------------------------------------------------------------------

    def nearest(self, k: int, ranking: str) -> list[Near]:
        """The ``k`` closest it knows, the closest first, or as many as there are; at most c are kept.

        Raises ``KeyError`` for a ranking that was not asked for.
        """
        found = []
        for name in self._rankings[ranking].close[:k]:
            each = self._known[name]
            distance, _ = measure(self._rankings[ranking].metric, self.profile, each.profile)
            found.append(Near(each.pid, distance, each.profile))
        return found

    @property
    def random(self) -> list[Pid]:
        """The peers kept at random."""
        return [self._known[name].pid for name in self._random]

    # -- what it is told -----------------------------------------------------------------------------------------------

    def meet(self, peers: Iterable[Pid], now: float) -> list[Effect]:
        """These cells exist, at random places; they take the place of those named before."""
        names = {read_name(pid.name): pid.incarnation for pid in peers if pid.name != self.pid.name}
        some = self._rng.sample(list(names), min(MET_LIMIT, len(names)))
        self._met = {name: names[name] for name in some if not self._known.is_gone(Pid(name, names[name]), now)}
        return self._settled(now)

    def rank(self, ranking: str, metric: Metric, now: float) -> list[Effect]:
        """Find the close ones by this measure, from now on, or by another than before.

        Raises ``ValueError`` for one ranking too many.  A peer that has no ranking of that name helps nevertheless.
        """
        if ranking not in self._rankings and len(self._rankings) >= self.config.max_rankings:
            raise ValueError(f"at most {self.config.max_rankings} rankings")
        self._rankings[read_text(ranking)] = _Ranking(metric)
        self._quiet = 0
        return self._ordered(now)

    def unrank(self, ranking: str, now: float) -> list[Effect]:
        """Those are not needed any more."""
        self._rankings.pop(ranking, None)
        return self._ordered(now)

    def describe(self, profile: Profile, now: float) -> list[Effect]:
        """This cell is something else now.  Its coordinate is kept."""
        self.profile = profile.at(self.vivaldi.coordinate) if self.profile.coordinate else profile
        self._version += 1
        self._quiet = 0
        return self._ordered(now)

    def died(self, pid: Pid, now: float) -> list[Effect]:
        """That life is over."""
        self._drop(pid, now + self.config.forget_after)
        return self._ordered(now)

    # -- time ----------------------------------------------------------------------------------------------------------

    @property
    def due(self) -> float:
        """When to call :meth:`tick` next."""
        return self._round_due

    def tick(self, now: float) -> list[Effect]:
        """Begin a round, if it is time."""
        if now < self._round_due:
            return []
        self._round_due = math.inf
        self._quiet += 1
        for each in self._rankings.values():
            if each.asked is not None:
                name, each.asked = each.asked[0], None
                if self._known.missed(name):
                    self._drop(Pid(name, self._life(name)), now + self.config.silence)
        self._known.expire(now)
        effects = self._ordered(now)
        for name in self._rankings:
            effects += self._ask(name, now)
        return effects

    def _settled(self, now: float) -> list[Effect]:
        if not self._rankings or not (self._met or len(self._known)):
            self._round_due = math.inf
        else:
            doublings = min(self._quiet // self.config.quiet_rounds, 16)
            pause = min(self.config.slowest, self.config.period * 2.0**doublings)
            if self._round_due == math.inf:
                # The first round is at a phase of its own.
                share = self._rng.uniform(1 - _JITTER, 1 + _JITTER) if self._quiet else self._rng.random()
                self._round_due = now + pause * share
            else:
                self._round_due = min(self._round_due, now + pause)
        return []

    def _ask(self, ranking: str, now: float) -> list[Effect]:
        each = self._rankings[ranking]
        anybody = list(dict.fromkeys([*self._random, *self._met, *each.close]))
        if not anybody:
            return []
        is_any = not each.close or self._rng.random() < 0.5
        partner = self._rng.choice(anybody if is_any else each.close[: self.config.partners])
        self._number += 1
        each.asked = partner, self._number, now
        return [Send(partner, "near.ask", self._body(partner, self._number, ranking, is_any, now))]

    def _best_for(self, partner: str, ranking: str) -> list[str]:
        """Who is closest to the partner, of all that are known; where the partner is not, those closest to us."""
        known = self._rankings.get(ranking)
        if known is None:
            return []
        if partner not in self._known:
            return known.close
        theirs = self._known[partner].profile
        far = [(measure(known.metric, theirs, each.profile)[0], each.pid.name) for each in self._known]
        return [name for _, name in heapq.nsmallest(self.config.close + 1, far) if name != partner][: self.config.close]

    def _body(self, partner: str, number: int, ranking: str, is_any: bool, now: float) -> list[Any]:
        """What it knows; itself among the random ones where the partner is one at random."""
        me = [self.pid.name, self.pid.incarnation, self._version, 0.0, self.profile.wire()]
        close = [self._known[name].wire(now) for name in self._best_for(partner, ranking)]
        some = [self._known[name].wire(now) for name in self._random]
        (some if is_any else close).append(me)
        return [number, ranking, close, some]

    # -- packets -------------------------------------------------------------------------------------------------------

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet from another cell has arrived."""
        return read(sender, kind, body, lambda raw: self._read(sender, kind, raw, now))

    def _read(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        check_sender(self.pid, sender)
        if sender.incarnation < self._life(sender.name) or self._known.is_gone(sender, now, by_itself=True):
            raise ValueError(f"from {sender}, whose place has had a later life")
        number, ranking, close, some = read_list(body, 4, 4)
        read_number(number)
        read_text(ranking)
        theirs = read_descriptors(close, SAMPLE_LIMIT + 1, now), read_descriptors(some, SAMPLE_LIMIT + 1, now)
        if kind not in ("near.ask", "near.answer"):
            raise ValueError("no packet of T-Man")
        self._known.heard(sender)
        for each in (*theirs[0], *theirs[1]):
            self._known.add(each, now)
        effects: list[Effect] = []
        if kind == "near.ask":
            effects.append(Send(sender.name, "near.answer", self._body(sender.name, number, ranking, False, now)))
        else:
            self._answered(sender, ranking, number, [*theirs[0], *theirs[1]], now)
        self._adopt([each.pid.name for each in theirs[1]], sender.name)
        return effects + self._ordered(now)

    def _answered(self, sender: Pid, ranking: str, number: int, theirs: list[Descriptor], now: float) -> None:
        known = self._rankings.get(ranking)
        if known is None or known.asked is None or known.asked[:2] != (sender.name, number):
            return
        rtt, known.asked = now - known.asked[2], None
        place = next((each.profile.coordinate for each in theirs if each.pid == sender), None)
        if self.vivaldi.observe(sender.name, place or Vivaldi(self._rng, self.vivaldi.config).coordinate, rtt):
            self.profile = self.profile.at(self.vivaldi.coordinate)
            self._version += 1

    def _adopt(self, names: list[str], sender: str) -> None:
        """Swap the random ones for the partner's: copies neither pile up nor die out."""
        fresh = [name for name in names if name in self._known and name != self.pid.name]
        old = [name for name in self._random if name not in fresh]
        self._rng.shuffle(fresh)
        if sender in fresh:
            fresh.remove(sender)
            fresh.insert(0, sender)
        self._random = [*fresh, *old][: self.config.random]

    def _life(self, name: str) -> int:
        return self._known[name].pid.incarnation if name in self._known else self._met.get(name, 0)

    def _drop(self, pid: Pid, until: float) -> None:
        if self._life(pid.name) <= pid.incarnation:
            self._met.pop(pid.name, None)
            self._known.drop(pid, until)
            self.vivaldi.forget(pid.name)
            self._quiet = 0

    def _ordered(self, now: float) -> list[Effect]:
        """Keep the closest of all that is known, by each ranking, and forget who is in none."""
        effects: list[Effect] = []
        kept = {name for name in self._random if name in self._known}
        self._random = [name for name in self._random if name in kept]
        for name, each in self._rankings.items():
            far: list[tuple[float, int, str]] = []
            for descriptor in self._known:
                distance, why = measure(each.metric, self.profile, descriptor.profile)
                if why and not each.is_bad:
                    each.is_bad = True
                    effects.append(BadMetric(name, why))
                # Ties are broken by chance, another one at each cell, or all would choose the same ones.
                far.append((distance, zlib.crc32(descriptor.pid.name.encode(), self._salt), descriptor.pid.name))
            close = [entry[2] for entry in sorted(far)[: self.config.close]]
            if set(close) != set(each.close):
                self._quiet = 0
            each.close = close
            kept.update(close)
        self._known.keep(kept, self.config.memory)
        return effects + self._settled(now)
