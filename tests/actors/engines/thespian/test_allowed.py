"""Unpickling: what Thespian's messages need, by exact name, and nothing else."""

from __future__ import annotations

import os
import pickle
import socket
from datetime import timedelta
from typing import Any

import pytest

from actors.engines.thespian.allowed import ALLOWED, ALLOWED_FROM_AFAR, loads


class Evil:
    def __init__(self, call: Any, *arguments: Any) -> None:
        self._how = call, arguments

    def __reduce__(self) -> Any:
        return self._how


@pytest.mark.parametrize("value", [None, True, 1, 2.5, "a", b"b", (1, [2], {"c": {3}}), timedelta(seconds=1)])
def test_plain_values_pass(value: Any) -> None:
    assert loads(pickle.dumps(value)) == value


def test_the_parts_of_an_address_pass() -> None:
    assert loads(pickle.dumps((socket.AF_INET, socket.SOCK_STREAM))) == (socket.AF_INET, socket.SOCK_STREAM)


@pytest.mark.parametrize(
    "evil",
    [Evil(os.system, "true"), Evil(eval, "1"), Evil(getattr, 1, "real"), Evil(timedelta.total_seconds, timedelta(1))],
    ids=["system", "eval", "getattr", "method"],
)
def test_whatever_else_is_refused_by_name(evil: Evil) -> None:
    with pytest.raises(pickle.UnpicklingError, match="is not on the list"):
        loads(pickle.dumps(evil))


def test_a_dotted_name_does_not_lead_out_of_a_listed_class() -> None:
    dotted = b"\x80\x04\x8c\x08datetime\x8c\x12timedelta.__init__\x93."

    with pytest.raises(pickle.UnpicklingError, match=r"datetime\.timedelta\.__init__ is not on the list"):
        loads(dotted)


def test_other_hosts_may_send_what_joins_and_leaves_and_nothing_else() -> None:
    messages = {name for module, name in ALLOWED_FROM_AFAR if ".messages." in module}

    assert messages == {"ConventionRegister", "ConventionDeRegister"}
    assert ALLOWED_FROM_AFAR < ALLOWED
    with pytest.raises(pickle.UnpicklingError, match=r"datetime\.timedelta is not on the list"):
        loads(pickle.dumps(timedelta(seconds=1)), is_far=True)


def test_nothing_that_carries_source_is_listed() -> None:
    assert [name for _, name in ALLOWED if "Source" in name] == []
