"""TLS between hosts, from the standard library: version 1.3, both sides show a certificate of the cluster's CA.

A host's certificate names it; a link is the host's that its certificate names, wherever it was called.
"""

from __future__ import annotations

import math
import os
import shlex
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from .errors import KeyProblem
from .private import why_public

CA, CERTIFICATE, KEY = "ca.crt", "host.crt", "host.key"
"""The files in a host's folder of keys."""

CONVENTION_KEY = "convention.key"
"""The file beside them that is used in a convention only."""

CA_KEY = "ca.key"
"""The file beside ``ca.crt`` in the folder of the CA, and in no host's."""

OTHERS_KEY = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED")
"""How OpenSSL says that a key is not a certificate's; the last is said of one of another kind."""

WARNING_DAYS = 30
"""Days before a certificate's end from which on there are warnings."""


@dataclass(frozen=True, slots=True)
class Security:
    """Both contexts of one host; ``days`` until its certificate expires."""

    name: str
    server: ssl.SSLContext
    client: ssl.SSLContext
    days: int


class Fault(NamedTuple):
    """One thing that is wrong with a folder of keys, in words; ``is_time``: that it is not good now."""

    text: str
    is_time: bool = False


def load(folder: str | Path, name: str | None = None, now: float | None = None) -> Security:
    """The keys of host ``name``, from a folder that ``planaria keys host`` made; ``None``: of whom they are.

    Raises ``KeyProblem`` if one is missing, readable for others, of another host or CA, or expired.
    """
    found, contexts, certificate = _examine(Path(folder), name)
    if contexts is None:
        raise KeyProblem(found[0].text)
    names = names_of(certificate)
    if name is None and len(names) > 1:
        raise KeyProblem(f"{Path(folder) / CERTIFICATE} is of hosts {', '.join(names)}: say which with --name")
    ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    days = math.floor((ends - (time.time() if now is None else now)) / 86400)
    return Security(name or names[0], *contexts, days)


def faults(folder: str | Path, called: str | None = None) -> list[Fault]:
    """What a host would say with which these are its keys, and would not start; ``called``: of whom they seem to be."""
    return _examine(Path(folder), None, called)[0]


def anew(name: str | None, place: Path) -> str:
    """The command that makes keys for a folder, whatever is there."""
    replaces = any(os.path.lexists(place / each) for each in (CA, CERTIFICATE, KEY, CONVENTION_KEY))
    command = f"planaria keys host {name or 'NAME'} --ca CA --out {shlex.quote(str(place))}"
    return f"`{command}{' --replace' if replaces else ''}`, CA being the folder with {CA_KEY}"


def _examine(
    place: Path, name: str | None, called: str | None = None
) -> tuple[list[Fault], tuple[ssl.SSLContext, ssl.SSLContext] | None, dict[str, Any]]:
    """All that is wrong, and if that is nothing, both contexts and the certificate."""
    again = anew(name or called, place)
    paths = [place / each for each in (CA, CERTIFICATE, KEY)]
    found = [Fault(text) for text in _unread(place, paths, name, again)]
    if found:
        return found, None, {}
    try:
        contexts = _context(ssl.PROTOCOL_TLS_SERVER, paths), _context(ssl.PROTOCOL_TLS_CLIENT, paths)
        certificate = _shown(*contexts)
    except OSError as error:
        return [_unusable(error, paths, again)], None, {}
    names = names_of(certificate)
    if not names:
        return [Fault(f"{paths[1]} names no host: make one with {again}")], None, {}
    if name is not None and name not in names:
        text = f"{paths[1]} is of host {', '.join(names)}, not of {name}: start the host by that name, or with a folder"
        return [Fault(f"{text} of its own, made with `planaria keys host {name} --ca CA`")], None, {}
    return [], contexts, certificate


def _unread(place: Path, paths: list[Path], name: str | None, again: str) -> Iterator[str]:
    """What is wrong with the files, whatever is in them."""
    try:
        if place.exists() and not place.is_dir():
            yield f"{place} is no folder; name the one that `planaria keys host {name or 'NAME'}` made"
            return
        if (place / CA_KEY).exists() and not paths[1].exists():
            yield (
                f"{place} is the folder of a CA and no host's: make one with `planaria keys host {name or 'NAME'} "
                f"--ca {shlex.quote(str(place))}`, and name that"
            )
            return
    except OSError as error:
        yield f"{place} cannot be read: {error.strerror}"
        return
    for path in paths:
        try:
            path.open("rb").close()
            public = why_public(path) if path.name == KEY else None
            if public is not None:
                yield public
            if path.name != KEY:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        except FileNotFoundError:
            yield f"there is no {path}: make it with {again}"
        except ssl.SSLError:
            yield f"{path} is no certificate that can be read: make new ones with {again}"
        except OSError as error:
            yield f"{path} cannot be read: {error.strerror}"


def _unusable(error: OSError, paths: list[Path], again: str) -> Fault:
    """Why other hosts will not accept a certificate, or this one cannot show it."""
    ca, certificate, key = paths
    if isinstance(error, ssl.SSLCertVerificationError):
        is_time = any(each in error.verify_message for each in ("expired", "not yet valid"))
        judge = f"this machine's clock, {time.strftime('%Y-%m-%d %H:%M')}" if is_time else ca
        text = f"{certificate} is no good: {error.verify_message} by {judge}; make a new one with {again}"
        return Fault(text, is_time)
    if isinstance(error, ssl.SSLError) and error.reason in OTHERS_KEY:
        return Fault(f"{key} is not the key of {certificate}: make new ones with {again}")
    if isinstance(error, ssl.SSLError) and not error.reason:
        return Fault(f"{key} is no key that can be read: make new ones with {again}")
    return Fault(f"the keys in {ca.parent} cannot be used: {error}")


def _context(protocol: int, paths: list[Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # an address is nobody's name: the greeting's name is looked for in the certificate
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(paths[0])
    context.load_cert_chain(paths[1], paths[2], lambda: b"")  # a password would be asked for at the terminal
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
