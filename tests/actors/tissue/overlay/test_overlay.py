"""The whole overlay at a cell: its parts follow each other."""

from __future__ import annotations

from collections import Counter

from actors.messages import Pid
from actors.testing.arena import Arena
from actors.testing.network import Network
from actors.tissue.core import Refused
from actors.tissue.overlay.closeness import Profile, zone_distance
from actors.tissue.overlay.events import Delivered
from actors.tissue.overlay.overlay import Overlay


def overlays(n: int, seed: int, network: Network | None = None) -> Arena[Overlay]:
    arena: Arena[Overlay] = Arena(seed, network, strict=True)
    for i in range(n):
        profile = Profile(zone=("eu", f"rack {i % 3}"))
        arena.add(f"c{i}", lambda pid, rng, now, profile=profile: Overlay(pid, rng, now, profile))  # type: ignore[misc]
        arena.tell(f"c{i}", lambda core, now: core.close.rank("zone", zone_distance, now))
        if i:
            arena.tell(f"c{i}", lambda core, now: core.join(["c0"], now))
        arena.run(arena.now + 0.2)
    arena.run(arena.now + 30.0)
    return arena


def test_the_close_ones_are_found_through_the_views_and_messages_go_along_them() -> None:
    arena = overlays(30, 1, Network(1, loss=0.1))

    arena.tell("c7", lambda core, now: core.publish("hello", now))
    arena.run(arena.now + 20.0)

    assert Counter(name for _, name, event in arena.events if isinstance(event, Delivered)) == Counter(
        list(arena.cells)
    )
    for core in arena.cells.values():
        assert {each.profile.zone for each in core.close.nearest(4, "zone")} == {core.close.profile.zone}


def test_a_death_is_told_to_all_parts() -> None:
    arena = overlays(12, 2)
    core = arena.cells["c3"]
    victim = core.close.nearest(1, "zone")[0].pid

    arena.kill(victim.name)
    arena.tell("c3", lambda core, now: core.died(victim, now))

    assert victim not in core.views.active
    assert victim not in [each.pid for each in core.close.nearest(8, "zone")]


def test_what_is_of_no_part_is_refused() -> None:
    arena = overlays(2, 3)

    assert arena.cells["c0"].receive(Pid("c1", 1), "other", [], arena.now) == [
        Refused(Pid("c1", 1), "other", "no packet of the overlay")
    ]


def test_who_left_is_not_due_any_more() -> None:
    arena = overlays(6, 4)

    arena.tell("c5", lambda core, now: core.leave(now))
    arena.run(arena.now + 60.0)

    assert "c5" not in {pid.name for name, core in arena.cells.items() if name != "c5" for pid in core.views.active}
    assert arena.cells["c5"].views.due == float("inf")
