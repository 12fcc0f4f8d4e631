"""The lease that a majority confirms: never two at one time, whatever the network does."""

from __future__ import annotations

import heapq
import random
from typing import Any

import pytest

from supervisors.repair.mandate import Mandate

LENGTH = 5.0
STEP = 0.2


class Copy(dict[str, Any]):
    """A host's copy of a map; what it puts is told to the others by the net."""

    def __init__(self, net: Net, host: str, name: str) -> None:
        super().__init__()
        self._net = net
        self._host = host
        self._name = name

    def put(self, key: str, value: Any) -> None:
        """Put and tell."""
        assert key == self._host, "each host writes its own key only"
        self[key] = value
        self._net.tell(self._host, self._name, value)


class Net:
    """Hosts whose maps reach each other late, twice, in any order, or not; each writer's newest version wins."""

    def __init__(self, seed: int, count: int, loss: float) -> None:
        self.rng = random.Random(seed)
        self.now = 0.0
        self.names = [f"h{number}" for number in range(count)]
        self.loss = loss
        self.side: dict[str, int] = {}
        self._flying: list[tuple[float, int, str, str, str, int, Any]] = []
        self._serial = 0
        self._latest: dict[tuple[str, str, str], int] = {}
        self._said: dict[tuple[str, str], tuple[int, Any]] = {}
        self.maps: dict[str, dict[str, Copy]] = {}
        self.hosts: dict[str, Mandate] = {}
        self._lives = 0
        for name in self.names:
            self.maps[name] = {each: Copy(self, name, each) for each in ("asks", "votes")}
            self.restart(name)

    def restart(self, name: str) -> None:
        """A new life that knows nothing of its promises."""
        self._lives += 1
        maps = self.maps[name]
        self.hosts[name] = Mandate(name, self._lives, self.names, maps["asks"], maps["votes"], LENGTH, self.now)

    def tell(self, host: str, name: str, value: Any) -> None:
        """Remember what it said last, and send it."""
        version = self._said.get((host, name), (0, None))[0] + 1
        self._said[host, name] = version, value
        self._send(host, name)

    def _send(self, host: str, name: str) -> None:
        version, value = self._said[host, name]
        for other in self.names:
            for _ in range(self.rng.choice((1, 1, 2))):
                if other != host and self.rng.random() >= self.loss and self.side.get(host) == self.side.get(other):
                    self._serial += 1
                    delay = self.rng.choice((0.01, 0.1, 1.0, 4.0)) * self.rng.random()
                    flight = (self.now + delay, self._serial, other, name, host, version, value)
                    heapq.heappush(self._flying, flight)

    def step(self) -> None:
        """Let some time pass; hosts tick in any order, and repeat themselves now and then."""
        self.now += STEP * self.rng.random()
        while self._flying and self._flying[0][0] <= self.now:
            _, _, other, name, host, version, value = heapq.heappop(self._flying)
            if version > self._latest.get((other, name, host), 0):
                self._latest[other, name, host] = version
                dict.__setitem__(self.maps[other][name], host, value)
        for host in self.rng.sample(self.names, len(self.names)):
            self.hosts[host].tick(self.now)
        for host, name in self._said:
            if self.rng.random() < 0.3:
                self._send(host, name)

    def holders(self) -> list[str]:
        """Who believes to hold it."""
        return [name for name in self.names if self.hosts[name].until > self.now]


@pytest.mark.parametrize("seed", range(100))
def test_there_are_never_two_however_packets_and_hosts_are_lost(seed: int) -> None:
    net = Net(seed, count=seed % 4 + 2, loss=0.3)
    rng, tokens, known = net.rng, [0], set()
    for _ in range(1200):
        draw, name = rng.random(), rng.choice(net.names)
        if draw < 0.05:
            net.hosts[name].stand(net.now)
        elif draw < 0.06:
            net.hosts[name].resign(net.now)
        elif draw < 0.065:
            net.restart(name)
        elif draw < 0.075:
            net.side = {each: rng.randrange(2) for each in net.names}
        elif draw < 0.1:
            net.side = {}
        net.step()
        holders = net.holders()
        assert len(holders) <= 1
        for holder in holders:
            mandate = net.hosts[holder]
            if (holder, mandate.life, mandate.token) not in known:
                known.add((holder, mandate.life, mandate.token))
                assert mandate.token > tokens[-1]
                tokens.append(mandate.token)


@pytest.mark.parametrize("seed", range(20))
def test_it_is_confirmed_soon_and_stays_so_while_a_majority_is_there(seed: int) -> None:
    net = Net(seed, count=3, loss=0.1)
    net.hosts["h0"].stand(0.0)
    net.side = {"h2": 1}
    while net.now < 4 * LENGTH:
        net.step()

    assert net.holders() == ["h0"]


def test_without_a_majority_nobody_has_it() -> None:
    net = Net(1, count=4, loss=0.0)
    net.side = {"h2": 1, "h3": 1}
    for host in net.hosts.values():
        host.stand(0.0)
    while net.now < 10 * LENGTH:
        net.step()
        assert net.holders() == []


def test_who_resigns_makes_room_at_once() -> None:
    net = Net(2, count=3, loss=0.0)
    net.hosts["h0"].stand(0.0)
    while net.now < 3 * LENGTH:
        net.step()
    net.hosts["h0"].resign(net.now)
    net.hosts["h1"].stand(net.now)
    begun = net.now
    while not net.holders():
        net.step()

    assert net.now < begun + LENGTH


def test_who_was_started_anew_promises_nothing_for_one_length() -> None:
    net = Net(3, count=1, loss=0.0)
    net.hosts["h0"].stand(0.0)
    while not net.holders():
        net.step()

    assert LENGTH <= net.now < LENGTH + 2 * STEP


@pytest.mark.parametrize(
    "junk", [None, 1, "x", [], [1, 2, 3], [-1, 0, 0, True], [1, "2", 3, True], [1 << 62, 1, 1, True]]
)
def test_junk_in_the_maps_is_nobodys_ask_or_vote(junk: Any) -> None:
    net = Net(4, count=3, loss=0.0)
    for name in ("asks", "votes"):
        dict.__setitem__(net.maps["h0"][name], "h1", junk)
    net.hosts["h0"].stand(0.0)
    net.hosts["h0"].tick(2 * LENGTH)

    assert net.hosts["h0"].until == 0.0
