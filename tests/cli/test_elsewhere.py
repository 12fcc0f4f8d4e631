"""``planaria top`` and ``planaria why`` over hosts: who lives where, and the end of a host as the cause of deaths."""

from __future__ import annotations

import json
from typing import Any

import pytest

from actors.cluster.values import Membership
from actors.places.place import Host
from supervisors import Supervisor, child
from tests.actors.cluster.kit import hosts
from tests.actors.cluster.troupe import Player
from tests.cli.shell import command
from tests.reality import real, until

pytestmark = [pytest.mark.process, pytest.mark.real, pytest.mark.usefixtures("runtime")]


def test_lives_on_hosts_are_shown_there_and_the_death_of_a_host_is_named_as_the_cause_of_theirs() -> None:
    async def main() -> None:
        async with hosts("a", "b", a=("--capability", "gpu=true")) as started:
            tree = Supervisor("t", [child(Player, "p", id="p", place=Host())])
            join = tuple([await each.listens() for each in started.values()])
            async with tree.running(cluster=Membership("t", join=join), log=False, door=True) as handle:
                cluster = handle.system.cluster
                await until(lambda: cluster is not None and sum(view.is_up for view in cluster.hosts()) == 3)
                shown = json.loads((await command("top", "--once", "--json")).out)
                player = shown["places"][1]
                first = player["host"]
                started[first].kill()
                await until(lambda: place(handle)["host"] not in (first, None))
                why = (await command("why", "p")).out.splitlines()
                host = (await command("why", f"host {first}")).out.splitlines()
                chain = json.loads((await command("why", "p", "--json")).out)[0]

            assert {each["name"]: each["state"] for each in shown["hosts"]} == {"t": "up", "a": "up", "b": "up"}
            assert (player["place"], player["process"] is not None) == ("host", True)
            assert "t/p died with host" in why[0]
            assert f", in process {player['process']} on host {first}." in why[1]
            assert any(row.startswith(f"Because host {first} could not be reached any more: ") for row in why)
            assert f"host {first} could not be reached any more: " in host[0]
            assert (chain["because"]["how"], chain["because"]["death"]["kind"]) == ("host", "host_down")

    real(main())


def place(handle: Any) -> dict[str, Any]:
    found: dict[str, Any] = handle.snapshot().find("t/p").to_dict()
    return found
