"""From ``MODULE:TREE`` to the tree: every way in which that can fail is one sentence.

The module is imported from the current directory as ``python -m`` would.  What it prints meanwhile goes to stderr, so
that it cannot get into what a program reads.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import inspect
import pkgutil
import sys
import sysconfig
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

import click

from actors import Actor
from supervisors.errors import SpecError
from supervisors.spec import ChildSpec, Tree

OURS = Path(__file__).resolve().parents[2]
"""Where our packages are; their frames are never the user's."""


class Unusable(click.ClickException):
    """What was named cannot be used; the text is the one line that is shown."""

    exit_code = 2


def _convert(ctx: click.Context, param: click.Parameter, value: str) -> Tree:
    return load(value)


tree_argument = click.argument("tree", metavar="MODULE:TREE", callback=_convert)
"""The parameter ``MODULE:TREE``; the command gets the tree."""


def load(target: str) -> Tree:
    """Import and return the tree that ``target`` names.  Raises ``Unusable``."""
    module_name, colon, attributes = target.partition(":")
    if not colon or not module_name or not attributes:
        raise Unusable(f"{target!r} is not MODULE:TREE; {_shape_hint(target)}")
    if not all(part.isidentifier() for part in module_name.split(".")):
        raise Unusable(f"{module_name!r} is not the name of a module; {_shape_hint(target)}")
    module = _import(module_name)
    return _as_tree(_attribute(module, attributes), target)


def _shape_hint(target: str) -> str:
    path, _, attribute = target.partition(":")
    name = path.removesuffix(".py").strip("./").replace("/", ".").replace("\\", ".")
    if name and all(part.isidentifier() for part in name.split(".")):
        return f"did you mean {name}:{attribute or 'tree'}?"
    return "such as shop.main:tree"


def _import(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    importlib.invalidate_caches()
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            hint = _in_the_way(error.name) or _module_hint(error.name)
            raise Unusable(f"there is no module {error.name!r}{hint}") from error
        raise Unusable(_blame(error)) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a module may also call sys.exit()
        raise Unusable(_blame(error)) from error


def _module_hint(name: str) -> str:
    parent, _, last = name.rpartition(".")
    path = getattr(sys.modules.get(parent), "__path__", None) if parent else [str(Path.cwd())]
    known = [entry.name for entry in pkgutil.iter_modules(path or [])]
    if not parent:
        known += [entry.name for entry in Path.cwd().iterdir() if entry.is_dir() and entry.name.isidentifier()]
    near = difflib.get_close_matches(last, known, n=1)
    if near:
        return f"; did you mean {f'{parent}.' if parent else ''}{near[0]}?"
    return f" in {parent}" if parent else " here or among the installed ones"


def _in_the_way(name: str) -> str:
    """What to do about a module that was found elsewhere than where the command is given; empty: it was not."""
    top = name.partition(".")[0]
    found, places = sys.modules.get(top), [each for each in (Path(f"{top}.py"), Path(top)) if each.exists()]
    if found is None or not places:
        return ""
    files = [Path(each).resolve() for each in (_file(found), *getattr(found, "__path__", ())) if each]
    if any(file.is_relative_to(place.resolve()) for file in files for place in places):
        return ""
    return f"; {places[0]} here is not it: another module of that name is in the way, so call yours another"


def _file(module: ModuleType) -> str:
    """Empty for a module that is built in, or a folder without ``__init__.py``."""
    return getattr(module, "__file__", None) or ""


def _attribute(module: ModuleType, path: str) -> object:
    found: object = module
    where, owner = f"module {module.__name__!r} ({_short(_file(module)) or 'of no file'})", module.__name__
    for name in path.split("."):
        if not hasattr(found, name):
            hint = _in_the_way(module.__name__) or _attribute_hint(found, name)
            raise Unusable(f"{where} has no {name!r}{hint}")
        found = getattr(found, name)
        where = owner = f"{owner}.{name}"
    return found


def _attribute_hint(owner: object, name: str) -> str:
    trees = [key for key, value in vars(owner).items() if isinstance(value, Tree)] if hasattr(owner, "__dict__") else []
    public = [key for key in dir(owner) if not key.startswith("_")]
    near = difflib.get_close_matches(name, trees, n=1) or difflib.get_close_matches(name, public, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; its trees are {', '.join(sorted(trees))}" if trees else ", and no tree at all"


def _as_tree(found: object, target: str) -> Tree:
    if isinstance(found, Tree):
        return found
    if isinstance(found, ChildSpec):
        raise Unusable(f"{target} is a child, not a tree; put it into a Supervisor")
    if isinstance(found, type):
        what = "an actor class; put child(...) of it into a Supervisor" if issubclass(found, Actor) else "a class"
        raise Unusable(f"{target} is {what}, not a tree" if what == "a class" else f"{target} is {what}")
    if callable(found):
        return _call(found, target)
    raise Unusable(f"{target} is {_article(type(found).__name__)}, not a tree")


def _call(function: Any, target: str) -> Tree:
    if inspect.iscoroutinefunction(function):
        raise Unusable(f"{target} is async; a function that makes a tree is a plain def")
    try:
        inspect.signature(function).bind()
    except TypeError as error:
        raise Unusable(f"{target} cannot be called without arguments: {error}") from error
    except ValueError:
        raise Unusable(f"{target} is {_article(type(function).__name__)}, not a tree") from None
    try:
        with contextlib.redirect_stdout(sys.stderr):
            made = function()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise Unusable(_blame(error)) from error
    if not isinstance(made, Tree):
        raise Unusable(f"{target}() returned {_article(type(made).__name__)}, not a tree")
    return made


def _article(noun: str) -> str:
    if noun == "NoneType":
        return "None"
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def _blame(error: BaseException) -> str:
    """Where in the user's own code it went wrong, and what it was."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_short(error.filename)}:{error.lineno}: {type(error).__name__}: {error.msg}"
    kind = type(error).__name__
    what = str(error) or "no message"
    text = what if isinstance(error, SpecError) else f"{kind}: {what}"
    frame = _innermost(traceback.extract_tb(error.__traceback__), _theirs) or _last(error.__traceback__)
    return f"{_short(frame.filename)}:{frame.lineno}: {text}" if frame is not None else text


def _innermost(frames: Iterable[traceback.FrameSummary], wanted: Any) -> traceback.FrameSummary | None:
    return next((frame for frame in reversed(list(frames)) if wanted(frame.filename)), None)


def _last(trace: TracebackType | None) -> traceback.FrameSummary | None:
    return next(iter(reversed(traceback.extract_tb(trace))), None)


def _theirs(filename: str) -> bool:
    """Whether a file is neither ours, nor Python's, nor an installed package's."""
    if filename.startswith("<"):
        return False
    path = Path(filename).resolve()
    ours = any(path.is_relative_to(OURS / package) for package in ("actors", "supervisors"))
    places = {sysconfig.get_path(key) for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    return not ours and not any(path.is_relative_to(Path(place).resolve()) for place in places)


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else filename


@contextlib.contextmanager
def looking_at(tree: Tree) -> Iterator[None]:
    """What the user's own values do when they are looked at, such as a ``repr`` that raises, is one line too."""
    try:
        yield
    except (click.ClickException, BrokenPipeError):
        raise
    except Exception as error:
        raise click.ClickException(f"cannot look at the tree {tree.name!r}: {type(error).__name__}: {error}") from error
