"""One contender in a process of its own: nothing one leaves behind can slow the next.

    python -m bench.peers.worker MODULE VARIANT

reads lines with a share of the full size, and answers each with a line of JSON: ``{"figures": ...}`` or
``{"error": ...}``.  Whatever the contender prints is thrown away, and logging is off for all of them alike.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import sys

from .contract import Sizes


def main(module: str, variant: str) -> None:
    """Serve rounds until there is no more input."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    logging.disable(logging.CRITICAL)
    for line in sys.stdin:
        try:
            adapter = importlib.import_module(f"{__package__}.{module}")
            gc.collect()
            answer: dict[str, object] = {"figures": adapter.measure(Sizes.scaled(float(line)), variant)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
