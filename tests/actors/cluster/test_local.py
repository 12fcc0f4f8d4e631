"""Without keys: whose process is at the other end of a connection over loopback."""

from __future__ import annotations

import os
import socket
import subprocess

import pytest

from actors.cluster.local import why_stranger
from tests.actors.cluster.kit import hello, node
from tests.reality import real, until

pytestmark = pytest.mark.real

NOBODY = 65534


def test_this_user_s_own_process_is_no_stranger() -> None:
    for family, address in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
        with socket.socket(family) as listener:
            listener.bind((address, 0))
            listener.listen()
            with socket.create_connection(listener.getsockname()[:2]) as ours:
                theirs, _ = listener.accept()
                with theirs:
                    assert why_stranger(theirs) is None
                    assert why_stranger(ours) is None


CALL = "exec 3<>/dev/tcp/127.0.0.1/$0; cat >&3; cat <&3"
"""Says to a port what it is told, and hears what that says; by bash, since another user may have no Python."""


@pytest.mark.process
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_s_process_is_refused_and_told_to_use_keys() -> None:
    async def main() -> None:
        async with node("a") as a:
            command = ["bash", "-c", CALL, a.address.rpartition(":")[2]]
            with subprocess.Popen(  # noqa: ASYNC220
                command, cwd="/", user=NOBODY, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
            ) as caller:
                try:
                    assert caller.stdin is not None
                    caller.stdin.write(hello("b"))
                    caller.stdin.close()
                    await until(lambda: a.said)
                    await until(lambda: caller.poll() is not None)
                finally:
                    caller.kill()

            assert a.said == [f"127.0.0.1 was refused: it is user {NOBODY}'s; hosts of several users need keys"]

    real(main())
