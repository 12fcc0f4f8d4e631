"""The options by which a process becomes a host: what they come to, and one line for everything that can be wrong."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from actors.cluster import keys
from supervisors.cli.membership import member
from tests.cli.shell import await_door, planaria
from tests.project import ROOT

COMMAND = "import sys; sys.path.insert(0, sys.argv.pop(1)); from supervisors.cli import main; main()"

NOTHING: dict[str, Any] = {
    "join": (), "host_name": None, "listen": None, "advertise": None, "keys": None, "zone": "", "capabilities": (),
    "discovery": None, "leaders": (),
}  # fmt: skip


def made(name: str = "shop", *, serves: bool = False, **options: Any) -> Any:
    return member(name, serves=serves, **{**NOTHING, **options})


def test_addresses_come_one_by_one_or_in_lists() -> None:
    assert made(join=("10.0.0.1,10.0.0.2:7500", "c")).join == (
        "10.0.0.1:7400",
        "10.0.0.2:7500",
        "c:7400",
    )


def test_leaders_too_and_a_convention_is_asked_for() -> None:
    member = made(discovery="thespian", leaders=("127.0.0.1,127.0.0.2", "127.0.0.3"))

    assert (member.discovery, member.leaders) == ("thespian", ("127.0.0.1", "127.0.0.2", "127.0.0.3"))
    assert made().discovery == "links"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("gpu", True), ("gpu=true", True), ("gpu=False", False), ("cores=8", 8), ("share=0.5", 0.5),
        ("model=large", "large"), ("note=a=b", "a=b"), ("empty=", ""),
    ],
)  # fmt: skip
def test_a_capability_is_true_false_a_number_or_text(text: str, value: object) -> None:
    (found,) = made(capabilities=(text,)).capabilities.values()

    assert (found, type(found)) == (value, type(value))


def test_a_host_is_called_as_it_is_told_or_as_its_tree_or_as_the_machine() -> None:
    names = [made(host_name="front").name, made().name, made("", serves=True).name]

    assert names == ["front", "shop", socket.gethostname()]


@pytest.mark.parametrize("serves", [False, True])
def test_a_host_with_keys_is_called_as_its_certificate_says(folder: Path, serves: bool) -> None:
    pytest.importorskip("cryptography", reason="keys are made with it: pip install 'planaria[cluster]'")
    keys.make_ca(folder / "ca")
    keys.make_host("web-1", folder / "ca", folder / "k")

    assert made(keys="k", serves=serves).name == "web-1"
    assert made(keys="k", serves=serves, host_name="b").name == "b"


def test_with_keys_that_are_none_nobody_can_say_how_a_host_is_called(folder: Path) -> None:
    with pytest.raises(click.ClickException, match=r"there is no k/ca\.crt: make it with"):
        made(keys="k")


def test_what_cannot_be_meant_is_a_sentence() -> None:
    with pytest.raises(click.ClickException, match=r"has no keys, so it may not listen on 10\.0\.0\.1"):
        made(listen="10.0.0.1")


@pytest.mark.real
@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--listen", "10.0.0.1"), "--keys"),
        (("--listen", "127.0.0.1:99999"), "an address is ADDRESS:PORT"),
        (("--join", "127.0.0.1:x"), "an address is ADDRESS:PORT"),
        (("--join", "10.9.0..1"), "[fd00::1]:7400; got '10.9.0..1'"),
        (("--join", "127.0.0.1:1", "--keys", "nowhere"), "nowhere"),
        (("--join", "127.0.0.1:1", "--name", "a b"), "a b"),
        (("--listen", "127.0.0.1:0", "--capability", "host=b"), "host"),
        (("--listen", "127.0.0.1:{taken}"), "cannot listen on 127.0.0.1:{taken}"),
        (("--zone", "eu/a"), "--zone says how this process is a host, and it is one only with --join, --listen or "),
        (("--discovery", "thespian"), "--discovery says how"),
        (("--leader", "127.0.0.1"), "leaders are of a convention: they need --discovery thespian"),
        (("--capability", "gpu"), "--capability says how"),
        (("--keys", "k"), "--keys says how"),
        (("--join", ""), "--join names no address; got ''"),
        (("--join", "127.0.0.1:1", "--keys", ""), "--keys names no folder"),
        (("--join", "127.0.0.1:0"), "join names port 0"),
        (("--listen", "127.0.0.1:0", "--advertise", "0.0.0.0:1"), "advertise names 0.0.0.0"),
        (("--listen", "127.0.0.1:0", "--zone", "//"), "a zone is names with '/' between them"),
        (("--listen", "127.0.0.1:0", "--name", ""), "a host's name is 1 to 63 letters"),
        (
            ("--listen", "127.0.0.1:0", "--capability", "gpu=1", "--capability", "gpu"),
            "--capability gpu is there twice, as gpu=1 and as gpu",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_every_mistake_is_one_line_and_exit_code_2(options: tuple[str, ...], complaint: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = planaria("run", "ending:idle", "--no-door", *(each.replace("{taken}", port) for each in options))

    assert done.code == 2
    assert complaint.replace("{taken}", port) in done.complaint


@pytest.mark.real
def test_a_tree_that_is_a_host_is_listed_among_the_hosts(runtime: Path, folder: Path) -> None:
    options = ("--listen", "127.0.0.1:0", "--name", "front", "--zone", "eu/a", "--capability", "gpu")
    command = [sys.executable, "-c", COMMAND, str(ROOT), "run", "ending:idle", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8") as process:
        try:
            assert process.stderr is not None
            assert any("is ready" in line for line in process.stderr)
            await_door(process.pid)
            (known,) = json.loads(planaria("hosts", "--json").out)
            seen = json.loads(planaria("top", "--once", "--json").out)["hosts"]
            nobody = planaria("drain", "b")
        finally:
            process.terminate()
            process.communicate(timeout=20)

    assert [known[key] for key in ("name", "zone", "capabilities", "state", "here", "serves")] == [
        "front", "eu/a", {"gpu": True}, "up", True, False,
    ]  # fmt: skip
    assert seen == [known]
    assert (nobody.code, nobody.complaint) == (2, "planaria: there is no host 'b'; there are front")


@pytest.mark.real
def test_without_a_cluster_there_is_nobody_to_ask(runtime: Path) -> None:
    done = planaria("hosts")

    assert (done.code, "planaria host starts one" in done.complaint) == (2, True)
