"""What a host says of itself, and what another one knows of it, as frozen values."""

from __future__ import annotations

import contextlib
import ipaddress
import keyword
import math
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from .errors import ClusterError

PORT = 7400
"""Where a host listens unless it is told otherwise."""

CONVENTION_PORT = 7390
"""Where a leader of a convention is reached unless it is told otherwise."""

LEADERS = 3
"""Leaders of one convention at the most."""

DISCOVERIES = ("links", "thespian")

NAME_LIMIT = 63
"""Characters of a host's name: it stands in a certificate as a name of the DNS."""

CAPABILITIES = 64
"""How many capabilities one host may have: all hosts tell each other of all, each second."""

CAPABILITY_BYTES = 4096
"""Bytes that the names and values of one host's capabilities may come to: they are part of its greeting."""

RESERVED = ("host", "zone", "on")
"""What ``Host(...)`` may ask for besides capabilities, which therefore may not be so called."""


DOWN = "down"
"""The state of a host to which there is no link, whatever it said last."""


class HostState(StrEnum):
    """What a host says of itself."""

    UP = "up"
    DRAINING = "draining"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class HostInfo:
    """What a host says of itself.

    ``boot``: one life of the host; a later one has a larger number.  ``version``: of what it says; a newer one has a
    larger number.  ``address``: where it listens.  ``serves``: whether it takes lives of others.  ``lives``: how many
    it runs for others; ``cores``: its processors.
    """

    name: str
    boot: int
    version: int
    address: str
    zone: str = ""
    capabilities: Mapping[str, Any] = field(default_factory=dict, hash=False)
    cores: int = 1
    lives: int = 0
    state: HostState = HostState.UP
    serves: bool = True

    def to_plain(self) -> list[Any]:
        """As plain values."""
        return [
            self.name, self.boot, self.version, self.address, self.zone, dict(self.capabilities), self.cores,
            self.lives, str(self.state), self.serves,
        ]  # fmt: skip

    @classmethod
    def from_plain(cls, plain: Any) -> HostInfo:
        """What another host sent.  Raises ``ValueError`` or ``TypeError`` for what is none."""
        name, boot, version, address, zone, capabilities, cores, lives, state, serves = plain
        numbers = (boot, version, cores, lives)
        if not all(type(each) is int and 0 <= each < 1 << 63 for each in numbers) or cores < 1:
            raise ValueError("its numbers are out of range")
        if not all(type(each) is str and len(each) <= 255 for each in (address, zone)) or type(serves) is not bool:
            raise ValueError("its texts are none, or too long")
        return cls(
            check_name(name), boot, version, address, check_zone(zone), check_capabilities(capabilities), cores, lives,
            HostState(state), serves,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class HostView:
    """A host as another one knows it.

    ``state``: ``up``, ``draining``, ``left`` as it says; ``down``: there is no link to it; ``is_up``: there is one.
    ``lives``: as it has said last.  ``round_trip``: seconds, the least of the last few; ``None``: not measured yet, or
    there is no link.
    """

    name: str
    boot: int
    address: str
    zone: str
    capabilities: Mapping[str, Any] = field(hash=False)
    cores: int
    lives: int
    state: str
    is_up: bool
    is_here: bool
    serves: bool
    round_trip: float | None = None

    @property
    def load(self) -> float:
        """Lives a processor."""
        return self.lives / self.cores

    def to_dict(self) -> dict[str, Any]:
        """For JSON; how many lives a host runs that is not up nobody knows, so that is ``None``."""
        lives, load = (self.lives, self.load) if self.is_up else (None, None)
        return {
            "name": self.name, "boot": self.boot, "address": self.address, "zone": self.zone,
            "capabilities": dict(self.capabilities), "cores": self.cores, "lives": lives, "load": load,
            "state": self.state, "up": self.is_up, "here": self.is_here, "serves": self.serves,
            "round_trip": self.round_trip,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Membership:
    """How this process is a host among others.

    - ``name``: of this host, unique in the cluster; with keys, the name in its certificate.
    - ``listen``: ``"address:port"``, by default ``127.0.0.1`` and any free port.  Any other address than loopback needs
      ``keys``.  ``advertise``: where others reach it, if that is another one (behind ``0.0.0.0``); the port is the one
      it listens at, unless it is named.
    - ``join``: addresses of hosts that may be there already; any one will do.  They are kept as others are told of
      them: with a port, and each once.
    - ``keys``: the folder that ``planaria keys host`` made.
    - ``zone``: where it is, from the large to the small: ``"eu/a"``.  ``capabilities``: what it has: ``{"gpu": True}``.
    - ``serves``: whether it runs lives of others.
    - ``patience``: seconds of silence after which another host is taken for dead, 1.0; lower notices sooner and accuses
      more.  ``lease``: seconds without word from its node after which a life here ends itself, 2.0.
    - ``discovery``: ``"links"``: hosts tell each other of others; ``"thespian"``: and they meet in a convention of
      Thespian's.  ``leaders``: one to three addresses of IPv4, ``"10.0.0.1:7390"``, the same on all hosts; a host that
      listens on one of them is a leader.  Others' admins have the port of the first; it is 7390 unless named.

    Raises ``ClusterError`` for values that contradict each other or are out of range.
    """

    name: str
    listen: str | None = None
    advertise: str | None = None
    join: tuple[str, ...] = ()
    keys: str | Path | None = None
    zone: str = ""
    capabilities: Mapping[str, Any] = field(default_factory=dict, hash=False)
    serves: bool = False
    patience: float = 1.0
    lease: float = 2.0
    discovery: str = "links"
    leaders: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.name)
        check_capabilities(self.capabilities)
        check_zone(self.zone)
        if self.listen is not None:
            read_address(self.listen)
        if self.advertise is not None:
            _called("advertise", self.advertise)
        object.__setattr__(self, "join", tuple(dict.fromkeys(_called("join", each) for each in self.join)))
        for name, least in (("patience", 0.5), ("lease", 0.5)):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or math.isnan(value) or value < least:
                raise ClusterError(f"{name} must be at least {least:g} seconds; got {value!r}")
        if self.discovery not in DISCOVERIES:
            raise ClusterError(f"discovery must be 'links' or 'thespian'; got {self.discovery!r:.100}")
        address, port = read_address(self.listen or "127.0.0.1:0")
        if self.keys is None and not is_loopback(address):
            raise ClusterError(
                f"host {self.name} has no keys, so it may not listen on {address}: make some with `planaria keys ca` "
                "and `planaria keys host`, and name their folder with --keys; or listen on 127.0.0.1"
            )
        if self.advertise is None and is_unspecified(address):
            raise ClusterError(
                f"host {self.name} listens on {address}, which is no address that others can reach: say which with "
                f"--advertise ADDRESS:{port or PORT}"
            )
        if self.advertise is None and self.keys is not None and is_loopback(address):
            beyond = next((each for each in self.join if is_beyond(read_address(each)[0])), None)
            if beyond is not None:
                raise ClusterError(
                    f"host {self.name} listens on {address}, where {beyond} and other machines cannot reach it: listen "
                    "on an address of this machine with --listen, or say where it is reached with --advertise"
                )
        if self.leaders and self.discovery == "links":
            raise ClusterError("leaders are of a convention: they need --discovery thespian")
        if self.discovery == "thespian":
            read_leaders(self.leaders, address)


def check_name(name: Any) -> str:
    """A host's name.  Raises ``ClusterError`` for what is none."""
    is_name = isinstance(name, str) and 0 < len(name) <= NAME_LIMIT and name[0].isalnum()
    if not is_name or not all(each.isascii() and (each.isalnum() or each in "-_.") for each in name):
        raise ClusterError(
            f"a host's name is 1 to {NAME_LIMIT} letters, digits, '-', '_' or '.', the first a letter or digit; got "
            f"{name!r:.100}"
        )
    return str(name)


def check_zone(zone: Any) -> str:
    """A host's zone; ``""``: it is in none.  Raises ``ClusterError`` for what is none."""
    is_zone = isinstance(zone, str) and zone.isprintable() and len(zone) <= 255
    if not is_zone or (zone and not all(part and part == part.strip() for part in zone.split("/"))):
        raise ClusterError(
            f"a zone is names with '/' between them, from the large to the small, as eu/a is; got {zone!r:.100}"
        )
    return str(zone)


def check_capabilities(capabilities: Any) -> dict[str, Any]:
    """A host's capabilities.  Raises ``ClusterError`` for what are none."""
    if not isinstance(capabilities, Mapping) or len(capabilities) > CAPABILITIES:
        raise ClusterError(f"capabilities are at most {CAPABILITIES} names with values")
    for name, value in capabilities.items():
        is_word = isinstance(name, str) and name.isidentifier() and not keyword.iskeyword(name)
        if not is_word or len(name) > NAME_LIMIT:
            raise ClusterError(f"a capability is called like a variable, as gpu is; got {name!r:.100}")
        if name in RESERVED:
            raise ClusterError(f"no capability may be called {name!r}: Host({name}=...) asks for that itself")
        is_number = not isinstance(value, float) or math.isfinite(value)
        if not isinstance(value, (bool, int, float, str)) or len(str(value)) > 255 or not is_number:
            raise ClusterError(f"capability {name} must be true, false, a number or a short text; got {value!r:.100}")
    size = sum(len(f"{name}{value}".encode()) for name, value in capabilities.items())
    if size > CAPABILITY_BYTES:
        raise ClusterError(f"capabilities take at most {CAPABILITY_BYTES} bytes; these take {size}")
    return dict(capabilities)


def read_address(text: Any, default: int = PORT) -> tuple[str, int]:
    """``"10.0.0.1:7400"``, ``"[::1]:7400"`` or a name as address and port; without a port ``default``.

    Of what is spelled in several ways, as addresses of IPv6 and names are, always the same one.  Raises
    ``ClusterError`` for what can be no address.
    """
    host, colon, port = text.rpartition(":") if isinstance(text, str) else ("", "", "")
    if not colon or (":" in host and not (host.startswith("[") and host.endswith("]"))):
        host, port = text if isinstance(text, str) else "", str(default)
    host = host.removeprefix("[").removesuffix("]")
    if not _may_be_called(host) or not port.isdecimal() or int(port) > 65535:
        raise ClusterError(f"an address is ADDRESS:PORT, as in 10.0.0.1:{PORT} or [fd00::1]:{PORT}; got {text!r:.100}")
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(host)), int(port)
    return host.lower(), int(port)


def _may_be_called(host: str) -> bool:
    """Whether anybody can be looked for under a text: an address, or a name whose parts are there and short enough."""
    if not host or not host.isprintable() or any(each in " ,/" for each in host):
        return False
    try:
        host.encode("idna")  # as whoever looks for it will
    except UnicodeError:
        return False
    return True


def _called(what: str, text: str) -> str:
    """The one spelling of an address at which others are called.  Raises ``ClusterError``."""
    address, port = read_address(text)
    check_reachable(what, address, port)
    return spell_address(address, port)


def read_leaders(leaders: tuple[str, ...], own: str) -> list[tuple[str, int]]:
    """The leaders of a convention as seen by the host that listens on ``own``.  Raises ``ClusterError``."""
    if not 1 <= len(leaders) <= LEADERS:
        raise ClusterError(f"a convention has one to {LEADERS} leaders, named with --leader; got {len(leaders)}")
    found = [read_address(each, CONVENTION_PORT) for each in leaders]
    for address in (own, *(address for address, _ in found)):
        try:
            is_one = not ipaddress.IPv4Address(address).is_unspecified
        except ValueError:
            is_one = False
        if not is_one:
            raise ClusterError(
                f"in a convention each host and leader has one address of IPv4, as 10.0.0.1; got {address!r:.100}"
            )
        if is_loopback(address) != is_loopback(own):
            raise ClusterError(f"of {own} and {address} one is this machine's alone: no convention can have both")
    if len({address for address, _ in found}) < len(found):
        raise ClusterError("two leaders have one address: Thespian tells hosts apart by that, not by the port")
    return found


def check_reachable(what: str, address: str, port: int) -> None:
    """Where others are called.  Raises ``ClusterError`` for what nobody can call."""
    if not port:
        raise ClusterError(f"{what} names port 0, and nobody can be called there; say which of 1 to 65535")
    if is_unspecified(address):
        raise ClusterError(f"{what} names {address}, which is no address of any host; say which one it is")


def spell_address(address: str, port: int) -> str:
    """The other way round."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def is_loopback(address: str) -> bool:
    """Whether nobody but this machine reaches an address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def is_beyond(address: str) -> bool:
    """Whether that is another machine's, or this one's as others reach it; of a name nobody knows."""
    try:
        return not ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def is_unspecified(address: str) -> bool:
    """Whether that is any address of this machine, however it is spelt."""
    if address == "*":
        return True
    try:
        return ipaddress.ip_address(address).is_unspecified
    except ValueError:
        pass
    try:
        return not any(socket.inet_aton(address))  # as 0 and 0x0
    except OSError:
        return False
