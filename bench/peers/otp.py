"""Stock Erlang/OTP: ``gen_server`` and ``supervisor``, by ``otp_bench.erl``, compiled once and run every round."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

from .contract import Figures, Sizes

SOURCE = Path(__file__).with_name("otp_bench.erl")

TIMEOUT = 300.0
"""Seconds a round may take; the storm of 10,000 crashes alone takes OTP about six."""


def is_there() -> bool:
    """Whether ``erl`` and ``erlc`` are on the PATH."""
    return shutil.which("erl") is not None and shutil.which("erlc") is not None


@functools.cache
def _compiled() -> tempfile.TemporaryDirectory[str]:
    """The folder with the compiled module; it goes when this process does."""
    folder = tempfile.TemporaryDirectory(prefix="planaria-otp-")
    subprocess.run(["erlc", "-o", folder.name, str(SOURCE)], check=True, capture_output=True, timeout=TIMEOUT)
    return folder


def measure(sizes: Sizes, variant: str) -> Figures:
    """One round.  Also ``bytes``, and ``storm``: for a child when ``sizes.spawn`` x 10 of them crash at once."""
    numbers = [str(size) for size in (sizes.ask, sizes.tell, sizes.spawn * 10, sizes.crash, sizes.spawn * 10)]
    options = ["-noshell", "-noinput", "+P", "1000000", "-pa", _compiled().name]
    command = ["erl", *options, "-run", "otp_bench", "main", *numbers]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=TIMEOUT)
    figures = {}
    for line in done.stdout.splitlines():
        name, _, value = line.rpartition("=")
        figures[name] = float(value)
    return figures
