"""Child interpreters that see what this one sees."""

from __future__ import annotations

import os
import sys


def environment() -> dict[str, str]:
    """This process's environment, with its import path: a child finds the same packages from any directory."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
