"""What a nursery says about its machinery: values for its ``on_notice``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ready:
    """The machinery forks: the ``generation``-th start of this launcher, ``seconds`` after it was begun.

    ``threads``: how many threads the zygote has; more than one were started by the import of a module, and are not
    there in an isolate, while locks that they held are.
    """

    launcher: int
    zygote: int
    admin: int
    generation: int
    seconds: float
    threads: int


@dataclass(frozen=True, slots=True)
class Lost:
    """A part of the machinery died and is started anew: the ``launcher``, and with it all isolates, or the rest."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Somebody connected who was not expected."""

    pid: int
    uid: int
    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The machinery did not start, or a fork came to nothing."""

    why: str


Notice = Ready | Lost | Refused | Failed
