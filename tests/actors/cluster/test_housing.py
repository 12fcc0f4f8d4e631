"""Where lives find a host, or wait for one, when some hosts are unfit and others are not there."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from actors import StartFailed
from actors.cluster.values import Membership
from actors.places.place import Host
from supervisors import Pool, Supervisor, child
from tests.actors.cluster.kit import HostProcess, end, free_port, hosts, node
from tests.actors.cluster.test_hosts import listen, player, where
from tests.reality import real, until

pytestmark = [pytest.mark.process, pytest.mark.real]

CODE = """
from tests.actors.cluster.troupe import Player

class Stranger(Player): ...
"""


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A host without the code of a class, one with it, and the class."""
    bad = HostProcess("a", "--listen", "127.0.0.1:0")
    (tmp_path / "strange_code.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)
    good = HostProcess("b", "--listen", "127.0.0.1:0")
    yield bad, good, importlib.import_module("strange_code").Stranger
    end([bad, good])


def test_a_host_without_the_code_costs_one_restart_and_is_named_with_what_it_lacks(stranger: Any) -> None:
    bad, good, cls = stranger

    async def main() -> None:
        tree = Supervisor("t", [Pool("ps", child(cls, id="p", place=Host()), size=2)])
        late = await bad.listens()
        async with tree.running(cluster=Membership("t", join=(await good.listens(),)), log=False) as t:
            said = listen(t)
            cluster = t.system.cluster
            assert cluster is not None
            cluster.calls.hint(late)
            await until(lambda: any(view.name == "a" and view.is_up for view in cluster.hosts()))
            for id in ("ps/p-1", "ps/p-2"):
                os.kill((await where(t, id))["pid"], signal.SIGKILL)
                await until(lambda id=id: any(f"t/{id} serves again" in line for line in said))  # type: ignore[misc]
                assert (await where(t, id))["host"] == "b"

            why = "class strange_code.Stranger: host a cannot import strange_code (No module named 'strange_code')"
            failed = [line for line in said if "did not start" in line]
            assert len(failed) == 1
            assert f"t/ps/p-1 did not start: crashed(ClassMissing: {why}) (attempt 2)" in failed[0]
            await until(lambda: bad.says(f"a life of host t cannot begin here: {why}"))
            assert sum("cannot begin" in line for line in bad.lines) == 1

    real(main())


def awaited(*addresses: str) -> str:
    where = f" ({', '.join(addresses)})" if addresses else ""
    return f"host t has no link to a host that runs lives{where}: those that are to run on one wait for it"


def test_a_tree_that_starts_before_any_host_waits_for_one() -> None:
    async def main() -> None:
        address = f"127.0.0.1:{free_port()}"
        async with node("t", address) as cluster, contextlib.AsyncExitStack() as ends:

            async def come_late() -> None:
                await until(lambda: awaited(address) in cluster.said)
                ends.callback(end, [HostProcess("a", "--listen", address)])

            coming = asyncio.ensure_future(come_late())
            async with Supervisor("t", [player("p"), player("q")]).running(system=cluster.system, log=False) as t:
                await coming
                assert (await where(t, "p"))["host"] == "a"
                assert cluster.said.count(awaited(address)) == 1

    real(main())


def test_a_node_that_is_cut_off_waits_for_hosts_that_it_has_long_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        monkeypatch.setattr("actors.cluster.directory.FORGET", 0.1)
        monkeypatch.setattr("actors.cluster.housing.RETURN_TIME", 0.1)
        async with hosts("a") as started:
            address = await started["a"].listens()
            tree = Supervisor("t", [player("p")], max_restarts=1)
            async with node("t", address) as cluster, tree.running(system=cluster.system, log=False) as t:
                started["a"].kill()
                await started["a"].ended()
                await until(lambda: len(cluster.hosts()) == 1 and awaited(address) in cluster.said)
                again = HostProcess("a", "--listen", address)
                try:
                    assert (await where(t, "p"))["life"] == 2
                finally:
                    await t.stop()
                    end([again])
                assert not any("did not start" in line for line in cluster.said)

    real(main())


def test_a_node_that_is_linked_again_waits_until_it_may_know_all_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        monkeypatch.setattr("actors.cluster.directory.FORGET", 0.1)
        monkeypatch.setattr("actors.cluster.housing.JOIN_TIME", 30.0)
        async with hosts("a", a=("--capability", "gpu")) as started:
            address, other = await started["a"].listens(), f"127.0.0.1:{free_port()}"
            tree = Supervisor("t", [player("p", Host(gpu=True))], max_restarts=1)
            async with node("t", address, other) as cluster, tree.running(system=cluster.system, log=False) as t:
                started["a"].kill()
                await until(lambda: len(cluster.hosts()) == 1 and awaited(address, other) in cluster.said)
                late = [HostProcess("b", "--listen", other)]
                try:
                    await until(lambda: cluster.ups() == ["b"])
                    late.append(HostProcess("a", "--listen", address, "--capability", "gpu"))
                    assert (await where(t, "p"))["life"] == 2
                finally:
                    await t.stop()
                    end(late)

    real(main())


def test_a_node_that_calls_nobody_and_has_met_nobody_does_not_wait() -> None:
    async def main() -> None:
        async with node("t") as cluster:
            with pytest.raises(StartFailed, match=r"no host for Host\(\): t runs nobody else's lives"):
                async with Supervisor("t", [player("p")]).running(system=cluster.system, log=False):
                    pass

    real(main(), 5.0)


def test_a_tree_that_waits_for_its_first_host_stops_when_it_is_told_to() -> None:
    async def main() -> None:
        address = f"127.0.0.1:{free_port()}"
        async with node("t", address) as cluster:

            async def run() -> None:
                async with Supervisor("t", [player("p")]).running(system=cluster.system, log=False):
                    raise AssertionError("it has started")

            running = asyncio.ensure_future(run())
            await until(lambda: awaited(address) in cluster.said)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            assert cluster.system.whereis("t") is None

    real(main(), 10.0)
