"""What would end a program and leaves a handler elsewhere: it ends a life, and the supervisor tells of that.

So the loop that the life ran on has nothing to add.
"""

from __future__ import annotations

import asyncio
from typing import Any


def keep_quiet(loop: asyncio.AbstractEventLoop) -> None:
    """Have ``loop`` report errors as ever, but nothing that is told as the end of a life."""
    loop.set_exception_handler(report)


def report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An exception handler for loops that lives elsewhere run on."""
    if not isinstance(context.get("exception"), SystemExit | KeyboardInterrupt | GeneratorExit):
        loop.default_exception_handler(context)
