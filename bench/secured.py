"""The other end of a link with mutual TLS over loopback: ours, and the least code that is one.

``python -m bench.secured KIND FOLDER`` listens, prints its port, and serves one caller.  The floor's TLS is what
``ssl`` gives by default, as the reference's own floor has it; ours is what hosts use.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from actors.cluster import tls
from actors.engines import loop

from .farend import Floor, Planaria
from .processes import environment

NAME = "bench"
"""The host whose keys both ends use."""


def context(kind: str, folder: Path, *, is_server: bool) -> ssl.SSLContext:
    """The TLS of one end."""
    if kind == "wire":
        security = tls.load(folder, NAME)
        return security.server if is_server else security.client
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if is_server else ssl.PROTOCOL_TLS_CLIENT)
    made.load_cert_chain(folder / tls.CERTIFICATE, folder / tls.KEY)
    made.load_verify_locations(folder / tls.CA)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_REQUIRED
    return made


@contextlib.asynccontextmanager
async def secured(kind: str, folder: Path, protocol: Any) -> AsyncIterator[None]:
    """Connect ``protocol`` with a process of this kind, which ends with the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, kind, str(folder), stdout=asyncio.subprocess.PIPE, env=environment()
    )
    assert process.stdout is not None
    try:
        port = int(await process.stdout.readline())
        transport, _ = await asyncio.get_running_loop().create_connection(
            lambda: protocol, "127.0.0.1", port, ssl=context(kind, folder, is_server=False), server_hostname=NAME
        )
        yield
        transport.close()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _serve(kind: str, folder: Path) -> None:
    end: Any = Planaria(is_far=True) if kind == "wire" else Floor(is_far=True)
    server = await asyncio.get_running_loop().create_server(
        lambda: end.link if kind == "wire" else end, "127.0.0.1", 0, ssl=context(kind, folder, is_server=True)
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await end.ended
    server.close()


if __name__ == "__main__":
    loop.run(_serve(sys.argv[1], Path(sys.argv[2])))
