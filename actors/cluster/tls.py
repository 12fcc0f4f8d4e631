"""TLS between hosts, from the standard library: version 1.3, both sides show a certificate of the cluster's CA.

A host's certificate names it; a link is the host's that its certificate names, wherever it was called.
"""

from __future__ import annotations

import math
import os
import socket
import ssl
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import KeyProblem

CA, CERTIFICATE, KEY = "ca.crt", "host.crt", "host.key"
"""The files in a host's folder of keys."""

WARNING_DAYS = 30
"""Days before a certificate's end from which on there are warnings."""


@dataclass(frozen=True, slots=True)
class Security:
    """Both contexts of one host; ``days`` until its certificate expires."""

    name: str
    server: ssl.SSLContext
    client: ssl.SSLContext
    days: int


def load(folder: str | Path, name: str, now: float | None = None) -> Security:
    """The keys of host ``name``, from a folder that ``planaria keys host`` made.

    Raises ``KeyProblem`` if one is missing, readable for others, of another host or CA, or expired.
    """
    place = Path(folder)
    if place.exists() and not place.is_dir():
        raise KeyProblem(f"{place} is no folder; name the one that `planaria keys host {name}` made")
    paths = [place / each for each in (CA, CERTIFICATE, KEY)]
    for path in paths:
        if not path.is_file():
            raise KeyProblem(f"there is no {path}: make it with `planaria keys host {name} --out {place}`")
    mode = stat.S_IMODE(paths[2].stat().st_mode)
    if mode & 0o077:
        raise KeyProblem(f"{paths[2]} may be read by others (mode {mode:o}): `chmod 600 {paths[2]}`")
    try:
        server, client = _context(ssl.PROTOCOL_TLS_SERVER, paths), _context(ssl.PROTOCOL_TLS_CLIENT, paths)
        certificate = _shown(server, client)
    except ssl.SSLCertVerificationError as error:
        is_time = any(each in error.verify_message for each in ("expired", "not yet valid"))
        clock = f" by this machine's clock, {time.strftime('%Y-%m-%d %H:%M')}" if is_time else ""
        raise KeyProblem(
            f"{paths[1]} is no good: {error.verify_message}{clock}; make a new one with `planaria keys host {name}`"
        ) from error
    except (ssl.SSLError, OSError) as error:
        raise KeyProblem(f"the keys in {place} cannot be used: {error}") from error
    if name not in names_of(certificate):
        raise KeyProblem(
            f"{paths[1]} is of host {', '.join(names_of(certificate)) or 'nobody'}, not of {name}: start the host by "
            f"that name, or make one with `planaria keys host {name}`"
        )
    ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    days = math.floor((ends - (time.time() if now is None else now)) / 86400)
    return Security(name, server, client, days)


def _context(protocol: int, paths: list[Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # an address is nobody's name: the greeting's name is looked for in the certificate
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(paths[0])
    context.load_cert_chain(paths[1], paths[2])
    if protocol == ssl.PROTOCOL_TLS_SERVER:
        context.num_tickets = 0  # links are few and long: nobody resumes a session
    return context


def _shown(server: ssl.SSLContext, client: ssl.SSLContext) -> dict[str, Any]:
    """Shake hands with oneself: what others will find wrong is found now."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(back, there, server_side=False)
    two = server.wrap_bio(there, back, server_side=True)
    waiting = [one, two]
    for _ in range(8):
        for each in tuple(waiting):
            try:
                each.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(each)
        if not waiting:
            break
    return dict(one.getpeercert() or {})


def names_of(certificate: Any) -> list[str]:
    """The hosts that a certificate names."""
    names = certificate.get("subjectAltName", ()) if isinstance(certificate, dict) else ()
    return [str(value) for kind, value in names if kind == "DNS"]


def explain(error: BaseException) -> str:
    """What went wrong with a handshake, in words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        clock = "; is a clock wrong?" if "not yet valid" in error.verify_message else ""
        return f"its certificate is not accepted: {error.verify_message}{clock}"
    text = str(error) or type(error).__name__
    if isinstance(error, ssl.SSLError):
        reason = str(error.reason or "").replace("_", " ").lower()
        if "peer did not return a certificate" in reason:
            return "it showed no certificate"
        if any(each in reason for each in ("wrong version number", "http request", "record layer failure", "packet")):
            return f"it does not speak TLS ({reason}): if it is a host, it has no keys"
        if "alert" in reason or "revoked" in reason:
            return f"the other side refused our certificate ({reason})"
        return reason or text
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(error, ConnectionAbortedError):
        return "it did not shake hands in time"
    if isinstance(error, ConnectionError):
        return "it hung up instead of shaking hands; if it does not accept our certificate, or has no keys, it says so"
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return "no such address is known"
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno).lower() if error.errno > 0 else text
    return text
