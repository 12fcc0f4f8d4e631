"""Where a life is: what lists and autopsies say of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from actors.messages import Pid

if TYPE_CHECKING:
    from actors.actor import Actor


class Whereabouts(NamedTuple):
    """``place``: ``loop``, ``thread``, ``process`` or ``host``; ``process``: the pid, if it has one of its own;
    ``host``: the name of the other host that it is on.
    """

    place: str = "loop"
    process: int | None = None
    host: str | None = None

    def describe(self) -> str:
        """In words: ``process 4711 on host b``."""
        what = f"process {self.process}" if self.process is not None else f"a {self.place}"
        return what if self.host is None else f"{what} on host {self.host}"


HERE = Whereabouts()


def whereabouts_of(life: Actor | None) -> Whereabouts:
    """Where a life is that a supervisor keeps."""
    if life is None or not life.is_stand_in:
        return HERE
    deputy: Any = life
    found: Whereabouts = deputy.whereabouts()
    return found


@dataclass(frozen=True, slots=True)
class Lodged:
    """The life ``pid`` is about to begin somewhere else than on the loop."""

    at: float
    pid: Pid
    place: str
    process: int | None
    host: str | None

    def describe(self) -> str:
        """One English line."""
        return f"{self.pid} is to live in {Whereabouts(self.place, self.process, self.host).describe()}"
