"""Where lives find a host, or wait for one, when some hosts are unfit and others are not there."""

from __future__ import annotations

import importlib
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from actors.cluster.values import Membership
from actors.places.place import Host
from supervisors import Pool, Supervisor, child
from tests.actors.cluster.kit import HostProcess, end
from tests.actors.cluster.test_hosts import listen, where
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
