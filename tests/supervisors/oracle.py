"""A supervisor as the reference describes it, in plain recursive Python: no time passes in a start, a stop or a repair.

Written from the semantics of OTP alone, so that it can judge the real thing; it shares no code with it but the names of
the restart types and strategies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Plan:
    """A child to be: a worker, or a supervisor of ``children`` (``dynamic``: that starts empty)."""

    id: str
    restart: str = "permanent"
    significant: bool = False
    budget: tuple[int, float] | None = None
    children: tuple[Plan, ...] | None = None
    strategy: str = "one_for_one"
    limit: tuple[int, float] = (3, 5.0)
    auto_shutdown: str = "never"
    dynamic: bool = False


class Refused(Exception):
    """A management call was refused; its text is the name of the error."""


@dataclass(eq=False)
class Row:
    """A child as its supervisor knows it; ``life`` is what lives there."""

    plan: Plan
    life: Life | None = None
    stamps: list[float] = field(default_factory=list)


@dataclass(eq=False)
class Life:
    """One life of a worker or of a supervisor, which has rows."""

    plan: Plan
    rows: list[Row] = field(default_factory=list)
    stamps: list[float] = field(default_factory=list)

    def find(self, id: str) -> Row | None:
        return next((row for row in self.rows if row.plan.id == id), None)


class World:
    """All of it: the tree from its root, the clock, the log, and how coming starts are to go."""

    def __init__(self, root: Plan) -> None:
        self.now = 0.0
        self.log: list[str] = []
        self.plans: dict[str, list[str]] = defaultdict(list)
        self.root: Life | None = self.start(root)[1]

    # -- lives ---------------------------------------------------------------------------------------------------------

    def start(self, plan: Plan) -> tuple[str, Life | None]:
        """``ok`` with a life, ``ignore`` or ``fail``."""
        if plan.children is None:
            how = self.plans[plan.id].pop(0) if self.plans[plan.id] else "ok"
            self.log.append({"ok": f"+{plan.id}", "fail": f"{plan.id} fails", "ignore": f"{plan.id} ignores"}[how])
            return how, Life(plan) if how == "ok" else None
        life = Life(plan, [Row(child) for child in plan.children])
        for row in tuple(life.rows):
            how, row.life = self.start(row.plan)
            if how == "fail":
                self.stop_rows(life.rows)
                return "fail", None
            if how == "ignore" and row.plan.restart == "temporary":
                life.rows.remove(row)
        return "ok", life

    def stop(self, life: Life, reason: str = "shutdown") -> None:
        """End a life from above."""
        if life.plan.children is None:
            self.log.append(f"-{life.plan.id} {reason}")
        self.stop_rows(life.rows)

    def stop_rows(self, rows: list[Row]) -> None:
        for row in reversed(rows):
            if row.life is not None:
                self.stop(row.life)
                row.life = None

    # -- ends ----------------------------------------------------------------------------------------------------------

    def ended(self, parent: Life, row: Row, clean: bool) -> None:
        """What ``parent`` does about a child that has ended by itself."""
        row.life = None
        plan = row.plan
        if plan.restart == "permanent" or (plan.restart == "transient" and not clean):
            self.repair(parent, row)
            return
        others = [other for other in parent.rows if other.plan.significant and other.life is not None]
        mode = parent.plan.auto_shutdown
        if plan.restart == "temporary" or parent.plan.dynamic:
            parent.rows.remove(row)
        if plan.significant and (mode == "any_significant" or (mode == "all_significant" and not others)):
            self.finish(parent)

    def repair(self, parent: Life, culprit: Row) -> None:
        """Restart ``culprit`` by the strategy, again and again until it works or is too much."""
        while True:
            if self.is_too_much(parent.stamps, parent.plan.limit) | (
                culprit.plan.budget is not None and self.is_too_much(culprit.stamps, culprit.plan.budget)
            ):
                self.finish(parent)
                return
            at = parent.rows.index(culprit)
            group = {"one_for_one": [culprit], "one_for_all": parent.rows[:], "rest_for_one": parent.rows[at:]}
            members = group[parent.plan.strategy]
            self.stop_rows(members)
            failed = None
            for row in members:
                if row.plan.restart == "temporary":
                    parent.rows.remove(row)
                elif failed is None:
                    how, row.life = self.start(row.plan)
                    if how == "fail":
                        failed = row
                    elif how == "ignore" and parent.plan.dynamic:
                        parent.rows.remove(row)
            if failed is None:
                return
            culprit = failed

    def is_too_much(self, stamps: list[float], limit: tuple[int, float]) -> bool:
        stamps[:] = [stamp for stamp in stamps if stamp >= self.now - limit[1]] + [self.now]
        return len(stamps) > limit[0]

    def finish(self, life: Life) -> None:
        """A supervisor ends by itself, with ``shutdown``."""
        self.stop_rows(life.rows)
        if life is self.root:
            self.root = None
        else:
            parent, row = self.owner(life)
            self.ended(parent, row, clean=True)

    # -- what is done to it --------------------------------------------------------------------------------------------

    def end(self, life: Life, reason: str, clean: bool) -> None:
        """A worker ends by itself."""
        self.log.append(f"-{life.plan.id} {reason}")
        parent, row = self.owner(life)
        self.ended(parent, row, clean)

    def kill(self, life: Life) -> None:
        """A supervisor is killed: its workers die of it, its supervisors stop in order."""
        self.log.append(f"-{life.plan.id} killed")
        for row in life.rows:
            if row.life is not None:
                self.stop(row.life, "killed")
        parent, row = self.owner(life)
        self.ended(parent, row, clean=False)

    def add(self, parent: Life, plan: Plan) -> None:
        known = parent.find(plan.id)
        if known is not None:
            raise Refused("ChildPresent" if known.life is None else "ChildStarted")
        how, life = self.start(plan)
        if how == "fail":
            raise Refused("ChildFailed")
        if how == "ok" or not (parent.plan.dynamic or plan.restart == "temporary"):
            parent.rows.append(Row(plan, life))

    def terminate(self, parent: Life, id: str) -> None:
        row = self.known(parent, id)
        self.stop_rows([row])
        if parent.plan.dynamic or row.plan.restart == "temporary":
            parent.rows.remove(row)

    def restart(self, parent: Life, id: str) -> None:
        row = self.known(parent, id)
        if row.life is not None:
            raise Refused("ChildRunning")
        how, row.life = self.start(row.plan)
        if how == "fail":
            raise Refused("ChildFailed")

    def delete(self, parent: Life, id: str) -> None:
        row = self.known(parent, id)
        if row.life is not None:
            raise Refused("ChildRunning")
        parent.rows.remove(row)

    # -- looking -------------------------------------------------------------------------------------------------------

    def known(self, parent: Life, id: str) -> Row:
        row = parent.find(id)
        if row is None:
            raise Refused("ChildNotFound")
        return row

    def owner(self, life: Life) -> tuple[Life, Row]:
        return next((parent, row) for _, parent in self.supervisors() for row in parent.rows if row.life is life)

    def lives(self) -> Iterator[tuple[str, Life]]:
        """Every life by its path, parents first."""
        todo = [(self.root.plan.id, self.root)] if self.root is not None else []
        for path, life in todo:
            yield path, life
            todo.extend((f"{path}/{row.plan.id}", row.life) for row in life.rows if row.life is not None)

    def supervisors(self) -> list[tuple[str, Life]]:
        return [(path, life) for path, life in self.lives() if life.plan.children is not None]

    def workers(self) -> list[tuple[str, Life]]:
        return [(path, life) for path, life in self.lives() if life.plan.children is None]

    def restarts(self, life: Life) -> int:
        return sum(stamp >= self.now - life.plan.limit[1] for stamp in life.stamps)
