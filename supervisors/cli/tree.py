"""``planaria tree``: a tree as it is written, with every option that holds, the defaults included."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from typing import Any

import click
from rich.console import Console
from rich.text import Text
from rich.tree import Tree as Drawing

from actors import Mailbox
from actors.places.place import Host, Place, Process, Thread
from supervisors.apoptosis.policy import Disruption
from supervisors.backoff import Backoff
from supervisors.spec import BrutalKill, ByKey, ChildSpec, DynamicSupervisor, Pool, Spec, Supervisor, Tree

from .loading import looking_at, tree_argument
from .terminal import output, print_json


@click.command()
@tree_argument
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def tree(tree: Tree, as_json: bool) -> None:
    """Draw a tree with every option that holds, the defaults included.  Nothing is started."""
    with looking_at(tree):
        if as_json:
            print_json(described(tree))
        else:
            show(drawn(tree), output())


def show(drawing: Drawing, console: Console) -> None:
    """Print a drawing; without a terminal no line has blanks at its end."""
    if console.is_terminal:
        console.print(drawing)
        return
    with console.capture() as captured:
        console.print(drawing)
    for row in captured.get().splitlines():
        click.echo(row.rstrip())


def described(spec: Any) -> dict[str, Any]:
    """A spec and all below it as JSON's types; times are seconds, an unlimited one is ``"infinity"``."""
    return {
        "id": spec.id,
        "kind": kind_of(spec),
        **{key: _plain(value) for key, value in options(spec)},
        **({"children": [described(below) for below in children_of(spec)]} if spec.kind == "supervisor" else {}),
    }


def drawn(spec: Any, onto: Drawing | None = None, *, brief: bool = False) -> Drawing:
    """A spec and all below it, drawn; ``brief``: without the options of children."""
    label = Text(spec.id, style="bold cyan" if spec.kind == "supervisor" else "bold")
    label.append(f"  {kind_of(spec)}", style="not bold")
    if brief and isinstance(spec, Supervisor):
        label.append(f" {spec.strategy}", style="dim not bold")
    if not brief:
        label.append("\n" + "  ".join(f"{key}={_said(value)}" for key, value in options(spec)), style="dim not bold")
    branch = Drawing(label, guide_style="dim") if onto is None else onto.add(label)
    for below in children_of(spec):
        drawn(below, branch, brief=brief)
    return branch


def kind_of(spec: Any) -> str:
    """What is started: the class of a worker with its arguments, or the kind of supervisor."""
    if not isinstance(spec, ChildSpec):
        return type(spec).__name__
    blueprint = spec.blueprint
    arguments = [repr(value) for value in blueprint.args]
    arguments += [f"{key}={value!r}" for key, value in blueprint.kwargs.items()]
    return f"{blueprint.cls.__name__}({', '.join(arguments)})"


def children_of(spec: Any) -> tuple[Spec, ...]:
    """What stands below a spec when it starts; a pool's worker stands for all of them."""
    return () if isinstance(spec, ChildSpec) else spec.children


def options(spec: Any) -> list[tuple[str, Any]]:
    """Every option of a spec, in the order in which they are explained."""
    own: list[tuple[str, Any]] = []
    if isinstance(spec, Supervisor):
        own = [("strategy", spec.strategy), ("auto_shutdown", spec.auto_shutdown)]
    elif isinstance(spec, DynamicSupervisor):
        own = [("max_children", spec.max_children)]
    elif isinstance(spec, Pool):
        own = [("size", spec.size), ("route", spec.route), ("limit", spec.limit)]
    shared = [(key, getattr(spec, key)) for key in ("restart", "shutdown", "significant", "backoff", "start_timeout")]
    if not isinstance(spec, ChildSpec):
        limits = [("max_restarts", spec.max_restarts), ("within", spec.within)]
        planned = [("apoptosis", spec.apoptosis), ("promote", spec.promote), ("disruption", spec.disruption)]
        return [*own, *limits, *shared, *planned]
    print_ = spec.blueprint
    kept = [("budget", spec.budget), ("mailbox", print_.mailbox), ("apoptosis", spec.apoptosis)]
    return [*shared, *kept, ("place", _place(print_.place)), ("promote", spec.promote)]


def _place(place: Place | None) -> str:
    """As it is written."""
    simple = {None: "loop", Thread(): "thread", Process(): "process"}
    return repr(place) if isinstance(place, Host) else simple.get(place, repr(place))


def _said(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case float():
            return "infinity" if value == math.inf else f"{value:g}s"
        case BrutalKill():
            return "brutal_kill"
        case Backoff():
            return f"{value.base:g}s..{value.cap:g}s/reset {_said(value.reset)}"
        case Mailbox():
            limit = "unbounded" if value.limit is None else f"{value.limit}"
            controls = [repr(each) for each in (value.control, value.brownout) if each is not None]
            return "/".join([limit, value.overflow, f"redeliver {value.redeliver}", *controls])
        case Disruption():
            degraded = "/also while degraded" if value.while_degraded else ""
            return f"{value.at_once} at once/{value.everywhere} everywhere/floor {value.floor:.0%}{degraded}"
        case (count, seconds):
            return f"{count} in {seconds:g}s"
    return str(value)


def _plain(value: Any) -> Any:
    match value:
        case type():
            return value.__name__
        case ByKey():
            return repr(value)
        case _ if is_dataclass(value):
            return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
        case tuple() if all(isinstance(each, type | str) for each in value):
            return [_plain(each) for each in value]
        case (count, seconds):
            return {"max_restarts": count, "within": seconds}
        case float():
            return "infinity" if value == math.inf else value
        case BrutalKill():
            return "brutal_kill"
    return value
