"""The shape of the code: small modules, short functions, documented, with nothing swallowed and nothing put off."""

from __future__ import annotations

import ast
import io
import re
import tokenize

from tests.project import PRODUCT, ROOT, Module, modules

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60
LATER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")

Function = (ast.FunctionDef, ast.AsyncFunctionDef)


def everything() -> tuple[Module, ...]:
    return modules(*PRODUCT, "examples", "tests")


def test_a_module_holds_one_mechanism() -> None:
    lengths = [(module, len(module.source.splitlines())) for module in modules(*PRODUCT)]

    long = [f"{module.at(lines)}: {lines} lines" for module, lines in lengths if lines >= MAX_MODULE_LINES]

    assert not long, f"split by idea, not by size: {', '.join(long)}"


def test_functions_are_short() -> None:
    long = [
        f"{module.at(node.lineno)}: {node.name} has {length} lines; the limit is {MAX_FUNCTION_LINES}"
        for module in modules(*PRODUCT)
        for node in ast.walk(module.tree)
        if isinstance(node, Function)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) >= MAX_FUNCTION_LINES
    ]

    assert not long, "\n".join(long)


def test_nothing_is_put_off() -> None:
    later = [
        module.at(token.start[0])
        for module in everything()
        if LATER.search(module.source)
        for token in tokenize.generate_tokens(io.StringIO(module.source).readline)
        if token.type == tokenize.COMMENT and LATER.search(token.string)
    ]

    assert not later, f"do it now, or leave it out: {', '.join(later)}"


def test_no_exception_is_swallowed() -> None:
    """A handler for everything must do something with it; errors of a named kind may be passed over."""
    swallowed = [
        module.at(node.lineno)
        for module in everything()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler | ast.Call) and _swallows(node)
    ]

    assert not swallowed, f"an exception becomes an exit reason or goes on: {', '.join(swallowed)}"


def _swallows(node: ast.ExceptHandler | ast.Call) -> bool:
    if isinstance(node, ast.ExceptHandler):
        idle = all(isinstance(inner, ast.Pass | ast.Continue) or _is_constant(inner) for inner in node.body)
        return node.type is None or (idle and _takes_everything([node.type]))
    return ast.unparse(node.func) in {"suppress", "contextlib.suppress"} and _takes_everything(node.args)


def _is_constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _takes_everything(types: list[ast.expr]) -> bool:
    return any(
        name in ("Exception", "BaseException") for kind in types for name in re.findall(r"\w+", ast.unparse(kind))
    )


def test_a_module_says_what_it_is_for() -> None:
    silent = [module.at(1) for module in modules(*PRODUCT) if not ast.get_docstring(module.tree)]

    assert not silent, f"no docstring: {', '.join(silent)}"


def test_public_classes_and_functions_are_documented() -> None:
    silent = [
        f"{module.at(node.lineno)}: {node.name} has no docstring"
        for module in modules(*PRODUCT)
        for node in module.tree.body
        if isinstance(node, (*Function, ast.ClassDef)) and not node.name.startswith("_")
        if not ast.get_docstring(node) and not _is_overload(node)
    ]

    assert not silent, "\n".join(silent)


def _is_overload(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(ast.unparse(decorator) in {"overload", "typing.overload"} for decorator in node.decorator_list)


def test_only_real_tests_wait_for_the_real_clock() -> None:
    """Time passes by ``await world.advance(...)``; what needs the real clock says so with the marker ``real``."""
    sleeps = [
        module.at(node.lineno)
        for module in modules("tests")
        if "pytest.mark.real" not in module.source
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "time.sleep"
    ]

    assert not sleeps, f"a test sleeps: {', '.join(sleeps)}"


def test_the_packages_are_typed_for_their_users() -> None:
    for package in PRODUCT:
        assert (ROOT / package / "py.typed").is_file(), f"{package} has no py.typed"
