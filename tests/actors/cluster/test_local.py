"""Without keys: whose process is at the other end of a connection over loopback."""

from __future__ import annotations

import asyncio
import os
import socket

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


@pytest.mark.process
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_s_process_is_refused_and_told_to_use_keys() -> None:
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:  # before there is a loop
        try:
            os.setuid(NOBODY)
            with socket.create_connection(("127.0.0.1", int(os.read(told, 10)))) as end:
                end.settimeout(10)
                end.sendall(hello("b"))
                end.recv(1000)
        finally:
            os._exit(0)

    async def main() -> None:
        async with node("a") as a:
            os.write(tell, a.address.rpartition(":")[2].encode())
            await until(lambda: a.said)
            await asyncio.get_running_loop().run_in_executor(None, os.waitpid, child, 0)

            assert a.said == [f"127.0.0.1 was refused: it is user {NOBODY}'s; hosts of several users need keys"]

    try:
        real(main())
    finally:
        os.close(told)
        os.close(tell)
