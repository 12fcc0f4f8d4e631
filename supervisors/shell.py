"""The shell around the decisions: an actor that tells :class:`Children` what happened and does what it answers.

Nothing is decided here.  An event comes in, a list of actions comes out, and one ``match`` carries them out; what an
action leads to at once (a start that needed no waiting) goes back in as the next event.
"""

from __future__ import annotations

import asyncio
import functools
import math
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from actors import SHUTDOWN, Blueprint, Reason, Ref, Reply, Undelivered, handle
from actors.checkup import leave
from actors.exits import Remains
from actors.keeper import Keeper, life_at, place_at

from .actions import ALIVE, Action, Begun, Child, Emit, Finish, Forget, Rest, Retry, Start, Status, Stop
from .actions import Reply as Answer
from .apoptosis.health import Estate
from .apoptosis.vitals import Vitals
from .apoptosis.warden import Warden
from .census import Census, census_of
from .children import Children
from .errors import ChildNotFound, ReplacementFailed, SpecError
from .events import Orphaned, Unexpected
from .intensity import Intensity
from .messages import (
    ChildCount,
    ChildInfo,
    CountChildren,
    DeleteChild,
    GetChildSpec,
    ReplaceChild,
    RestartChild,
    StartChild,
    TerminateChild,
    WhichChild,
    WhichChildren,
)
from .promotion.promoter import Promoter
from .spec import BrutalKill, ChildSpec, Spec, Tree

STARTS_AT_ONCE = 256
"""Children started in one go before the supervisor lets others have the loop: about 2 ms of starts."""


class Shell(Keeper):
    """What all supervisors share.  A subclass makes the table of its children."""

    strategy = "one_for_one"
    kinds: ClassVar[dict[type[Tree], type[Shell]]] = {}

    def __init_subclass__(cls, *, carries_out: type[Tree], **options: Any) -> None:
        """``carries_out``: the kind of spec that this shell is for."""
        super().__init_subclass__(**options)
        Shell.kinds[carries_out] = cls

    def __init__(self, spec: Tree) -> None:
        self.spec = spec
        self.children: Children
        self._retries: dict[Child, asyncio.TimerHandle | None] = {}
        self._warden: Warden | None = None
        self._census: Census | None = None
        self.promoter = Promoter(self)

    def make_children(self, path: str, intensity: Intensity) -> Children:
        """The table of children, at the start of each life."""
        raise NotImplementedError

    def blueprint(self, spec: Spec) -> Blueprint:
        """What to start for ``spec``."""
        if isinstance(spec, ChildSpec):
            return spec.blueprint
        return Blueprint(shell_for(spec), (spec,))

    def blueprint_of(self, child: Child, life: int) -> Blueprint:
        """What to start as life number ``life`` of ``child``: its spec's, at the place where that life is to be."""
        return self.promoter.blueprint(child, self.blueprint(child.spec), life)

    def restarts(self) -> int:
        """Restarts in the present window."""
        return self.children.intensity.count(self.system.now())

    # -- events in ---------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        spec = self.spec
        self.children = self.make_children(self.ref.name, Intensity(spec.max_restarts, spec.within))
        for key, ref in self.kept().items():
            child = self.children.get(key)
            if child is None:  # a dynamic child of an earlier life
                self.forget(key)
            else:
                child.lives = ref.pid.incarnation
                child.ref = ref
        self.carry_out(self.children.begin(self.system.now()))

    def start_done(self, ref: Ref[Any], reason: Reason | None, ignored: bool) -> None:
        child = self._child_of(ref)
        if child is not None:
            self.carry_out(self._outcome(child, reason, ignored))

    def _outcome(self, child: Child, reason: Reason | None, ignored: bool) -> list[Action]:
        now = self.system.now()
        if ignored:
            return self.children.ignored(child.id, now)
        if reason is not None:
            moved = self.promoter.unborn(child, child.lives, reason)
            return [*self.children.failed(child.id, reason, now), *moved]
        if self._warden is not None:
            self._warden.began(child)
        return self.children.started(child.id, now)

    def vacated(self, ref: Ref[Any]) -> None:
        child = self._child_of(ref)
        if child is not None and child.status is Status.STARTING:
            self.carry_out([Start(child)])
        elif child is not None and child.status is Status.STOPPING:
            self.carry_out(self.children.failed(child.id, SHUTDOWN, self.system.now()))

    def life_ended(self, ref: Ref[Any], incarnation: int, reason: Reason, remains: Remains) -> None:
        child = self._child_of(ref)
        if child is None:
            return
        if self._warden is not None:
            if child.status is Status.RUNNING:
                remains = remains._replace(vitals=self._warden.vitals(child))
                self._warden.bereaved(child, reason)
            self._warden.left(child, f"it ended: {reason}")
        moved = self.promoter.bereaved(child, incarnation, reason)
        actions = self.children.exited(child.id, reason, self.system.now(), remains)
        self.carry_out([*actions[:1], *moved, *actions[1:]])  # what it leads to is told right after the death

    def life_orphaned(self, ref: Ref[Any], incarnation: int, reason: Reason, remains: Remains) -> None:
        self.system.events.publish(Orphaned(self.system.now(), ref.name, incarnation, reason, remains))

    def asked_to_end(self, reason: Reason) -> None:
        self.carry_out(self.children.shutdown(reason, self.system.now()))

    def unhandled(self, message: Any) -> None:
        """Junk is reported and dropped; its asker gets no answer but an error."""
        what = type(message).__name__
        self.system.events.publish(Unexpected(self.system.now(), self.ref.name, what))
        self.refuse(message, TypeError(f"{self.ref.name} is a supervisor and has no use for {what}"))

    def refuse(self, message: Any, error: Exception) -> None:
        """The message in hand is not for this supervisor: its asker gets ``error``, or it is a dead letter."""
        reply = self.defer()
        if reply is not None:
            reply.fail(error)
        else:
            self.system.dead_letters.add(message, self.ref, Undelivered.UNHANDLED)

    def _child_of(self, ref: Ref[Any]) -> Child | None:
        child = self.children.get(ref.name.rpartition("/")[2])
        return child if child is not None and child.ref is ref else None

    # -- actions out -------------------------------------------------------------------------------------------------

    def carry_out(self, actions: list[Action]) -> None:
        """Carry out actions, and those that their outcomes lead to, in order."""
        queue = deque(actions)
        self._census = None
        starts = 0
        while queue:
            action = queue.popleft()
            match action:
                case Start():
                    starts += 1
                    if starts > STARTS_AT_ONCE:  # let the loop breathe: the rest goes on behind what waits
                        self.later(0.0, functools.partial(self.carry_out, [action, *queue]))
                        return
                    queue.extend(self._start(action.child))
                case Stop():
                    queue.extend(self._stop(action.child))
                case Retry():
                    self._retry(action)
                case Answer():
                    self._answer(action)
                case Emit():
                    self.system.events.publish(action.event)
                case Rest():
                    self._call_off(action.child)
                    if action.child.ref is not None:  # else it never lived
                        self.rest(action.child.ref)
                        leave(action.child.ref)
                case Forget():
                    self.forgotten(action.child)
                case Begun():
                    self.ready()
                case Finish():
                    self.promoter.close()
                    self.finish(action.reason)

    def _start(self, child: Child) -> list[Action]:
        self._call_off(child)
        if child.status is not Status.STARTING:
            return []
        spec = child.spec
        child.ref = self.keep(child.id, f"{self.ref.name}/{child.id}", self.blueprint_of(child, child.lives))
        policy = (spec.apoptosis or self.spec.apoptosis) if isinstance(spec, ChildSpec) else None
        if policy is not None:
            self.warden().expect(child, policy)
        limit = None if spec.start_timeout == math.inf else spec.start_timeout
        outcome = self.start_life(child.ref, limit, child.lives)
        return [] if outcome.pending else self._outcome(child, outcome.reason, outcome.ignored)

    def _stop(self, child: Child) -> list[Action]:
        if self._warden is not None:
            self._warden.left(child, "it is being stopped")
        if not self.has_life(child.ref):
            if child.ref is not None and child.ref.pid.incarnation == child.lives:
                return []  # it has just ended by itself, and word of that is on its way
            return self.children.failed(child.id, SHUTDOWN, self.system.now())  # its start was still to be carried out
        if isinstance(child.spec.shutdown, BrutalKill):
            self.kill_life(child.ref)
        else:
            self.end_child(child, child.spec.shutdown)
        return []

    def end_child(self, child: Child, grace: float) -> None:
        """Ask a child to end within ``grace`` seconds."""
        self.end_life(child.ref, grace)

    def _retry(self, retry: Retry) -> None:
        child, generation = retry.child, retry.generation
        timer = self.later(
            retry.delay, lambda: self.carry_out(self.children.due(child.id, generation, self.system.now()))
        )
        self._retries[child] = timer

    def _call_off(self, child: Child) -> None:
        """The retry of ``child`` is under way, or not wanted any more: keep no timer for it."""
        timer = self._retries.pop(child, None)
        if timer is not None:
            timer.cancel()

    def _answer(self, answer: Answer) -> None:
        reply: Reply | None = answer.token
        if reply is None:
            return
        if answer.error is not None:
            reply.fail(answer.error)
        else:
            reply.send(answer.child.ref if answer.child is not None else None)

    def forgotten(self, child: Child) -> None:
        """A child has left the table."""
        self._call_off(child)
        self.promoter.forgotten(child)
        if self._warden is not None:
            self._warden.forgotten(child)
        if child.ref is not None and place_at(self.ref, child.id) is child.ref:
            self.forget(child.id)

    # -- planned death -------------------------------------------------------------------------------------------------

    def warden(self) -> Warden:
        """Who watches the workers and has them replaced; made when first needed."""
        if self._warden is None:
            self._warden = Warden(self)
        return self._warden

    def asked_to_replace(self, ref: Ref[Any], cause: str, estate: str | None) -> None:
        child = self._child_of(ref)
        if child is not None:
            self.warden().replace(child, cause, Estate(estate) if estate is not None else None)

    @handle(priority=True)
    def replace_child(self, message: ReplaceChild) -> None:
        child = self._known(message.id)
        if child is None:
            return
        reply = self.defer()
        path = f"{self.ref.name}/{child.id}"
        error: Exception | None = None
        if child.spec.kind == "supervisor":
            error = ReplacementFailed(path, "it is a supervisor; replace the workers below it")
        elif child.status is not Status.RUNNING:
            error = ReplacementFailed(path, f"it is {child.status}")
        if error is None:
            estate = Estate(message.estate) if message.estate is not None else None
            self.warden().replace(child, message.cause, estate, reply)
        elif reply is not None:
            reply.fail(error)

    def vitals_of(self, id: str) -> Vitals | None:
        """What was measured of a child; ``None`` if it is not watched."""
        child = self.children.get(id)
        return self._warden.vitals(child) if self._warden is not None and child is not None else None

    def census(self) -> Census:
        """Who runs and who is missing, counted anew only after something has changed."""
        if self._census is None:
            self._census = census_of(self.children)
        return self._census

    def first_missing(self) -> str | None:
        """The path of a child here or below that should run and does not; ``None`` if there is none."""
        census = self.census()
        if census.first_missing is not None:
            return f"{self.ref.name}/{census.first_missing}"
        return next((missing for shell in self._below() if (missing := shell.first_missing()) is not None), None)

    def turnover(self) -> int:
        """How many workers here and below are under replacement."""
        own = self._warden.ongoing if self._warden is not None else 0
        return own + sum(shell.turnover() for shell in self._below())

    def _below(self) -> Iterator[Shell]:
        lives = (life_at(child.ref) for child in self.census().supervisors if child.ref is not None)
        return (life for life in lives if isinstance(life, Shell) and life.has_begun)

    @property
    def has_begun(self) -> bool:
        """Whether this life has its table of children already."""
        return hasattr(self, "children")

    def above(self) -> Shell | None:
        """The supervisor of this one; ``None`` at the root."""
        life = life_at(self.parent) if self.parent is not None else None
        return life if isinstance(life, Shell) else None

    # -- management, in the urgent lane --------------------------------------------------------------------------------

    @handle(priority=True)
    def start_child(self, message: StartChild) -> None:
        self._manage(self.children.add, message.spec)

    @handle(priority=True)
    def terminate_child(self, message: TerminateChild) -> None:
        self._manage(self.children.terminate, message.id)

    @handle(priority=True)
    def restart_child(self, message: RestartChild) -> None:
        self._manage(self.children.restart, message.id)

    @handle(priority=True)
    def delete_child(self, message: DeleteChild) -> None:
        self._manage(self.children.delete, message.id)

    def _manage(self, call: Callable[[Any, float, Any], list[Action]], argument: object) -> None:
        """Decide about a management call; one that makes no sense is its caller's error, never the supervisor's end."""
        reply = self.defer()
        try:
            actions = call(argument, self.system.now(), reply)
        except Exception as error:
            if reply is not None:
                reply.fail(error)
            return
        self.carry_out(actions)

    @handle(priority=True)
    def which_children(self, message: WhichChildren) -> list[ChildInfo]:
        return [_info(child) for child in reversed(list(self.children))]

    @handle(priority=True)
    def which_child(self, message: WhichChild) -> ChildInfo | None:
        child = self._known(message.id)
        return _info(child) if child is not None else None

    @handle(priority=True)
    def count_children(self, message: CountChildren) -> ChildCount:
        children = list(self.children)
        supervisors = sum(child.spec.kind == "supervisor" for child in children)
        active = sum(child.status in ALIVE for child in children)
        return ChildCount(len(children), active, supervisors, len(children) - supervisors)

    @handle(priority=True)
    def get_childspec(self, message: GetChildSpec) -> Spec | None:
        child = self._known(message.id)
        return child.spec if child is not None else None

    def _known(self, id: str) -> Child | None:
        child = next((child for child in self.children if child.id == id), None)
        if child is None:
            reply = self.defer()
            if reply is not None:
                reply.fail(ChildNotFound(id))
        return child


def shell_for(tree: Tree) -> type[Shell]:
    """The actor class that carries out a supervisor's spec."""
    for kind in type(tree).__mro__:
        if kind in Shell.kinds:
            return Shell.kinds[kind]
    raise SpecError("tree", tree, "must be a Supervisor, a DynamicSupervisor or a Pool")


def _info(child: Child) -> ChildInfo:
    return ChildInfo(child.id, child.ref if child.status in ALIVE else None, child.status.value, child.spec.kind)
