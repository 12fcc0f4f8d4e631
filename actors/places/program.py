"""The program's main module, in other processes: its classes are to be found there, and it is not to run as a program.

As in multiprocessing: what stands under ``if __name__ == "__main__":`` is for the first process alone.
"""

from __future__ import annotations

import asyncio
import os
import runpy
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

ALIAS = "__mp_main__"
"""What the main module is called while it is loaded elsewhere."""

Main = list[Any]
"""How to load it: ``["file", path of a script, folder or zip file, ...]`` or ``["module", name, ...]``, whether any
class is defined in it, and what it was called with.
"""


def main_module() -> Main | None:
    """How the main module is to be loaded elsewhere; ``None`` if it cannot be, as one that was typed in."""
    main = sys.modules.get("__main__")
    spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    has_classes = any(isinstance(each, type) and each.__module__ == "__main__" for each in tuple(vars(main).values()))
    arguments = [os.fsencode(each) for each in sys.argv]
    if spec is not None and spec.name == "__main__" and file is not None:
        return ["file", str(Path(file).parent), has_classes, arguments]  # a folder, or a zip file, with a __main__.py
    if spec is not None:
        return ["module", spec.name, has_classes, arguments]
    return ["file", file, has_classes, arguments] if file is not None else None


def load_main(main: Main | None) -> None:
    """Load it, once; what cannot be loaded is told to whoever looks for something in it.

    One without classes waits until somebody looks for a function: what it imports may be much, and is not needed here.
    """
    if main is None or getattr(sys.modules.get(ALIAS), "__loaded_as__", None) == main:
        return
    *where, has_classes, arguments = main
    sys.argv[:] = map(os.fsdecode, arguments)  # it may look at them, as the first process has
    module = ModuleType("__main__")
    module.__dict__["__loaded_as__"] = main
    sys.modules["__main__"] = sys.modules[ALIAS] = module
    if has_classes:
        _fill(module, *where)
    else:
        module.__dict__["__getattr__"] = lambda name: _fill_late(module, name, *where)


def _fill_late(module: ModuleType, name: str, kind: str, where: str) -> Any:
    del module.__dict__["__getattr__"]
    _fill(module, kind, where)
    return getattr(module, name)


def _fill(module: ModuleType, kind: str, where: str) -> None:
    try:
        module.__dict__.update(_within_a_loop(runpy.run_path if kind == "file" else runpy.run_module, where))
    except (Exception, SystemExit) as error:
        why = f"{where} cannot be loaded in another process ({type(error).__name__}: {error}): "
        if kind == "file" and not Path(where).exists():
            why += "it is no file that is read again; put its classes in a module, and import them"
        else:
            why += "put what runs it under `if __name__ == '__main__':`"
        module.__dict__["__getattr__"] = lambda name: _refuse(why)
    for each in tuple(vars(module).values()):
        if isinstance(each, type) and each.__module__ == ALIAS:
            each.__module__ = "__main__"


def _refuse(why: str) -> Any:
    raise AttributeError(why)


def _within_a_loop(run: Any, where: str) -> dict[str, Any]:
    """What a module defines.  A loop runs meanwhile, so that a program that does not ask whether it is the main one
    cannot start its own.
    """

    async def work() -> dict[str, Any]:
        found: dict[str, Any] = run(where, run_name=ALIAS)
        return found

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        loop = asyncio.new_event_loop()
        try:
            return loop.run_until_complete(work())
        finally:
            loop.close()
    found: dict[str, Any] = run(where, run_name=ALIAS)
    return found
