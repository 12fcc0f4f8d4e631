"""How long does a question to an actor in a process of its own take, there and back?

Through the public face: ``child(Echo, place="process")`` and ``ref.ask`` with a deadline, one question after another.
Beside it, in the same repeat: the least code that sends frames of msgpack over a unix socket and gets them back; an ask
to a Thespian actor, which is a process as well; and a question between two of xoscar's sub-pools.
"""

from __future__ import annotations

from supervisors import Supervisor, child

from ..farend import Floor, far_end
from ..harness import Contender, Context
from ..isolates import Echo
from ..parts import ns
from ..strangers import THESPIAN, XOSCAR, stranger

GROUP = "places"
DEADLINE = 5.0


async def run(ctx: Context) -> None:
    """One repeat."""
    asks = ctx.size(3000)
    tree = Supervisor("ask", [child(Echo, id="echo", place="process")])
    floor = Floor()
    async with (
        tree.running() as running,
        far_end("floor", floor),
        stranger(THESPIAN["ask"]) as thespian,
        stranger(XOSCAR) as xoscar,
    ):
        ref = running.ref("echo")

        async def ours() -> float:
            began = ns()
            for number in range(asks):
                ctx.expect("the answer", await ref.ask(number, DEADLINE), number)
            return (ns() - began) / asks

        async def bare() -> float:
            began = ns()
            for number in range(asks):
                await floor.ask(number)
            return (ns() - began) / asks

        contenders: dict[str, Contender] = {"isolate": ours, "bare link": bare}
        for other in (thespian, xoscar):
            if other.is_there:
                contenders[other.name] = lambda other=other: other.figure("ask", ctx.scale)  # type: ignore[misc]
        await floor.ask(1)
        await ours()
        await ctx.race(contenders)
        ctx.target("isolate / bare link", at_most=2.5)
        if thespian.is_there:
            ctx.target("isolate / Thespian", at_most=1 / 12)
        if xoscar.is_there:
            ctx.target("isolate / xoscar", at_most=1.0)
