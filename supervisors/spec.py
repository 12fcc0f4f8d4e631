"""Trees as frozen values: a child, and the three kinds of supervisor, which are specs too and so nest.

Whatever contradicts itself is refused when the value is built, with ``SpecError(field, value, why)``; what is merely
unwise is found by ``planaria check``.  All times are seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import KW_ONLY, dataclass, field
from enum import Enum
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, TypeAlias, TypeVarTuple

from actors import Actor, ActorSystem, Blueprint, Limit, Mailbox, Watchdog
from actors.places.place import Place, place_of
from actors.watchdog import WATCHDOG

from .apoptosis.policy import Apoptosis, Disruption
from .backoff import Backoff
from .desired import Desired
from .errors import SpecError
from .fields import check_blueprint, check_id, check_intensity, check_type, check_word, is_int, is_number, options
from .promotion.policy import Promote, check_promotion

if TYPE_CHECKING:
    from actors.cluster.values import Membership

    from .runner import Observer
    from .running import Running

Ts = TypeVarTuple("Ts")

Restart = Literal["permanent", "transient", "temporary"]
Strategy = Literal["one_for_one", "one_for_all", "rest_for_one"]
AutoShutdown = Literal["never", "any_significant", "all_significant"]
Kind = Literal["worker", "supervisor"]

INFINITY: Final = math.inf


class BrutalKill(Enum):
    """The type of ``BRUTAL_KILL``: end it at once, unconditionally."""

    BRUTAL_KILL = "brutal_kill"

    def __repr__(self) -> str:
        return "BRUTAL_KILL"


BRUTAL_KILL: Final = BrutalKill.BRUTAL_KILL

Grace: TypeAlias = float | BrutalKill
"""How long a child may take to stop: seconds, ``INFINITY``, or ``BRUTAL_KILL``."""

SHOWN_CHILDREN = 4
"""Children that the ``repr`` of a supervisor shows."""


@dataclass(frozen=True, slots=True)
class ByKey:
    """Routing of a pool: all messages for which ``key`` gives the same value go to the same worker."""

    key: Callable[[Any], Hashable]

    def __repr__(self) -> str:
        return f"by_key({getattr(self.key, '__qualname__', self.key)})"


def by_key(key: Callable[[Any], Hashable]) -> ByKey:
    """Route each message by ``key(message)``, which must be hashable: equal keys meet the same worker."""
    return ByKey(key)


Route: TypeAlias = Literal["round_robin", "least_loaded", "trails"] | ByKey


@dataclass(frozen=True, slots=True, repr=False)
class ChildSpec:
    """One worker: what to start, and what to do when it ends.  Made by :func:`child`, which explains the options."""

    id: str
    blueprint: Blueprint
    _: KW_ONLY
    restart: Restart = "permanent"
    shutdown: Grace = 5.0
    significant: bool = False
    backoff: Backoff | None = None
    max_restarts: int | None = None
    within: float | None = None
    start_timeout: float = 30.0
    apoptosis: Apoptosis | None = None
    promote: Promote | None = None

    kind: ClassVar[Kind] = "worker"

    def __post_init__(self) -> None:
        _check_as_child(self)
        check_blueprint(self.id, self.blueprint)
        if self.promote is not None:
            check_promotion(self.promote, self.blueprint.place)
        if (self.max_restarts is None) != (self.within is None):
            given, missing = ("max_restarts", "within") if self.within is None else ("within", "max_restarts")
            raise SpecError(given, getattr(self, given), f"a child's own budget needs {missing} too")
        if self.max_restarts is not None and self.within is not None:
            check_intensity(self.max_restarts, self.within)
        if not is_number(self.start_timeout) or self.start_timeout <= 0:
            raise SpecError("start_timeout", self.start_timeout, "must be a number of seconds above 0, or INFINITY")

    @property
    def budget(self) -> tuple[int, float] | None:
        """The child's own limit, ``(max_restarts, within)``, besides its supervisor's; ``None`` if it has none."""
        return None if self.max_restarts is None or self.within is None else (self.max_restarts, self.within)

    def __repr__(self) -> str:
        print_ = self.blueprint
        given = [repr(arg) for arg in print_.args] + [f"{key}={value!r}" for key, value in print_.kwargs.items()]
        mailbox = [] if print_.mailbox == Mailbox() else [f"mailbox={print_.mailbox!r}"]
        return f"child({', '.join([print_.cls.__name__, *given, f'id={self.id!r}', *options(self), *mailbox])})"


def child(
    cls: Callable[[*Ts], Actor],
    *args: *Ts,
    id: str,
    restart: Restart = "permanent",
    shutdown: Grace = 5.0,
    significant: bool = False,
    backoff: Backoff | None = None,
    mailbox: Mailbox | None = None,
    max_restarts: int | None = None,
    within: float | None = None,
    start_timeout: float = 30.0,
    apoptosis: Apoptosis | None = None,
    place: Place | str | None = None,
    promote: Promote | None = None,
) -> ChildSpec:
    """The spec of a worker: ``cls(*args)``; for keyword arguments, ``functools.partial(cls, key=value)``.

    - ``id``: its name below its supervisor; no ``/`` and no control characters.
    - ``restart``: ``permanent``: always; ``transient``: unless it ended cleanly; ``temporary``: never.
    - ``shutdown``: seconds between being asked to stop and being killed; 0: hardly asked; ``INFINITY``: never killed;
      ``BRUTAL_KILL``: killed at once.
    - ``significant``: its end may end its supervisor, see ``auto_shutdown``; not with ``permanent``, which never ends.
    - ``backoff``: wait before it is restarted; ``None``: restart at once, as OTP does.
    - ``mailbox``: its bounds and policy; it is kept across restarts.
    - ``max_restarts``, ``within``: a budget of its own, both or neither.  Beyond it, or beyond the supervisor's, which
      holds all the same, the supervisor gives up.
    - ``start_timeout``: seconds ``started()`` may take; ``INFINITY``: as long as it likes.
    - ``apoptosis``: what healthy means for it, and when it is replaced; ``None``: what its supervisor says.
    - ``place``: where it lives, ``"loop"`` (default), ``"thread"``, ``"process"``, ``Process(memory=...)`` or
      ``Host(gpu=True)``; see ``docs/places.md``.
    - ``promote``: when its next life is further out, and when it comes back in; ``None``: what its supervisor says.

    Raises ``SpecError`` for anything that cannot be meant.
    """
    return ChildSpec(
        id,
        _blueprint(cls, args, mailbox, place),
        restart=restart,
        shutdown=shutdown,
        significant=significant,
        backoff=backoff,
        max_restarts=max_restarts,
        within=within,
        start_timeout=start_timeout,
        apoptosis=apoptosis,
        promote=promote,
    )


def _blueprint(
    cls: Callable[..., Actor], args: tuple[Any, ...], mailbox: Mailbox | None, place: Place | str | None
) -> Blueprint:
    if mailbox is not None and not isinstance(mailbox, Mailbox):
        raise SpecError("mailbox", mailbox, "must be a Mailbox")
    try:
        where = place_of(place)
    except ValueError as error:
        raise SpecError("place", place, str(error)) from None
    try:
        blueprint = Blueprint.of(cls, args, mailbox, where)
    except TypeError as error:
        raise SpecError("cls", cls, str(error)) from None
    if not issubclass(blueprint.cls, Actor):
        raise SpecError("cls", cls, "must be an Actor class, or a functools.partial of one")
    return blueprint


@dataclass(frozen=True, slots=True, repr=False)
class Tree:
    """What all supervisors have in common; each can be run by itself or be the child of another.

    ``max_restarts`` in ``within`` seconds is the limit for its children together (3 in 5 s): one more and it gives up,
    ending with ``SHUTDOWN``.  ``restart``, ``shutdown``, ``significant`` and ``backoff`` say what its own supervisor
    does with it, as for a worker, and mean nothing at the root; ``shutdown`` is ``INFINITY`` so that its children get
    all the time that they are promised.  ``apoptosis`` and ``promote`` hold for its workers that have none of their own
    (and, of the latter, could be further out); ``disruption`` is how much planned death it allows at once.
    """

    name: str
    _: KW_ONLY
    max_restarts: int = 3
    within: float = 5.0
    restart: Restart = "permanent"
    shutdown: Grace = INFINITY
    significant: bool = False
    backoff: Backoff | None = None
    apoptosis: Apoptosis | None = None
    disruption: Disruption = field(default_factory=Disruption)
    promote: Promote | None = None

    kind: ClassVar[Kind] = "supervisor"
    start_timeout: ClassVar[float] = INFINITY
    budget: ClassVar[tuple[int, float] | None] = None

    def __post_init__(self) -> None:
        _check_as_child(self)
        check_intensity(self.max_restarts, self.within)
        check_type("disruption", self.disruption, Disruption)

    @property
    def id(self) -> str:
        """Its name, by which its supervisor knows it."""
        return self.name

    def running(
        self,
        *,
        seed: int | None = None,
        log: bool = True,
        watchdog: Watchdog | None = WATCHDOG,
        door: bool = False,
        journal: str | PathLike[str] | None = None,
        system: ActorSystem | None = None,
        cluster: Membership | None = None,
    ) -> AbstractAsyncContextManager[Running]:
        """Start it in an actor system of its own, or in ``system``; see ``supervisors.running.running``."""
        from .running import running

        return running(
            self, seed=seed, log=log, watchdog=watchdog, door=door, journal=journal, system=system, cluster=cluster
        )

    def run(
        self,
        *,
        seed: int | None = None,
        log: bool = True,
        watchdog: Watchdog | None = WATCHDOG,
        door: bool = False,
        journal: str | PathLike[str] | None = None,
        observer: Observer | None = None,
        cluster: Membership | None = None,
    ) -> int:
        """Run it as a program until it ends or a signal comes; returns the exit code; see ``supervisors.runner``."""
        from .runner import run

        return run(
            self, seed=seed, log=log, watchdog=watchdog, door=door, journal=journal, observer=observer, cluster=cluster
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join([repr(self.name), *self._required(), *options(self)])})"

    def _required(self) -> list[str]:
        return []


@dataclass(frozen=True, slots=True, repr=False)
class Supervisor(Tree):
    """A fixed list of children, started from left to right and stopped from right to left, one at a time.

    ``strategy``: what one restart takes along: ``one_for_one`` nobody, ``one_for_all`` all, ``rest_for_one`` those
    after it.  ``auto_shutdown``: end with ``SHUTDOWN`` when a significant child has ended by itself:
    ``any_significant`` the first, ``all_significant`` the last; ``never`` takes no significant children.
    """

    children: Sequence[Spec] = field(kw_only=False)
    _: KW_ONLY
    strategy: Strategy = "one_for_one"
    auto_shutdown: AutoShutdown = "never"

    def __post_init__(self) -> None:
        Tree.__post_init__(self)
        try:
            object.__setattr__(self, "children", tuple(self.children))
        except TypeError:
            raise SpecError("children", self.children, "must be a list of specs") from None
        check_word("strategy", self.strategy, Strategy)
        check_word("auto_shutdown", self.auto_shutdown, AutoShutdown)
        seen: set[str] = set()
        for spec in self.children:
            if not isinstance(spec, (ChildSpec, Supervisor, DynamicSupervisor, Pool)):
                raise SpecError("children", spec, "must hold child(...) and supervisors only")
            if spec.id in seen:
                raise SpecError("id", spec.id, f"two children of {self.name!r} have this id")
            seen.add(spec.id)
            if spec.significant and self.auto_shutdown == "never":
                raise SpecError(
                    "significant", True, f"{spec.id!r} would be waited for in vain: auto_shutdown is 'never'"
                )

    def _required(self) -> list[str]:
        shown = [repr(spec) for spec in self.children[:SHOWN_CHILDREN]]
        more = len(self.children) - SHOWN_CHILDREN
        return [f"[{', '.join([*shown, f'... {more} more'] if more > 0 else shown)}]"]


@dataclass(frozen=True, slots=True, repr=False)
class DynamicSupervisor(Tree):
    """Starts empty; children come by ``start_child`` and leave when they end.  They are independent and stop all at
    once.

    ``max_children``: how many there may be, those waiting for a restart included; ``None``: no bound.
    """

    _: KW_ONLY
    max_children: int | None = None

    children: ClassVar[tuple[Spec, ...]] = ()
    strategy: ClassVar[Strategy] = "one_for_one"
    auto_shutdown: ClassVar[AutoShutdown] = "never"

    def __post_init__(self) -> None:
        Tree.__post_init__(self)
        if self.max_children is not None and (not is_int(self.max_children) or self.max_children < 0):
            raise SpecError("max_children", self.max_children, "must be a whole number, or None for no bound")


@dataclass(frozen=True, slots=True, repr=False)
class Pool(Tree):
    """``size`` equal workers behind one ref: what is told to the pool, one of them handles.

    A size of ``Desired(3, floor=2, ceiling=30)`` follows the load, and is that of all systems together that run this
    tree and share a transport; whichever host dies, the others start what is missing.
    ``route``: ``round_robin``, ``least_loaded`` (the shortest mailbox), ``trails`` (who has answered fastest for what
    it had to do; a newcomer gets its share by and by), or ``by_key(fn)``.
    ``limit``: how many asks may be under way at once, found by trying: ``Gradient2()``, ``AIMD()`` or ``Vegas()``; one
    more gets ``Overloaded``.  ``None``: no limit but the workers' mailboxes.
    """

    worker: ChildSpec = field(kw_only=False)
    _: KW_ONLY
    size: int | Desired = 4
    route: Route = "round_robin"
    limit: Limit | None = None

    strategy: ClassVar[Strategy] = "one_for_one"
    auto_shutdown: ClassVar[AutoShutdown] = "never"

    def __post_init__(self) -> None:
        Tree.__post_init__(self)
        if not isinstance(self.worker, ChildSpec):
            raise SpecError("worker", self.worker, "must be a child(...)")
        if self.worker.significant:
            raise SpecError("significant", True, "a pool never shuts down by itself, its workers cannot be significant")
        if not isinstance(self.size, Desired) and (not is_int(self.size) or self.size < 1):
            raise SpecError("size", self.size, "must be a whole number, at least 1, or Desired(...)")
        if not isinstance(self.route, ByKey) and self.route not in ("round_robin", "least_loaded", "trails"):
            raise SpecError("route", self.route, "must be 'round_robin', 'least_loaded', 'trails' or by_key(function)")
        if self.limit is not None and not isinstance(self.limit, Limit):
            raise SpecError("limit", self.limit, "must be Gradient2(), AIMD() or Vegas(), or None")

    @property
    def most(self) -> int:
        """The most workers that it may have, unless it is resized."""
        return self.size.ceiling if isinstance(self.size, Desired) else self.size

    @property
    def children(self) -> tuple[Spec, ...]:
        """The one spec that all workers are made from."""
        return (self.worker,)

    def _required(self) -> list[str]:
        return [repr(self.worker)]


Spec: TypeAlias = ChildSpec | Supervisor | DynamicSupervisor | Pool


def _check_as_child(spec: ChildSpec | Tree) -> None:
    check_id("id" if isinstance(spec, ChildSpec) else "name", spec.id)
    check_word("restart", spec.restart, Restart)
    if not isinstance(spec.shutdown, BrutalKill) and (not is_number(spec.shutdown) or spec.shutdown < 0):
        raise SpecError("shutdown", spec.shutdown, "must be seconds, at least 0, or INFINITY or BRUTAL_KILL")
    if not isinstance(spec.significant, bool):
        raise SpecError("significant", spec.significant, "must be True or False")
    if spec.significant and spec.restart == "permanent":
        raise SpecError("significant", True, "a permanent child is always restarted: its end can signify nothing")
    if spec.backoff is not None and not isinstance(spec.backoff, Backoff):
        raise SpecError("backoff", spec.backoff, "must be a Backoff, or None")
    if spec.apoptosis is not None:
        check_type("apoptosis", spec.apoptosis, Apoptosis)
    if spec.promote is not None:
        check_type("promote", spec.promote, Promote)
