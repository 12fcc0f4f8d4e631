"""Hosts that are machines of their own, on a network that is cut and healed: each life is there once in the end."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from actors.cluster.cluster import Cluster
from actors.cluster.values import Membership
from actors.places.place import Host
from bench.namespaces import Network, why_none
from supervisors import Supervisor, child
from supervisors.running import Running
from tests.actors.cluster.kit import HostProcess, Keyring, end, is_alive
from tests.actors.cluster.test_hosts import where
from tests.actors.cluster.troupe import Player
from tests.reality import real, until

pytest.importorskip("cryptography", reason="keys are made with it: pip install 'planaria[cluster]'")

pytestmark = [
    pytest.mark.process,
    pytest.mark.real,
    pytest.mark.skipif(why_none() is not None, reason=why_none() or ""),
]

NOTICED, SERVING, FENCED = 2.5, 4.0, 4.0
"""Seconds from the loss of a host until it is noticed, until its lives serve elsewhere, and until they are gone there.

On a machine that does other things too; what it must be on a quiet one, the scenarios host_death and partition measure.
"""


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return Keyring(tmp_path_factory.mktemp("keys"))


class Scene:
    """Hosts a and b, a tree on a third machine with one life, and what is known of them there."""

    def __init__(self, net: Network, started: dict[str, HostProcess], tree: Running) -> None:
        self.net = net
        self.hosts = started
        self.tree = tree
        cluster = tree.system.cluster
        assert isinstance(cluster, Cluster)
        self.cluster = cluster
        self.downs: list[tuple[str, float]] = []
        cluster.watch(lambda view: None if view.is_up else self.downs.append((view.name, time.monotonic())))

    def is_up(self, name: str) -> bool:
        return any(view.name == name and view.is_up for view in self.cluster.hosts())


@contextlib.asynccontextmanager
async def scene(ring: Keyring, *, ids: tuple[str, ...] = ("p",)) -> AsyncIterator[Scene]:
    started: dict[str, HostProcess] = {}
    with Network("a", "b", "t") as net, net.entered("t"):
        try:
            for name in ("a", "b"):
                join = ["--join", net.address["a"]] if name == "b" else []
                options = ["--listen", net.address[name], "--keys", str(ring.of(name)), *join]
                started[name] = HostProcess(name, *options, inside=net.command(name))
            for each in started.values():
                await each.listens()
            membership = Membership(
                "t", listen=net.address["t"], join=(net.address["b"], net.address["a"]), keys=ring.of("t")
            )
            tree = Supervisor("t", [child(Player, id, id=id, place=Host()) for id in ids])
            async with tree.running(cluster=membership, log=False) as handle:
                yield Scene(net, started, handle)
        except BaseException:
            for each in started.values():
                print(f"host {each.name} said:", *each.lines, sep="\n  ")
            raise
        finally:
            end(started.values())


def test_a_machine_that_dies_is_noticed_and_its_lives_serve_elsewhere(ring: Keyring) -> None:
    async def main() -> None:
        async with scene(ring, ids=("p", "q", "r", "s")) as at:
            assert {(await where(at.tree, id))["host"] for id in ("p", "q", "r", "s")} == {"a", "b"}
            at.net.pull("a")  # no word of it gets out
            at.hosts["a"].kill()
            died = time.monotonic()
            places = {(await where(at.tree, id))["host"] for id in ("p", "q", "r", "s")}
            serving = time.monotonic() - died
            (name, noticed), *_ = at.downs
            print(f"noticed after {noticed - died:.2f} s, serving after {serving:.2f} s")

            assert (name, places) == ("a", {"b"})
            assert noticed - died < NOTICED
            assert serving < SERVING

    real(main())


CUTS: dict[str, tuple[Callable[[Network], None], Callable[[Network], None]]] = {
    "both ways": (lambda net: net.pull("a"), lambda net: net.plug("a")),
    "from the tree": (lambda net: net.mute("t", "a"), lambda net: net.unmute("t", "a")),
    "to the tree": (lambda net: net.mute("a", "t"), lambda net: net.unmute("a", "t")),
}


@pytest.mark.parametrize("cut", CUTS)
def test_a_life_that_is_cut_off_is_replaced_and_ends_and_is_there_once_when_the_network_heals(
    ring: Keyring, cut: str
) -> None:
    async def main() -> None:
        begin, heal = CUTS[cut]
        async with scene(ring) as at:
            first = await where(at.tree, "p")
            assert first["host"] == "a"
            begin(at.net)
            began = time.monotonic()
            second = await where(at.tree, "p")
            serving = time.monotonic() - began
            await until(lambda: not is_alive(first["pid"]))
            fenced = time.monotonic() - began
            await asyncio.sleep(max(0.0, began + 2.0 - time.monotonic()))
            heal(at.net)
            healed = time.monotonic()
            await until(lambda: at.is_up("a"))
            back = time.monotonic() - healed
            print(
                f"{cut}: serving after {serving:.2f} s, fenced after {fenced:.2f} s, linked {back:.2f} s after healing"
            )

            assert (second["host"], second["life"]) == ("b", 2)
            assert at.downs[0][0] == "a"
            assert at.downs[0][1] - began < NOTICED
            assert serving < SERVING
            assert fenced < FENCED
            await asyncio.sleep(0.5)  # whatever was under way has come
            assert await where(at.tree, "p") == second
            assert [view.lives for view in at.cluster.hosts() if not view.is_here] == [0, 1]

    real(main())


def test_a_cut_that_is_shorter_than_the_patience_harms_nobody(ring: Keyring) -> None:
    async def main() -> None:
        async with scene(ring) as at:
            first = await where(at.tree, "p")
            for one, other in ("a", "t"), ("t", "a"):  # a cable that is put back is not used again for a second
                at.net.mute(one, other)
            await asyncio.sleep(0.5)
            for one, other in ("a", "t"), ("t", "a"):
                at.net.unmute(one, other)
            asked = await where(at.tree, "p")

            assert asked == first
            assert at.downs == []

    real(main())


def test_a_tree_that_is_cut_off_from_all_hosts_goes_on_when_the_network_heals(ring: Keyring) -> None:
    async def main() -> None:
        async with scene(ring, ids=("p", "q")) as at:
            before: dict[str, Any] = {id: await where(at.tree, id) for id in ("p", "q")}
            at.net.pull("t")
            await until(lambda: len({name for name, _ in at.downs}) == 2)
            await until(lambda: not any(is_alive(each["pid"]) for each in before.values()))
            await asyncio.sleep(1.0)
            at.net.plug("t")

            for id in ("p", "q"):
                assert (await where(at.tree, id))["life"] == 2

    real(main())
