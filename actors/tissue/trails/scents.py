"""Scents: cells beside a trail know where it leads, so that ants find the short way between two bends of it.

An ant learns only of the cells it walks over, and a way of 30 hops smells hardly better than one of 34.  So ants by
themselves straighten a trail at its ends, and leave a long detour as it is.  Therefore a cell tells its neighbours how
far it is from what is being walked to, and they tell theirs::

    what a cell tells    the least of: 0 at the destination, its best trail, what its neighbours told + the hop there
    how far it gets      ``scent_reach`` cells from the nearest cell that is walked over
    when                 it has changed by half a hop, or nothing was told of later than ``scent_period`` ago
    how long it lasts    ``scent_life`` from when somebody walked there, however often it was passed on since

So where nobody walks nothing is told, and what is wrong dies out: no cell can renew what no walker renewed.  A scent is
hearsay, and requests do not follow it where anything has been walked.  An ant does: a cell on a trail that smells a way
shorter by half a hop sends one, and only what that one found counts.

Source: pheromone diffusion and virtual pheromone of AntHocNet (Ducatelle, thesis, Lugano, 2007, chapter 4).  There all
nodes say it every second; that it spreads by change, reaches so far only, and carries the age of the walk is our own.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

from ..core import Effect, Send
from ..plain import read_list, read_name, read_number
from .packets import SCENT, read_cost

if TYPE_CHECKING:
    from .config import TrailsConfig
    from .ways import Ways

PACKET_BYTES = 1400
"""Of one packet, so that a datagram carries it; what does not fit goes with the next."""

ENTRY_BYTES = 26
"""What an entry takes besides the name."""

NEWS = 0.5
"""Hops: a change that is told, and a gain for which an ant is sent."""

GAIN = 0.03
"""Of the trail's cost: a lesser gain is not worth an ant, and may be chance."""

USED = 2.0
"""Seconds after which a trail that no request walks is not worth one either."""


class Scent(NamedTuple):
    """How far it is; when somebody walked there; how many cells from a trail that is known; and from whom."""

    cost: float
    at: float
    away: int
    hop: str


class _Trace:
    """What is known of one destination by scent."""

    # ``expected``, ``gap``, ``track_at``: what the last ant was sent after, until the next may be, and when that is.
    __slots__ = ("expected", "gap", "heard", "here", "told", "track_at", "used")

    def __init__(self) -> None:
        self.heard: dict[str, Scent] = {}
        # It is here: at what cost, and when somebody came for it.
        self.here: Scent | None = None
        self.told: Scent | None = None
        self.used = -math.inf
        self.track_at = -math.inf
        self.gap = 0.0
        self.expected = math.inf


class Scents:
    """What one cell smells, of at most ``max_destinations``, and what it tells its neighbours of that."""

    def __init__(self, ways: Ways, config: TrailsConfig) -> None:
        self._ways = ways
        self._config = config
        self._traces: OrderedDict[str, _Trace] = OrderedDict()
        # Of each neighbour, what it is to be told of.
        self._untold: dict[str, dict[str, None]] = {}
        self._due = 0.0

    def __len__(self) -> int:
        return len(self._traces)

    @property
    def due(self) -> float:
        """When to call :meth:`tick` next."""
        return self._due if self._untold else math.inf

    # -- what it knows -------------------------------------------------------------------------------------------------

    def level(self, to: str, hop: str, now: float) -> float:
        """About 1 / cost through that neighbour, by what it told; 0: nothing, or too long ago."""
        trace = self._traces.get(to)
        heard = trace.heard.get(hop) if trace is not None else None
        if heard is None or heard.at < now - self._config.scent_life:
            return 0.0
        return 1 / (heard.cost + self._ways.cost(hop))

    def best(self, to: str, now: float) -> Scent | None:
        """The least of all that is known and not too old, seen from this cell."""
        trace = self._traces.get(to)
        if trace is None:
            return None
        if trace.here is not None:
            return trace.here
        oldest = now - self._config.scent_life
        walked = self._walked(to, now)
        found = walked
        for hop, heard in trace.heard.items():
            if heard.at < oldest or not self._ways.is_up(hop):
                continue
            cost = heard.cost + self._ways.cost(hop)
            if found is None or cost < found.cost - NEWS / 2:
                found = Scent(cost, heard.at, heard.away if walked is None else 0, hop)
        return found

    def _walked(self, to: str, now: float) -> Scent | None:
        walked = self._ways.walked(to, now)
        if walked is None or walked[2] < now - self._config.scent_life:
            return None
        hop, cost, at = walked
        return Scent(cost, at, 0, hop)

    # -- what happens --------------------------------------------------------------------------------------------------

    def arrived(self, to: str, cost: float, now: float) -> None:
        """Somebody came here for what this cell offers at that cost."""
        trace = self._trace(to)
        trace.here = Scent(cost, now, 0, "")
        self._notice(to, trace, now)

    def withdrawn(self, to: str, now: float) -> None:
        """This cell offers that no more."""
        trace = self._traces.get(to)
        if trace is not None and trace.here is not None:
            trace.here = None
            self._notice(to, trace, now)

    def walked(self, to: str, cost: float, now: float) -> None:
        """Somebody walked there from here, at that cost."""
        trace = self._trace(to)
        told = trace.told
        if told is None or abs(cost - told.cost) >= NEWS or now - told.at >= self._config.scent_period:
            self._notice(to, trace, now)

    def lost(self, hop: str, now: float) -> None:
        """Nothing is to be believed of that neighbour any more."""
        self._untold.pop(hop, None)
        for to, trace in self._traces.items():
            trace.heard.pop(hop, None)
            self._notice(to, trace, now)

    def met(self, hop: str, now: float) -> None:
        """That neighbour is new, or back, and knows nothing."""
        told = [to for to, trace in self._traces.items() if trace.told is not None]
        if told:
            self._untold.setdefault(hop, {}).update(dict.fromkeys(told))

    def worth(self, to: str, is_wanted: bool, now: float) -> int:
        """How far an ant may go that is sent after the scent now, for more than the trail is of no use; 0: send none.

        Where requests pass, or what is wanted; after an ant that found nothing the next goes twice as long after.
        """
        trace = self._traces.get(to)
        if trace is None or now < trace.track_at or not (is_wanted or now - trace.used < USED):
            return 0
        trace.track_at = now + self._config.track_period
        best, walked = self.best(to, now), self._walked(to, now)
        if best is None or (walked is not None and best.cost > walked.cost - max(NEWS, GAIN * walked.cost)):
            return 0
        if abs(best.cost - trace.expected) > NEWS:
            trace.gap = self._config.track_period
        trace.expected = best.cost
        trace.track_at = now + trace.gap
        trace.gap = min(2 * trace.gap, self._config.ant_period)
        return self._config.most_hops if walked is None else math.ceil(walked.cost)

    def used(self, to: str, now: float) -> None:
        """A request has gone there from here."""
        self._trace(to).used = now

    def _trace(self, to: str) -> _Trace:
        trace = self._traces.get(to)
        if trace is None:
            trace = self._traces[to] = _Trace()
            if len(self._traces) > self._config.max_destinations:
                forgotten, _ = self._traces.popitem(last=False)
                for waiting in self._untold.values():
                    waiting.pop(forgotten, None)
        self._traces.move_to_end(to)
        return trace

    def _notice(self, to: str, trace: _Trace, now: float) -> None:
        """Have it told if it is news."""
        best, told = self.best(to, now), trace.told
        if best is not None and best.away > self._config.scent_reach:
            best = None
        if best is None:
            is_news = told is not None and told.at >= now - self._config.scent_life
        else:
            is_news = (
                told is None or abs(best.cost - told.cost) >= NEWS or best.at - told.at >= self._config.scent_period
            )
        if is_news:
            for hop in self._ways.up:
                self._untold.setdefault(hop, {})[to] = None

    # -- packets -------------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> list[Effect]:
        """Tell the neighbours what is new."""
        if not self._untold or now < self._due:
            return []
        self._due = now + self._config.scent_gap
        effects: list[Effect] = []
        said: dict[str, Scent | None] = {}
        for hop in list(self._untold):
            entries = self._entries(hop, said, now)
            if entries:
                effects.append(Send(hop, SCENT, entries))
        for to, best in said.items():
            if to in self._traces:
                self._traces[to].told = best
        return effects

    def _entries(self, hop: str, said: dict[str, Scent | None], now: float) -> list[list[Any]]:
        """What that neighbour is told now; ``said``: what others were told of at the same time."""
        waiting, room = self._untold[hop], PACKET_BYTES
        entries: list[list[Any]] = []
        while waiting:
            to = next(iter(waiting))
            room -= ENTRY_BYTES + len(to.encode())
            if room < 0:
                return entries
            del waiting[to]
            if to not in said:
                best = self.best(to, now)
                said[to] = None if best is None or best.away > self._config.scent_reach else best
            best = said[to]
            if best is None or best.hop == hop:
                entries.append([to])
            else:
                entries.append([to, best.cost, max(0.0, now - best.at), best.away])
        del self._untold[hop]
        return entries

    def on_scent(self, hop: str, body: Any, now: float) -> list[str]:
        """A neighbour tells; of which destinations.  Raises ``TypeError`` or ``ValueError``."""
        heard = [_read(entry, hop, now) for entry in read_list(body, 1, PACKET_BYTES // ENTRY_BYTES)]
        for to, scent in heard:
            trace = self._trace(to)
            if scent is None:
                trace.heard.pop(hop, None)
            else:
                trace.heard[hop] = scent
            self._notice(to, trace, now)
        return [to for to, _ in heard]


def _read(entry: Any, hop: str, now: float) -> tuple[str, Scent | None]:
    fields = read_list(entry, 1, 4)
    to = read_name(fields[0])
    if len(fields) == 1:
        return to, None
    _, cost, age, away = fields
    return to, Scent(read_cost(cost), now - read_cost(age), read_number(away) + 1, hop)
