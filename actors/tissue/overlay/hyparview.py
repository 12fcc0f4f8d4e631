"""A few neighbours each, and an overlay that stays in one piece when most cells die at once: HyParView.

For a backend developer: to reach thousands of processes while each knows a handful, with nobody in the middle, so that
a broadcast still gets to those who are left after a rack, or nine hosts of ten, went dark.

::

    views = HyParView(pid, rng, now)
    effects = views.join(["host-a", "host-b"], now)      # afterwards `tick` when `due`, `receive` what arrives
    ...
    for pid in views.active: ...                         # whom to talk to

A cell has two views.  The *active* one, 5 peers, is symmetric: who is in mine has me in his, and both say so each beat.
The *passive* one, 30 peers, is the reserve: it costs nothing, is kept random by exchanging parts of it along random
walks, and takes the place of neighbours that die.  Repair asks as many of the reserve as places are free, at once, and
one more for each that does not answer, so that a cell of whose reserve nine tenths are dead finds the living in
seconds.

Beside the paper: a cell with fewer than half of its neighbours, not only one with none, may not be turned away, and who
makes room for it lets go of the neighbour with most; that keeps the degrees within a factor of two.  Cells that fell
silent are remembered and dialled now and then, and whoever answers becomes a neighbour even where there was no room:
the paper's protocol never joins fragments again after a partition.

Source: Leitao, Pereira and Rodrigues, HyParView, DSN 2007.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from actors.messages import Pid

from ..core import Effect, Send, read
from ..plain import read_name
from .config import HyParViewConfig
from .dials import Dial, Dials
from .events import NeighbourDown, NeighbourUp
from .reading import check_sender, wire
from .view_packets import Packet, read_packet
from .views import Active, Lost, Passive

if TYPE_CHECKING:
    import random

SEEDS_LIMIT = 64

_JITTER = 0.1
"""Periods are this share longer or shorter, at random, so that cells do not fall into step."""


class HyParView:
    """The views of one cell; a core (:mod:`~actors.tissue.core`).

    The owner calls :meth:`join` once, :meth:`meet` with peers from elsewhere, if any, :meth:`died` at an exit signal,
    and :meth:`leave`.  Reports ``NeighbourUp`` and ``NeighbourDown``.  Alone and without seeds it is never due.
    """

    def __init__(self, pid: Pid, rng: random.Random, now: float, config: HyParViewConfig | None = None) -> None:
        read_name(pid.name)
        self.pid, self.config = pid, config or HyParViewConfig()
        self._rng = rng
        self._active = Active(rng)
        self._passive = Passive(self.config.passive, rng)
        self._lost = Lost(self.config.max_lost, self.config.forget_after)
        self._dials = Dials(self.config.dial_timeout)
        self._seeds: tuple[str, ...] = ()
        self._is_outside = False
        self._offered: tuple[str, ...] = ()
        self._has_left = False
        self._tried: set[str] = set()  # a round of repair asks each of the reserve once
        self._unanswered = 0
        self._pause = self._least_pause = min(self.config.beat_period, self.config.redial_period)
        self._repair_due = self._beat_due = self._shuffle_due = self._redial_due = math.inf

    def __repr__(self) -> str:
        return (
            f"HyParView({self.pid}, active={len(self._active)}, passive={len(self._passive)}, lost={len(self._lost)})"
        )

    # -- what it knows -------------------------------------------------------------------------------------------------

    @property
    def active(self) -> list[Pid]:
        """The neighbours."""
        return self._active.pids

    @property
    def passive(self) -> list[Pid]:
        """The reserve; some of it may be dead."""
        return self._passive.pids

    @property
    def lost(self) -> list[Pid]:
        """Who fell silent and is dialled now and then."""
        return self._lost.pids

    # -- what it is told -----------------------------------------------------------------------------------------------

    def join(self, seeds: Iterable[str], now: float) -> list[Effect]:
        """Become part of the overlay through any of these cells, of which at most 64 are dialled.

        They are asked again, less and less often, until one answers, and whenever this cell lacks peers.
        """
        self._has_left = False
        self._repair_due = math.inf
        self._pause = self._least_pause
        self._is_outside = True
        self._seeds = tuple(dict.fromkeys(read_name(name) for name in seeds if name != self.pid.name))[:SEEDS_LIMIT]
        return self._settled(self._repair(now), now)

    def meet(self, peers: Iterable[Pid], now: float) -> list[Effect]:
        """These cells exist: they come into the reserve, and into the active view as far as there is room."""
        for pid in peers:
            self._hear_of(Pid(read_name(pid.name), pid.incarnation))
        return self._settled(self._repair(now), now)

    def died(self, pid: Pid, now: float) -> list[Effect]:
        """That life is over, or cannot be reached."""
        if self._life(pid.name) > pid.incarnation:
            return []
        return self._settled(self._lose(pid, now), now)

    def leave(self, now: float) -> list[Effect]:
        """Say goodbye to the neighbours.  It is not due any more, and takes no part until it joins again."""
        effects: list[Effect] = [Send(name, "view.drop", [True]) for name in self._active.names]
        effects += [NeighbourDown(pid, False) for pid in self.active]
        self._has_left = True
        self._active.clear()
        self._dials.clear()
        self._seeds = ()
        return self._settled(effects, now)

    # -- time ----------------------------------------------------------------------------------------------------------

    @property
    def due(self) -> float:
        """When to call :meth:`tick` next."""
        return min(self._dials.due, self._repair_due, self._beat_due, self._shuffle_due, self._redial_due)

    def tick(self, now: float) -> list[Effect]:
        """Do what is due; late, if the owner was held up, and then without holding it against others."""
        late = now - self.due
        if late > self.config.dial_timeout:
            self._active.excuse(late)
            self._dials.postpone(late)
        effects: list[Effect] = []
        for dial in self._dials.expired(now):
            effects += self._unanswered_by(dial, now)
        if self._beat_due <= now:
            effects += self._beat(now)
        if self._redial_due <= now:
            effects += self._redial(now)
        if self._shuffle_due <= now:
            effects += self._shuffle(now)
        if self._repair_due <= now:
            self._repair_due = math.inf
            self._tried.clear()
            effects += self._repair(now)
        return self._settled(effects, now)

    def _settled(self, effects: list[Effect], now: float) -> list[Effect]:
        """Have what is needed be due, and what is not never."""
        if self._has_left:
            self._repair_due = self._beat_due = self._shuffle_due = self._redial_due = math.inf
            return effects
        config = self.config
        self._beat_due = self._later(self._beat_due, config.beat_period, len(self._active) > 0, now)
        self._shuffle_due = self._later(self._shuffle_due, config.shuffle_period, len(self._active) > 0, now)
        self._redial_due = self._later(self._redial_due, config.redial_period, len(self._lost) > 0, now)
        return effects

    def _later(self, due: float, period: float, is_needed: bool, now: float) -> float:
        if not is_needed:
            return math.inf
        if now < due < math.inf:
            return due
        # The first at a phase of its own, or cells that start together would speak together for ever.
        share = self._rng.uniform(1 - _JITTER, 1 + _JITTER) if due < math.inf else self._rng.uniform(_JITTER, 1)
        return now + period * share

    def _beat(self, now: float) -> list[Effect]:
        silent = now - self.config.beat_period * self.config.silent_beats
        effects: list[Effect] = []
        for pid in self._active.silent_since(silent):
            effects += self._lose(pid, now)
        return [*effects, *(Send(name, "view.beat", [len(self._active)]) for name in self._active.names)]

    def _shuffle(self, now: float) -> list[Effect]:
        """Send some peers on a walk; at its end somebody sends as many of his."""
        if not len(self._active):
            return []
        to = self._rng.choice(self._active.names)
        own = [pid for pid in self.active if pid.name != to]
        some = self._rng.sample(own, min(self.config.shuffle_active, len(own)))
        some += self._passive.sample(self.config.shuffle_passive, [to])
        self._offered = tuple(pid.name for pid in some)
        return [Send(to, "view.shuffle", [*self.pid, self.config.shuffle_walk, wire(some)])]

    def _redial(self, now: float) -> list[Effect]:
        pid = self._lost.pick(self._rng, now)
        if pid is None or pid.name in self._dials:
            return []
        return self._dial(pid, now, tries=1, is_urgent=True, is_bridge=True)

    # -- repair --------------------------------------------------------------------------------------------------------

    def _repair(self, now: float) -> list[Effect]:
        """Ask some of the reserve, each once a round; then rest, longer each time that it was in vain."""
        missing = max(0, self.config.wanted - len(self._active))
        # Newcomers that came through this cell do not make it part of the rest: a seed has to have answered.
        is_outside = bool(self._seeds) and (self._is_outside or (missing > 0 and not len(self._passive)))
        if self._has_left or not (missing or is_outside):
            self._repair_due = math.inf
            self._tried.clear()
            return []
        width = min(self.config.max_dials, missing + self._unanswered) - len(self._dials) if missing else 0
        chosen = self._passive.sample(max(0, width), self._tried | self._dials.names)
        if chosen:
            self._repair_due = math.inf
            self._tried.update(pid.name for pid in chosen)
            urgent = 2 * len(self._active) < self.config.active
            return [send for pid in chosen for send in self._dial(pid, now, is_urgent=urgent)]
        if len(self._dials) or self._repair_due < math.inf or not (len(self._passive) or is_outside):
            return []
        self._unanswered = 0
        self._repair_due = now + self._pause * self._rng.uniform(1 - _JITTER, 1 + _JITTER)
        self._pause = min(2 * self._pause, self.config.redial_period)
        return [Send(name, "view.join", []) for name in self._seeds if is_outside]

    def _dial(
        self, pid: Pid, now: float, tries: int = 0, *, is_urgent: bool = False, is_bridge: bool = False
    ) -> list[Effect]:
        self._dials.add(pid, now, tries or self.config.dial_tries, is_urgent=is_urgent, is_bridge=is_bridge)
        return [Send(pid.name, "view.neighbour", [is_urgent])]

    def _unanswered_by(self, dial: Dial, now: float) -> list[Effect]:
        if dial.tries > 0:
            return [Send(dial.pid.name, "view.neighbour", [dial.is_urgent])]
        self._unanswered += 1
        return [] if self._lost.has(dial.pid) else self._lose(dial.pid, now)

    def _lose(self, pid: Pid, now: float) -> list[Effect]:
        """A peer does not answer any more."""
        was_known = pid.name in self._active or pid.name in self._passive or pid.name in self._dials
        self._passive.remove(pid.name)
        self._dials.pop(pid.name)
        if was_known:
            self._lost.add(pid, now)
        effects = self._part(pid.name, is_lost=True)
        return effects + (self._repair(now) if was_known else [])

    def _part(self, name: str, *, is_lost: bool) -> list[Effect]:
        """Have one neighbour less, if it is one."""
        life = self._active.remove(name)
        if not life:
            return []
        self._pause = self._least_pause
        return [NeighbourDown(Pid(name, life), is_lost)]

    def _befriend(self, pid: Pid, now: float, degree: int | None = None) -> list[Effect]:
        """Have one neighbour more, and let go of the one with most if there is no room."""
        effects: list[Effect] = []
        if pid.name not in self._active:
            if len(self._active) >= self.config.active:
                most = self._active.richest()
                effects += [*self._part(most.name, is_lost=False), Send(most.name, "view.drop", [False])]
                self._passive.add(most)
            effects.append(NeighbourUp(pid))
        self._active.add(pid, now, degree)
        self._passive.remove(pid.name)
        self._dials.pop(pid.name)
        self._unanswered = 0
        return effects

    # -- packets -------------------------------------------------------------------------------------------------------

    def receive(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        """A packet from another cell has arrived."""
        if self._has_left:
            return []
        return self._settled(read(sender, kind, body, lambda raw: self._read(sender, kind, raw, now)), now)

    def _read(self, sender: Pid, kind: str, body: Any, now: float) -> list[Effect]:
        check_sender(self.pid, sender)
        if self._life(sender.name) > sender.incarnation:
            raise ValueError(f"from {sender}, whose place has had a later life")
        packet = read_packet(kind, body)
        effects = self._heard(sender, now)
        match kind:
            case "view.join":
                effects += self._on_join(sender, now)
            case "view.forward":
                effects += self._on_forward(sender, packet, now)
            case "view.neighbour":
                effects += self._on_neighbour(sender, packet.flag, now)
            case "view.accept":
                effects += self._on_accept(sender, packet.number, now)
            case "view.refuse":
                self._dials.pop(sender.name)
                effects += self._take_in([sender], (), now)
            case "view.drop":
                effects += self._on_drop(sender, packet.flag, now)
            case "view.beat":
                effects += self._on_beat(sender, packet.number, now)
            case "view.shuffle":
                effects += self._on_shuffle(sender, packet, now)
            case "view.sample":
                effects += self._take_in(packet.peers, self._offered, now)
        return effects

    def _life(self, name: str) -> int:
        """The latest life of that place that is known; 0 if none is."""
        return self._active.life(name) or self._passive.life(name)

    def _heard(self, sender: Pid, now: float) -> list[Effect]:
        """Who was heard is not lost; and if it is a new life, it knows nothing of the old one's neighbours."""
        self._lost.remove([sender.name])
        if self._active.heard(sender, now) or sender.name not in self._active:
            return []
        return self._part(sender.name, is_lost=True)

    def _hear_of(self, pid: Pid, instead_of: Collection[str] = ()) -> None:
        """Take a cell into the reserve, unless it is a neighbour, or is lost to us."""
        if pid.name != self.pid.name and pid.name not in self._active and not self._lost.has(pid):
            self._passive.add(pid, instead_of)

    def _take_in(self, peers: list[Pid], instead_of: Collection[str], now: float) -> list[Effect]:
        for pid in peers:
            self._hear_of(pid, instead_of)
        return self._repair(now)

    def _on_join(self, sender: Pid, now: float) -> list[Effect]:
        others = [name for name in self._active.names if name != sender.name]
        known = self._passive.sample(self.config.shuffle_passive, [sender.name])
        effects = self._befriend(sender, now)
        effects += [
            Send(sender.name, "view.accept", [len(self._active)]),
            Send(sender.name, "view.sample", [wire(known)]),
        ]
        return effects + [Send(name, "view.forward", [*sender, self.config.active_walk]) for name in others]

    def _on_forward(self, sender: Pid, packet: Packet, now: float) -> list[Effect]:
        pid, steps = packet.pid, min(packet.number, self.config.active_walk)
        if pid.name == self.pid.name or self._lost.has(pid):
            return []
        onward = [name for name in self._active.names if name not in (sender.name, pid.name)]
        if steps == 0 or not onward:
            busy = pid.name in self._active or pid.name in self._dials
            return [] if busy else self._dial(pid, now, is_bridge=True)
        if steps == self.config.passive_walk:
            self._hear_of(pid)
        return [Send(self._rng.choice(onward), "view.forward", [*pid, steps - 1])]

    def _on_neighbour(self, sender: Pid, urgent: bool, now: float) -> list[Effect]:
        if sender.name in self._active or urgent or len(self._active) < self.config.active:
            effects = self._befriend(sender, now)
            return [*effects, Send(sender.name, "view.accept", [len(self._active)])]
        self._hear_of(sender)
        return [Send(sender.name, "view.refuse", [])]

    def _on_accept(self, sender: Pid, degree: int, now: float) -> list[Effect]:
        self._is_outside &= sender.name not in self._seeds
        dial = self._dials.pop(sender.name)
        has_room = sender.name in self._active or len(self._active) < self.config.active
        if has_room or (dial is not None and dial.is_bridge):
            return self._befriend(sender, now, degree) + self._repair(now)
        self._hear_of(sender)
        return [Send(sender.name, "view.drop", [False])]

    def _on_drop(self, sender: Pid, for_good: bool, now: float) -> list[Effect]:
        effects = self._part(sender.name, is_lost=for_good)
        self._tried.add(sender.name)
        if for_good:
            self._passive.remove(sender.name)
            self._dials.pop(sender.name)
        else:
            self._hear_of(sender)
        return effects + self._repair(now)

    def _on_beat(self, sender: Pid, degree: int, now: float) -> list[Effect]:
        if sender.name in self._active or len(self._active) < self.config.active:
            return self._befriend(sender, now, degree)
        self._hear_of(sender)
        return [Send(sender.name, "view.drop", [False])]

    def _on_shuffle(self, sender: Pid, packet: Packet, now: float) -> list[Effect]:
        pid, steps = packet.pid, min(packet.number, self.config.shuffle_walk)
        if pid.name == self.pid.name:
            return []
        onward = [name for name in self._active.names if name not in (sender.name, pid.name)]
        if steps > 0 and onward:
            peers = wire(packet.peers)
            return [Send(self._rng.choice(onward), "view.shuffle", [*pid, steps - 1, peers])]
        mine = self._passive.sample(len(packet.peers) + 1, [pid.name])
        effects = self._take_in([pid, *packet.peers], [each.name for each in mine], now)
        return [Send(pid.name, "view.sample", [wire(mine)]), *effects]
