"""Testing actors: virtual time, a seed, and a probe.  The two tests are plain pytest functions.

`@world(seed=...)` turns an `async` test into a plain one and runs it in virtual time: a minute passes in microseconds,
and the same seed gives the same run, byte for byte.

Prints:

    test_a_reminder_comes_after_a_minute passed
    test_a_reminder_in_line_survives_a_crash passed
    the same seed, the same trace: True
"""

from dataclasses import dataclass
from typing import Any

from actors import Actor, Ref, handle
from actors.testing import Probe, World, world
from supervisors import Supervisor, child


@dataclass(frozen=True, slots=True)
class Remind:
    """Send `text` to `to` in a minute."""

    to: Ref[Any]
    text: str


@dataclass(frozen=True, slots=True)
class Due:
    """The minute is over."""

    reminder: Remind


class Secretary(Actor):
    """What is tested."""

    @handle
    def remind(self, message: Remind) -> None:
        """Set a timer."""
        self.after(60.0, Due(message))

    @handle
    def due(self, message: Due) -> None:
        """The minute is over."""
        message.reminder.to.tell(message.reminder.text)


@world(seed=1)
async def test_a_reminder_comes_after_a_minute(w: World) -> None:
    """A probe is an actor that the test holds in its hand."""
    probe = await w.probe()
    secretary = await w.spawn(Secretary)

    secretary.tell(Remind(probe.ref, "tea"))

    await probe.expect_nothing(within=59.0)
    await probe.expect("tea", within=2.0)


@world(seed=2)
async def test_a_reminder_in_line_survives_a_crash(w: World) -> None:
    """Trees run in the same virtual time."""
    tree = Supervisor("office", [child(Secretary, id="secretary")])
    async with tree.running(log=False) as office:
        probe = await Probe.spawn(office.system)
        secretary = office.ref("secretary")

        secretary.kill()
        secretary.tell(Remind(probe.ref, "tea"))

        await probe.expect("tea", within=61.0)
        assert secretary.pid.incarnation == 2


def trace_of(seed: int) -> str:
    """Who had a turn when, a line each."""
    w = world(seed)

    async def scenario(w: World) -> None:
        secretary = await w.spawn(Secretary)
        probe = await w.probe()
        for text in ("tea", "cake"):
            secretary.tell(Remind(probe.ref, text))
        await w.advance(100.0)

    w.run(scenario)
    return w.trace


def main() -> None:
    """Run the tests as pytest would."""
    for test in (test_a_reminder_comes_after_a_minute, test_a_reminder_in_line_survives_a_crash):
        test()
        print(test.__name__, "passed")
    print("the same seed, the same trace:", trace_of(7) == trace_of(7))


if __name__ == "__main__":
    main()
