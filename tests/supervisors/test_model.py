"""Random trees, random deaths, failing starts, management calls and time, judged step by step by a plain oracle."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from actors import ActorDied, Crashed, NotRunning
from actors.testing import World as VirtualWorld
from actors.testing import world
from supervisors import Backoff, DynamicSupervisor, Pool, SupervisionError, Supervisor
from supervisors.handle import Handle
from supervisors.running import Running
from supervisors.spec import Spec
from tests.supervisors.fixtures import TOLD, AsyncWorker, Recorder, Worker, end
from tests.supervisors.oracle import Life, Plan, Refused, World

CLEAN = ("normal", "shutdown", "shutdown-detail")
WINDOW = 4.0
STEPS = 14

# -- trees -------------------------------------------------------------------------------------------------------------


@st.composite
def trees(draw: st.DrawFn) -> Plan:
    """A root with up to two levels of supervisors below it; ids are numbered as they come."""
    serial = iter(range(100))

    def options(auto_shutdown: str) -> dict[str, Any]:
        restart = draw(st.sampled_from(("permanent", "transient", "temporary")))
        can_signify = auto_shutdown != "never" and restart != "permanent"
        return {"restart": restart, "significant": can_signify and draw(st.booleans())}

    def limit() -> tuple[int, float]:
        return draw(st.integers(0, 4)), WINDOW

    def worker(auto_shutdown: str) -> Plan:
        budget = draw(st.none() | st.just((1, WINDOW)))
        return Plan(f"w{next(serial)}", budget=budget, **options(auto_shutdown))

    def supervisor(id: str, depth: int, above: dict[str, Any]) -> Plan:
        auto = draw(st.sampled_from(("never", "never", "any_significant", "all_significant")))
        strategy = draw(st.sampled_from(("one_for_one", "one_for_all", "rest_for_one")))
        kinds = ["worker"] * 3 + (["supervisor", "dynamic"] if depth < 3 else [])
        children: list[Plan] = []
        for kind in draw(st.lists(st.sampled_from(kinds), max_size=3)):
            if kind == "worker":
                children.append(worker(auto))
            elif kind == "supervisor":
                children.append(supervisor(f"s{next(serial)}", depth + 1, options(auto)))
            else:
                id_ = f"d{next(serial)}"
                children.append(Plan(id_, limit=limit(), children=(), dynamic=True, **options(auto)))
        return Plan(id, strategy=strategy, limit=limit(), auto_shutdown=auto, children=tuple(children), **above)

    return supervisor("top", 1, {})


def spec_of(plan: Plan, r: Recorder, cls: type[Worker]) -> Spec:
    """The real thing that a plan describes."""
    options: dict[str, Any] = {"restart": plan.restart, "significant": plan.significant}
    if plan.children is None:
        budget = plan.budget or (None, None)
        return r.child(plan.id, cls, max_restarts=budget[0], within=budget[1], **options)
    options |= {"max_restarts": plan.limit[0], "within": plan.limit[1]}
    if plan.dynamic:
        return DynamicSupervisor(plan.id, **options)
    options |= {"strategy": plan.strategy, "auto_shutdown": plan.auto_shutdown}
    return Supervisor(plan.id, [spec_of(child, r, cls) for child in plan.children], **options)


# -- steps -------------------------------------------------------------------------------------------------------------


@dataclass
class Bench:
    """The real tree and the oracle, side by side."""

    w: VirtualWorld
    r: Recorder
    tree: Running
    oracle: World
    cls: type[Worker]
    added: int = 0

    def handle(self, path: str) -> Handle:
        return self.tree if path == "top" else self.tree.at(path.removeprefix("top/"))

    async def manage(self, real: Awaitable[Any], expected: Callable[[], None]) -> None:
        """A management call has to be refused, or not, as the oracle says."""
        try:
            expected()
            refused = ""
        except Refused as error:
            refused = str(error)
        try:
            await real
            outcome = ""
        except SupervisionError as error:
            outcome = type(error).__name__
        assert outcome == refused


@dataclass(frozen=True)
class Step:
    """One thing that is done to both; its ``repr`` is what a failure shows."""

    text: str
    act: Callable[[Bench], Awaitable[None]] = field(repr=False)

    def __repr__(self) -> str:
        return self.text


def worker_ends(path: str, life: Life, how: str) -> Step:
    async def act(b: Bench) -> None:
        end(b.tree.ref(path), how)
        b.oracle.end(life, TOLD[how], how in CLEAN)

    return Step(f"{path} ends: {how}", act)


def supervisor_is_killed(path: str, life: Life) -> Step:
    async def act(b: Bench) -> None:
        b.tree.ref(path).kill()
        b.oracle.kill(life)

    return Step(f"{path} is killed", act)


def starts_go(id: str, how: list[str]) -> Step:
    async def act(b: Bench) -> None:
        b.r.plans[id.partition("-")[0]].extend(how)  # type: ignore[arg-type]
        b.oracle.plans[id].extend(how)

    return Step(f"the next starts of {id}: {', '.join(how)}", act)


def time_passes(seconds: float) -> Step:
    async def act(b: Bench) -> None:
        await b.w.advance(seconds)
        b.oracle.now += seconds

    return Step(f"{seconds:g} s pass", act)


def child_is_managed(path: str, life: Life, call: str, id: str) -> Step:
    async def act(b: Bench) -> None:
        real: Any = getattr(b.handle(path), f"{call}_child")
        expected: Any = getattr(b.oracle, call)
        await b.manage(real(id), lambda: expected(life, id))

    return Step(f"{path}: {call}_child({id})", act)


def child_is_added(path: str, life: Life, plan: Plan) -> Step:
    async def act(b: Bench) -> None:
        await b.manage(b.handle(path).start_child(spec_of(plan, b.r, b.cls)), lambda: b.oracle.add(life, plan))

    return Step(f"{path}: start_child({plan.id}, {plan.restart})", act)


@st.composite
def steps(draw: st.DrawFn, oracle: World, serial: int) -> Step:
    """Something that can be done to the tree as it is now."""
    workers, supervisors = oracle.workers(), oracle.supervisors()
    kinds = (
        ["time", "add", "manage"] + (["end"] * 5 + ["plan"] * 2 if workers else []) + ["kill"] * (len(supervisors) > 1)
    )
    kind = draw(st.sampled_from(kinds))
    if kind == "end":
        return worker_ends(*draw(st.sampled_from(workers)), draw(st.sampled_from(tuple(TOLD))))
    if kind == "kill":
        return supervisor_is_killed(*draw(st.sampled_from(supervisors[1:])))
    if kind == "plan":
        how = draw(st.lists(st.sampled_from(("fail", "ok", "ignore")), min_size=1, max_size=3))
        return starts_go(draw(st.sampled_from(workers))[1].plan.id, how)
    if kind == "time":
        return time_passes(draw(st.sampled_from((0.5, 1.0, WINDOW, WINDOW + 0.5))))
    path, life = draw(st.sampled_from(supervisors))
    if kind == "manage":
        ids = [row.plan.id for row in life.rows] + ["nobody"]
        call = draw(st.sampled_from(("terminate", "restart", "delete")))
        return child_is_managed(path, life, call, draw(st.sampled_from(ids)))
    ids = [f"n{serial}"] + (
        [] if life.plan.dynamic else [row.plan.id for row in life.rows if row.plan.children is None]
    )
    restart = draw(st.sampled_from(("permanent", "transient", "temporary")))
    return child_is_added(path, life, Plan(draw(st.sampled_from(ids)), restart))


# -- comparing ---------------------------------------------------------------------------------------------------------


def by_id(log: list[str]) -> dict[str, list[str]]:
    """The log of each child by itself: for what happens side by side."""
    logs: dict[str, list[str]] = {}
    for line in log:
        logs.setdefault(line.lstrip("+-").split()[0], []).append(line)
    return logs


def assert_same_log(b: Bench, ordered: bool) -> None:
    expected, b.oracle.log = b.oracle.log, []
    actual = b.r.take()
    assert (actual if ordered else by_id(actual)) == (expected if ordered else by_id(expected))


async def assert_same_state(b: Bench) -> None:
    assert b.tree.is_alive == (b.oracle.root is not None)
    for path, life in b.oracle.supervisors():
        handle = b.handle(path)
        actual = [(info.id, info.status) for info in reversed(await handle.which_children())]
        expected = [(row.plan.id, "stopped" if row.life is None else "running") for row in life.rows]
        assert (path, actual) == (path, expected)
        node = b.tree.snapshot().find(path)
        assert node is not None
        assert (path, node.restarts) == (path, b.oracle.restarts(life))


async def scenario(w: VirtualWorld, data: st.DataObject, plan: Plan, cls: type[Worker]) -> None:
    r = Recorder()
    oracle = World(plan)
    tree_: Any = spec_of(plan, r, cls)
    async with r.run(tree_) as tree:
        b = Bench(w, r, tree, oracle, cls)
        assert_same_log(b, ordered=True)
        for serial in range(STEPS):
            if oracle.root is None:
                return
            step = data.draw(steps(oracle, serial), label=f"step {serial + 1}")
            has_parallel = any(life.plan.dynamic and len(life.rows) > 1 for _, life in oracle.supervisors())
            await step.act(b)
            async with asyncio.timeout(60.0):
                await w.idle()
            assert_same_log(b, ordered=not has_parallel and "is killed" not in step.text)
            await assert_same_state(b)
        has_parallel = any(life.plan.dynamic for _, life in oracle.supervisors())
        if oracle.root is not None:
            oracle.stop(oracle.root)
        await tree.stop()
        assert_same_log(b, ordered=not has_parallel)


@settings(max_examples=300)
@given(plan=trees(), data=st.data(), seed=st.integers(0, 3))
def test_plain_workers_behave_as_the_oracle_says(plan: Plan, data: st.DataObject, seed: int) -> None:
    world(seed).run(lambda w: scenario(w, data, plan, Worker))


@settings(max_examples=300)
@given(plan=trees(), data=st.data(), seed=st.integers(0, 3))
def test_async_workers_behave_as_the_oracle_says(plan: Plan, data: st.DataObject, seed: int) -> None:
    world(seed).run(lambda w: scenario(w, data, plan, AsyncWorker))


# -- everything at once ------------------------------------------------------------------------------------------------
#
# No oracle can say what has to happen when starts and stops take their time, deaths fall into them and nobody waits for
# anybody; but it has to end well.


@st.composite
def slow_trees(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Options of the children of ``top`` and ``sub``: some slow to stop, some with a backoff."""
    return [
        {
            "linger": draw(st.sampled_from((0.0, 0.0, 1.0, 3.0))),
            "backoff": draw(st.none() | st.just(Backoff(1.0, 4.0))),
            "shutdown": 2.0,
            "start_timeout": 2.0,
        }
        for _ in range(draw(st.integers(2, 5)))
    ]


async def disturb(data: st.DataObject, w: VirtualWorld, r: Recorder, tree: Running) -> list[asyncio.Future[Any]]:
    """Do a dozen things without waiting for what comes of them; the management calls that were made."""
    calls: list[asyncio.Future[Any]] = []
    refs = {node.path: tree.ref(node.path) for node in tree.snapshot().walk() if node.kind == "worker"}
    for step in range(12):
        path = data.draw(st.sampled_from(list(refs)), label=f"whom {step + 1}")
        kind = data.draw(st.sampled_from(("crash", "kill", "kill above", "plan", "call", "turn", "time")), label="what")
        above, _, id = path.removeprefix("top/").rpartition("/")
        match kind:
            case "crash":
                end(refs[path])
            case "kill":
                refs[path].kill()
            case "kill above" if above:
                tree.ref(above).kill()
            case "plan":
                r.plans[id.partition("-")[0]].extend(
                    data.draw(st.lists(st.sampled_from(("fail", 0.5, 1.5, "hang")), max_size=2))
                )
            case "call":
                handle: Any = tree.at(above) if above else tree
                call = data.draw(st.sampled_from(("terminate_child", "restart_child")), label="call")
                calls.append(asyncio.ensure_future(getattr(handle, call)(id)))
            case "turn":
                for _ in range(3):
                    await asyncio.sleep(0)
            case "time":
                await w.advance(data.draw(st.sampled_from((0.25, 1.0, 2.5)), label="seconds"))
    return calls


async def chaos(
    w: VirtualWorld, data: st.DataObject, options: list[dict[str, Any]], strategies: tuple[str, str]
) -> None:
    r = Recorder()
    specs = [r.child(f"w{n}", AsyncWorker, **each) for n, each in enumerate(options)]
    patient: Any = {"max_restarts": 10**6, "strategy": strategies[0]}
    sub = Supervisor("sub", specs[1:], **patient)
    pool = Pool("pool", r.child("p", AsyncWorker, **options[0]), size=2, max_restarts=10**6)
    async with r.run(Supervisor("top", [specs[0], pool, sub], **(patient | {"strategy": strategies[1]}))) as tree:
        calls = await disturb(data, w, r, tree)
        r.plans.clear()
        await w.advance(120.0)
        assert [call for call in calls if not call.done()] == []
        for call in calls:
            error = call.exception()
            assert isinstance(error, SupervisionError | ActorDied | NotRunning | None), error
            assert not (isinstance(error, ActorDied) and isinstance(error.reason, Crashed)), error
        statuses = {node.path: node.status for node in tree.snapshot().walk()}

        assert all(status == "running" or (calls and status == "stopped") for status in statuses.values()), statuses
        before = w.now()
        await tree.stop(timeout=60.0)
        assert w.now() - before <= 2.0 * (len(options) + 1)
        assert tree.system.statistics().actors == 0


@settings(max_examples=200)
@given(
    data=st.data(),
    options=slow_trees(),
    strategies=st.tuples(*[st.sampled_from(("one_for_one", "one_for_all", "rest_for_one"))] * 2),
    seed=st.integers(0, 3),
)
def test_whatever_happens_everybody_comes_back_and_every_call_is_answered(
    data: st.DataObject, options: list[dict[str, Any]], strategies: tuple[str, str], seed: int
) -> None:
    world(seed).run(lambda w: chaos(w, data, options, strategies))
