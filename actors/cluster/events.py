"""What a host sees of the others, as typed events on its system's hook."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ClusterEvent:
    """Base of all events here.  ``at``: seconds of the system's clock; ``host``: whom it is about."""

    at: float
    host: str

    def describe(self) -> str:
        """The event as one line of English."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """The event for JSON."""
        return {"event": type(self).__name__, **asdict(self)}


@dataclass(frozen=True, slots=True)
class HostUp(ClusterEvent):
    """There is a link to a host."""

    address: str
    boot: int

    def describe(self) -> str:
        """One English line."""
        return f"host {self.host} at {self.address} is up"


@dataclass(frozen=True, slots=True)
class HostDown(ClusterEvent):
    """The link to a host is gone, and ``lives`` of here that ran there with it."""

    why: str
    lives: int
    guests: int
    """Lives of that host which ran here, and were ended."""

    def describe(self) -> str:
        """One English line."""
        lost = f"; {self.lives} of the lives here ran there" if self.lives else ""
        ended = f"; {self.guests} of its lives ran here and were ended" if self.guests else ""
        return f"host {self.host} is down: {self.why}{lost}{ended}"


@dataclass(frozen=True, slots=True)
class HostLeft(ClusterEvent):
    """A host has left, as it said it would."""

    def describe(self) -> str:
        """One English line."""
        return f"host {self.host} has left"


@dataclass(frozen=True, slots=True)
class HostsAwaited(ClusterEvent):
    """A life is to run on another host, and there is a link to none that runs any: it waits, as do all that follow.

    ``host``: this one; ``called``: where others may be.
    """

    called: tuple[str, ...]

    def describe(self) -> str:
        """One English line."""
        where = f" ({', '.join(self.called)})" if self.called else ""
        return (
            f"host {self.host} has no link to a host that runs lives{where}: those that are to run on one wait for it"
        )


@dataclass(frozen=True, slots=True)
class HostRefused(ClusterEvent):
    """Somebody was not let in, or did not let us in.  ``host`` is an address if nobody proved another name."""

    why: str
    is_caller: bool
    """Whether it was this host that called."""

    def describe(self) -> str:
        """One English line."""
        if self.is_caller:
            return f"no link to {self.host}: {self.why}; it is called again"
        return f"{self.host} was refused: {self.why}"


@dataclass(frozen=True, slots=True)
class HostDraining(ClusterEvent):
    """A host is to be emptied: what runs there is replaced elsewhere."""

    lives: int
    """Lives of here that run there."""

    def describe(self) -> str:
        """One English line."""
        return f"host {self.host} is drained; {self.lives} of the lives here run there"


@dataclass(frozen=True, slots=True)
class CodeMissing(ClusterEvent):
    """A life of ``host`` could not begin here, because this host does not have its code."""

    why: str

    def describe(self) -> str:
        """One English line."""
        return f"a life of host {self.host} cannot begin here: {self.why}"


@dataclass(frozen=True, slots=True)
class MachineryLost(ClusterEvent):
    """The processes by which this host gets others for lives were killed, and are started again.

    ``what``: the ``launcher``, with which the ``lives`` of others end that run here, or the rest of the ``machinery``.
    """

    what: str
    why: str
    lives: int

    def describe(self) -> str:
        """One English line."""
        ended = f"; {self.lives} of the lives here ended with it" if self.lives else ""
        return f"the {self.what} of host {self.host} died ({self.why}) and is started again{ended}"


@dataclass(frozen=True, slots=True)
class CertificateExpires(ClusterEvent):
    """This host's certificate is about to expire: no link can be made any more when it has."""

    days: int

    def describe(self) -> str:
        """One English line."""
        days = f"{self.days} day{'' if self.days == 1 else 's'}"
        return (
            f"the certificate of host {self.host} expires in {days}: make a new one with `planaria "
            f"keys host {self.host} --ca CA --replace`, CA being the folder with ca.key, and restart the host"
        )


@dataclass(frozen=True, slots=True)
class ConventionJoined(ClusterEvent):
    """A host is in the convention of which this one is a leader; it is called now, if there is no link to it."""

    address: str
    boot: int

    def describe(self) -> str:
        """One English line."""
        return f"host {self.host} at {self.address} has joined the convention"


@dataclass(frozen=True, slots=True)
class ConventionLeft(ClusterEvent):
    """A host is not in the convention any more.  It is a hint: whether the host is down its link says."""

    def describe(self) -> str:
        """One English line."""
        return f"host {self.host} is not in the convention any more"


@dataclass(frozen=True, slots=True)
class LeaderFound(ClusterEvent):
    """This host is registered with a leader of the convention.  ``host``: the leader's address."""

    def describe(self) -> str:
        """One English line."""
        return f"leader {self.host} of the convention knows this host"


@dataclass(frozen=True, slots=True)
class LeaderMissing(ClusterEvent):
    """This host is not registered with a leader of the convention.  ``host``: the leader's address."""

    why: str

    def describe(self) -> str:
        """One English line."""
        return f"leader {self.host} of the convention is missing: {self.why}"


@dataclass(frozen=True, slots=True)
class ConventionLost(ClusterEvent):
    """Thespian's system of this host has ended, and is started again; no links are lost by that."""

    why: str

    def describe(self) -> str:
        """One English line."""
        return f"host {self.host} is in no convention for now: {self.why}"
