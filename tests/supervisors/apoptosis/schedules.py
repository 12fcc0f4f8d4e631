"""Random schedules of planned and unplanned death under load, with an account of every message, life and replacement.

``python -m tests.supervisors.apoptosis.schedules SEED`` plays one and prints what happened.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_args

from actors import KILL, SHUTDOWN, Actor, ActorError, ActorSystem, Mailbox, Ref, Undelivered, handle
from actors.blueprint import Overflow
from actors.evidence import Evidence, Harm
from actors.keeper import life_at
from actors.pulse import note
from actors.testing import World, world
from supervisors import (
    Apoptosis,
    Backoff,
    ChildSpec,
    Disruption,
    DynamicSupervisor,
    Lifetime,
    Pool,
    Supervisor,
    child,
)
from supervisors.apoptosis.events import Kept, Replaced, Replacing, Retired
from supervisors.errors import SupervisionError
from supervisors.events import Died, Ending, GroupRestart, Stopped, SupervisionEvent
from supervisors.journal import Journal
from supervisors.running import Running
from supervisors.shell import Shell, shell_for
from supervisors.spec import Strategy

Deed = Literal[
    "return", "sleep", "crash", "crash late", "fail", "fail late", "damage", "retire", "stash", "defer", "continue",
]  # fmt: skip
Move = Literal[
    "tell", "ask", "urgent", "pause", "replace", "kill", "exit", "strike", "terminate", "restart", "kill above",
    "suspend",
]  # fmt: skip
Mood = Literal[
    "well", "slow start", "failed start", "slow to warm", "cold", "slow heir", "bad heir", "bad will", "stuck"
]
"""How a life takes part in a replacement, drawn for each life anew."""

BUSY = 10**6
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Item:
    """The ``number``-th message of ``sender``, and what its handler is to do with it."""

    sender: str
    number: int
    deed: Deed


@dataclass(frozen=True, slots=True)
class UrgentItem(Item):
    """One for the urgent lane."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """The second half of an item."""

    item: Item


@dataclass(frozen=True, slots=True)
class Worker:
    """How one worker of a schedule is made."""

    asynchronous: bool
    limit: int
    overflow: Overflow
    redeliver: int
    lifetime: float | None
    restart: Literal["permanent", "transient"]


@dataclass(frozen=True, slots=True)
class Step:
    """One move of a sender."""

    move: Move
    target: int
    deed: Deed
    patient: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole schedule: workers at the root and below it, the strategies of both, their budgets, moods, senders."""

    workers: tuple[Worker, ...]
    below: tuple[Worker, ...]
    kind: Literal["supervisor", "dynamic", "pool"]
    strategies: tuple[Strategy, Strategy]
    budgets: tuple[Disruption, Disruption]
    moods: tuple[Mood, ...]
    senders: tuple[tuple[Step, ...], ...]


@dataclass
class Account:
    """What became of every message, and of every replacement; ``faults`` is what must not have happened.

    ``is_calm``: from now on all moods are good.
    """

    told: list[Item] = field(default_factory=list)
    asked: list[Item] = field(default_factory=list)
    begun: dict[Ref[Any], list[tuple[Item, int]]] = field(default_factory=lambda: defaultdict(list))
    completed: Counter[Item] = field(default_factory=Counter)
    dead: Counter[Item] = field(default_factory=Counter)
    quarantined: Counter[Item] = field(default_factory=Counter)
    refused: Counter[Item] = field(default_factory=Counter)
    answered: Counter[Item] = field(default_factory=Counter)
    failed: Counter[Item] = field(default_factory=Counter)
    stashed: set[Item] = field(default_factory=set)
    targets: dict[Item, Ref[Any]] = field(default_factory=dict)
    is_calm: bool = False
    faults: list[str] = field(default_factory=list)
    events: list[SupervisionEvent] = field(default_factory=list)
    trace: str = ""

    def blame(self, condition: bool, fault: str) -> None:
        if not condition:
            self.faults.append(fault)

    def lines(self) -> list[str]:
        return [f"{event.at:.4g} {event.describe()}" for event in self.events]


# -- the workers -------------------------------------------------------------------------------------------------------


class Works(Actor):
    """Does what each item says, and takes part in replacements as its mood is."""

    def __init__(self, account: Account, moods: tuple[Mood, ...]) -> None:
        self.account = account
        self.mood = moods[self.pid.incarnation % len(moods)] if moods and not account.is_calm else "well"
        self.inherited: object = None
        self.put_off: list[Any] = []

    def stopping(self, reason: Any) -> Any:
        self.system.registry.members("nobody")

    def begin(self, item: Item) -> None:
        place = self.account.begun[self.ref]
        place.append((item, self.pid.incarnation))
        if item.deed == "crash":
            raise RuntimeError("crash")
        if item.deed == "fail":
            raise ValueError("fail")
        if item.deed == "damage":
            self.damage(3.0, "checksum")
        if item.deed == "retire":
            self.retire("rust")

    def complete(self, item: Item) -> Item:
        self.unstash()  # raises NotRunning in a life that was abandoned
        self.account.completed[item] += 1
        return item

    def put_aside(self, item: Item) -> bool:
        """Put an item aside the first time."""
        if item.deed != "stash" or item in self.account.stashed:
            return False
        self.account.stashed.add(item)
        self.account.begun[self.ref].pop()
        self.stash()
        return True

    def answer_later(self, item: Item) -> bool:
        """Complete an item now and answer its asker in a while."""
        reply = self.defer() if item.deed == "defer" else None
        if reply is None:
            return False
        self.complete(item)
        asyncio.get_running_loop().call_later(0.3, reply.send, item)
        return True

    @handle
    def go_on(self, message: Continuation) -> None:
        self.complete(message.item)


class PlainWorks(Works):
    def started(self) -> None:
        if self.mood == "failed start" and self.pid.incarnation > 1:
            raise OSError("no")

    def ready(self) -> Any:
        return self.mood != "cold"

    def bequeath(self) -> Any:
        if self.mood == "bad will":
            raise OSError("no will")
        return ["estate", self.pid.incarnation]

    def inherit(self, estate: Any) -> None:
        if self.mood == "bad heir":
            raise OSError("no heir")
        self.inherited = estate

    @handle
    def item(self, item: Item) -> Item | None:
        self.begin(item)
        if self.put_aside(item) or self.answer_later(item):
            return None
        if item.deed == "continue" and item in self.account.told:
            self.continue_with(Continuation(item))
            return None
        return self.complete(item)

    @handle(priority=True)
    def urgent(self, item: UrgentItem) -> Item | None:
        return self.item(item)


class AsyncWorks(Works):
    async def started(self) -> None:
        if self.pid.incarnation > 1:
            await asyncio.sleep({"slow start": 0.6, "failed start": 0.2}.get(self.mood, 0.0))
            if self.mood == "failed start":
                raise OSError("no")

    async def ready(self) -> Any:
        await asyncio.sleep(0.6 if self.mood == "slow to warm" else 0.0)
        return self.mood != "cold"

    async def bequeath(self) -> Any:
        if self.mood == "stuck":
            await asyncio.sleep(7.0)
        if self.mood == "bad will":
            raise OSError("no will")
        await asyncio.sleep(0.1)
        return ["estate", self.pid.incarnation]

    async def inherit(self, estate: Any) -> None:
        await asyncio.sleep(0.6 if self.mood == "slow heir" else 0.1)
        if self.mood == "bad heir":
            raise OSError("no heir")
        self.inherited = estate

    @handle
    async def item(self, item: Item) -> Item | None:
        self.begin(item)
        if item.deed in ("sleep", "crash late", "fail late"):
            await asyncio.sleep(0.7)
        if item.deed == "crash late":
            raise RuntimeError("crash late")
        if item.deed == "fail late":
            raise ValueError("fail late")
        if self.put_aside(item) or self.answer_later(item):
            return None
        if item.deed == "continue" and item in self.account.told:
            self.continue_with(Continuation(item))
            return None
        return self.complete(item)

    @handle(priority=True)
    async def urgent(self, item: UrgentItem) -> Item | None:
        return await self.item(item)


# -- the tree ----------------------------------------------------------------------------------------------------------


def spec_of(worker: Worker, id: str, account: Account, moods: tuple[Mood, ...]) -> ChildSpec:
    lifetime = Lifetime(seconds=worker.lifetime) if worker.lifetime is not None else None
    policy = Apoptosis(
        tolerate=(ValueError,), lifetime=lifetime, every=0.25, snapshot=0.5, probe_timeout=0.5,
        ready_within=1.0, handover=0.5, backoff=Backoff(0.1, 1.0),
    )  # fmt: skip
    return child(
        AsyncWorks if worker.asynchronous else PlainWorks,
        account,
        moods,
        id=id,
        apoptosis=policy,
        restart=worker.restart,
        shutdown=1.0,
        mailbox=Mailbox(worker.limit, worker.overflow, worker.redeliver),
    )


def tree_of(plan: Plan, account: Account) -> Supervisor:
    above, below = plan.strategies
    patient: Any = {"max_restarts": BUSY, "within": 1e9}
    specs = [spec_of(worker, f"w{n}", account, plan.moods) for n, worker in enumerate(plan.workers)]
    lower = [spec_of(worker, f"v{n}", account, plan.moods) for n, worker in enumerate(plan.below)]
    sub: Supervisor | Pool | DynamicSupervisor
    match plan.kind:
        case "supervisor":
            sub = Supervisor("sub", lower, strategy=below, disruption=plan.budgets[1], **patient)
        case "pool":
            sub = Pool("sub", lower[0], size=len(lower), disruption=plan.budgets[1], **patient)
        case "dynamic":
            sub = DynamicSupervisor("sub", disruption=plan.budgets[1], **patient)
    return Supervisor("top", [*specs, sub], strategy=above, disruption=plan.budgets[0], **patient)


class Watch:
    """Sees each event when it happens and blames what breaks a promise."""

    def __init__(self, account: Account, plan: Plan) -> None:
        self.account = account
        self.plan = plan
        self.root: Ref[Any] | None = None
        self.ongoing: set[str] = set()

    def shell(self, path: str) -> Shell | None:
        if self.root is None:
            return None
        ref = self.root if path == "top" else self.root.system.whereis(path)
        life = life_at(ref) if ref is not None else None
        return life if isinstance(life, Shell) else None

    def note(self, event: object) -> None:
        if not isinstance(event, SupervisionEvent):
            return
        self.account.events.append(event)
        match event:
            case Replacing():
                self._begins(event)
            case Replaced() | Kept() | Died() | Stopped():
                self.over(event.path)
            case Ending():
                self.over(event.path)
            case GroupRestart():
                for member in event.members:
                    self.over(f"{event.path}/{member}")
        if isinstance(event, Died):
            self.account.blame("apoptosis" not in str(event.reason), f"a planned death was counted: {event}")

    def is_running(self, path: str) -> bool:
        """Whether that child runs: a replacement of one that is being stopped has been called off."""
        shell = self.shell(path.rpartition("/")[0])
        child = shell.children.get(path.rpartition("/")[2]) if shell is not None else None
        return child is not None and child.status.value == "running"

    def over(self, path: str) -> None:
        self.ongoing = {each for each in self.ongoing if each != path and not each.startswith(f"{path}/")}

    def _begins(self, event: Replacing) -> None:
        self.ongoing = {path for path in self.ongoing if self.is_running(path)} | {event.path}
        group = event.path.rpartition("/")[0]
        budget = self.plan.budgets[group.endswith("/sub")]
        among = sum(each.rpartition("/")[0] == group for each in self.ongoing)
        self.account.blame(among <= budget.at_once, f"{among} of {budget.at_once} at once: {event}")
        for path, limit in (("top", self.plan.budgets[0]), (group, budget)):
            below = sum(each.startswith(f"{path}/") for each in self.ongoing)
            self.account.blame(below <= limit.everywhere, f"{below} of {limit.everywhere} below {path}: {event}")
        shell = self.shell(group)
        if shell is None:
            self.account.faults.append(f"nobody supervises {event.path}")
            return
        statuses = [child.status.value for child in shell.children]
        should = [status for status in statuses if status not in ("stopped", "stopping")]
        share = should.count("running") / max(1, len(should))
        self.account.blame(share >= budget.floor, f"only {share:.0%} run: {event}")
        calm = self.plan.budgets[0].while_degraded and budget.while_degraded
        self.account.blame(calm or share == 1.0, f"somebody is down: {event}")


# -- the senders -------------------------------------------------------------------------------------------------------


def tell(account: Account, ref: Ref[Any], item: Item) -> Any:
    account.told.append(item)
    account.targets[item] = ref
    try:
        return ref.tell(item)
    except ActorError:
        account.refused[item] += 1
        return None


async def tell_patiently(account: Account, ref: Ref[Any], item: Item) -> None:
    taken = tell(account, ref, item)
    if taken is None:
        return
    try:
        await taken
    except ActorError:
        account.refused[item] += 1


async def ask(account: Account, ref: Ref[Any], item: Item) -> None:
    account.asked.append(item)
    try:
        answer = await ref.ask(item, timeout=4.0)
        account.blame(answer == item, f"asked {item}, answered {answer}")
        account.answered[item] += 1
    except (ActorError, ValueError):
        account.failed[item] += 1


async def manage(watch: Watch, tree: Running, path: str, move: Move) -> None:
    """Calls of management; what they may answer is any result or an error of supervision."""
    above, _, id = path.rpartition("/")
    handle_: Any = tree.at(above) if above else tree
    try:
        if move == "replace":
            await tree.replace(path)
        elif move == "terminate":
            watch.over(f"top/{path}")
            await handle_.terminate_child(id)
        else:
            await handle_.restart_child(id)
    except (SupervisionError, ActorError):
        return


async def suspend(ref: Ref[Any]) -> None:
    try:
        await ref.suspend()
        await asyncio.sleep(0.4)
        await ref.resume()
    except ActorError:
        return


async def send(
    account: Account, watch: Watch, tree: Running, refs: dict[str, Ref[Any]], name: str, steps: tuple[Step, ...]
) -> list[asyncio.Task[None]]:
    """Play one sender's part; returns what it has asked for and not heard of yet."""
    open_: list[asyncio.Task[None]] = []
    sub = tree.ref("sub")
    for number, step in enumerate(steps):
        path = [*refs][step.target % len(refs)]
        ref = refs[path]
        item = (UrgentItem if step.move == "urgent" else Item)(name, number, step.deed)
        match step.move:
            case "tell" if step.patient:
                await tell_patiently(account, ref, item)
            case "tell" | "urgent":
                tell(account, ref, item)
            case "ask":
                open_.append(asyncio.create_task(ask(account, ref, item)))
            case "replace" | "terminate" | "restart":
                open_.append(asyncio.create_task(manage(watch, tree, path, step.move)))
            case "kill":
                ref.exit(KILL)
            case "exit":
                ref.exit(SHUTDOWN)
            case "kill above":
                sub.kill()
                watch.over("top/sub")
            case "suspend":
                open_.append(asyncio.create_task(suspend(ref)))
            case "strike":
                note(ref._cell, Evidence(Harm.INVARIANT, 3.0, "struck"))
            case "pause":
                await asyncio.sleep(0.8 if step.patient else 0.0)
    return open_


async def play(w: World, plan: Plan) -> Account:
    """Play a whole schedule, stop the tree, and account for everything."""
    account = Account()
    watch = Watch(account, plan)
    async with ActorSystem("top") as system:
        system.events.subscribe(watch.note)
        tree_ = tree_of(plan, account)
        watch.root = root = await system.spawn(shell_for(tree_), tree_, name="top")
        tree = Running(tree_, system, root, Journal(system.events))
        paths = [f"w{n}" for n in range(len(plan.workers))]
        if plan.kind == "dynamic":  # they are gone for good if it is killed
            for n, worker in enumerate(plan.below):
                await tree.at("sub").start_child(spec_of(worker, f"v{n}", account, plan.moods))
        paths += [
            f"sub/{'v0-' if plan.kind == 'pool' else 'v'}{n + (plan.kind == 'pool')}" for n in range(len(plan.below))
        ]
        refs = {path: tree.ref(path) for path in paths}
        parts = [send(account, watch, tree, refs, f"sender{n}", steps) for n, steps in enumerate(plan.senders)]
        open_ = [task for tasks in await asyncio.gather(*parts) for task in tasks]
        account.is_calm = True
        await w.advance(PATIENCE)
        await settle(w, account, tree, open_)
        begun = w.now()
        await tree.stop()
        account.blame(w.now() - begun <= 1.6 * (len(plan.workers) + len(plan.below)), "the end took too long")
    account.blame(system.alive == 0, f"{system.alive} are left over")
    for letter in system.dead_letters:
        message = letter.message.item if isinstance(letter.message, Continuation) else letter.message
        if isinstance(message, Item):
            account.dead[message] += 1
            account.quarantined[message] += letter.why is Undelivered.QUARANTINED
    account.blame(system.dead_letters.total == len(system.dead_letters), "more dead letters than are kept")
    account.trace = w.trace
    return account


async def settle(w: World, account: Account, tree: Running, open_: list[asyncio.Task[None]]) -> None:
    """All is quiet: whoever asked has been answered, and exactly those live who should."""
    account.blame(all(task.done() for task in open_), "somebody is still waiting for an answer")
    for task in open_:
        if not task.done():
            task.cancel()
        elif task.exception() is not None:
            account.faults.append(f"an answer failed: {task.exception()!r}")
    for _ in range(400):  # while somebody is just being replaced there is one more
        nodes = list(tree.snapshot().walk())
        running = sum(node.status == "running" for node in nodes)
        if tree.system.alive == running:
            break
        await w.advance(0.05)
    account.blame(tree.system.alive == running, f"{tree.system.alive} live, and {running} should")
    wrong = [f"{node.path} is {node.status}" for node in nodes if node.status not in ("running", "stopped")]
    account.blame(not wrong, f"{wrong} after all")
    for node in nodes:
        if node.status == "running" and node.kind == "worker":
            life = life_at(tree.ref(node.path.removeprefix("top/")))
            account.blame(life is not None and life.pid.incarnation == node.incarnation, f"{node.path} has no life")
    ended = Counter(event.path for event in account.events if isinstance(event, Retired))
    moved = Counter(event.path for event in account.events if isinstance(event, Replaced))
    account.blame(all(ended[path] <= moved[path] for path in ended), "more have retired than were replaced")


# -- from a seed alone -------------------------------------------------------------------------------------------------

T = TypeVar("T")


def drawn(seed: int, senders: int = 3, steps: int = 60) -> Plan:
    """A plan from a seed alone."""
    rng = random.Random(seed)

    def worker() -> Worker:
        return Worker(
            rng.random() < 0.7,
            rng.choice([1, 3, 100]),
            rng.choice(get_args(Overflow)),
            rng.choice([0, 1, 2]),
            rng.choice([None, None, 1.0, 4.0]),
            rng.choice(["permanent", "permanent", "transient"]),
        )

    def budget() -> Disruption:
        return Disruption(rng.choice([1, 2, 3]), rng.choice([0.0, 0.5, 1.0]), rng.choice([1, 2, 4]), rng.random() < 0.2)

    moves: list[Move] = [*get_args(Move), "tell", "tell", "tell", "ask", "ask", "pause", "pause", "pause"]
    deeds: list[Deed] = [*get_args(Deed), "return", "return", "return"]
    strategies: tuple[Any, ...] = ("one_for_one", "one_for_one", "one_for_all", "rest_for_one")
    return Plan(
        tuple(worker() for _ in range(rng.randint(1, 3))),
        tuple(worker() for _ in range(rng.randint(1, 3))),
        rng.choice(["supervisor", "supervisor", "dynamic", "pool"]),
        (rng.choice(strategies), rng.choice(strategies)),
        (budget(), budget()),
        tuple(rng.choice(["well", "well", "well", *get_args(Mood)]) for _ in range(7)),
        tuple(
            tuple(
                Step(rng.choice(moves), rng.randrange(6), rng.choice(deeds), rng.random() < 0.5) for _ in range(steps)
            )
            for _ in range(senders)
        ),
    )


if __name__ == "__main__":
    number = int(sys.argv[1])
    done = world(number).run(lambda w: play(w, drawn(number)))
    sys.stdout.write("\n".join([*done.lines(), *done.faults, ""]))
