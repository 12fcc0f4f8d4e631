"""The program's main module in another process: found there, not run there, loaded when it is needed, once."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bench.processes import environment

SCRIPT = """
import asyncio, os, sys
from actors import Actor, ActorError, handle
from supervisors import Supervisor, child

def say(*words: object) -> None:  # at once: another process says something too
    os.write(1, " ".join([*map(str, words)]).encode() + b"\\n")

say("loaded", __name__)
ARGUMENTS = sys.argv[1:]

class Worker(Actor):
    @handle
    def work(self, message: str) -> tuple:
        return type(self).__module__, os.getpid() != int(message), ARGUMENTS

async def main() -> None:
    try:
        async with Supervisor("s", [child(Worker, id="w", place="process")]).running() as running:
            say(await running.ref("w").ask(str(os.getpid()), 10.0))
    except ActorError as error:
        say(error)

{start}
"""


GUARDED = "if __name__ == '__main__':\n    asyncio.run(main())"


def run(folder: Path, start: str, *how: str, stdin: bool = False) -> list[str]:
    script = SCRIPT.format(start=start)
    (folder / "program_of_a_test.py").write_text(script)
    (folder / "app").mkdir()
    (folder / "app" / "__main__.py").write_text(script)
    with zipfile.ZipFile(folder / "app.zip", "w") as archive:
        archive.writestr("__main__.py", script)
    command = [sys.executable, *(how or ("program_of_a_test.py",)), "a b"]
    env = {**environment(), "PYTHONPATH": f"{folder}:{environment()['PYTHONPATH']}"}
    told = script if stdin else None
    done = subprocess.run(
        command, check=False, cwd=folder, env=env, input=told, capture_output=True, text=True, timeout=60
    )
    return done.stdout.splitlines()


@pytest.mark.process
@pytest.mark.parametrize(
    "how",
    [(), ("-m", "program_of_a_test"), ("app",), ("-m", "app"), ("app.zip",)],
    ids=["file", "module", "folder", "package", "zip file"],
)
def test_a_class_of_the_main_module_lives_in_another_process(tmp_path: Path, how: tuple[str, ...]) -> None:
    printed = run(tmp_path, GUARDED, *how)

    assert printed[0] == "loaded __main__"
    assert "('__main__', True, ['a b'])" in printed
    assert set(printed) == {"loaded __main__", "loaded __mp_main__", "('__main__', True, ['a b'])"}


@pytest.mark.process
def test_a_program_that_does_not_ask_whether_it_is_the_main_one_is_told_what_to_do(tmp_path: Path) -> None:
    printed = run(tmp_path, "asyncio.run(main())")

    (told,) = [line for line in printed if "Worker" in line]
    assert "program_of_a_test.py cannot be loaded in another process (RuntimeError: asyncio.run() cannot" in told
    assert "put what runs it under `if __name__ == '__main__':`" in told


@pytest.mark.process
def test_a_program_that_is_no_file_is_told_to_put_its_classes_in_a_module(tmp_path: Path) -> None:
    printed = run(tmp_path, GUARDED, "-", stdin=True)

    (told,) = [line for line in printed if "Worker" in line]
    assert "<stdin> cannot be loaded in another process (FileNotFoundError: " in told
    assert "it is no file that is read again; put its classes in a module, and import them" in told
    assert "__name__" not in told


LOADS = """
import json, sys
from actors.places.program import load_main, main_module
main = {main}
before = set(sys.modules)
load_main(main)
load_main(main)
early = "json.tool" in sys.modules
found = getattr(sys.modules["__main__"], "parse", None)
print(early, "json.tool" in sys.modules, found() if found else None, sys.argv)
"""


@pytest.mark.parametrize(("has_classes", "early"), [(True, "True"), (False, "False")])
def test_one_without_classes_is_loaded_when_somebody_looks_for_a_function(
    tmp_path: Path, has_classes: bool, early: str
) -> None:
    program = tmp_path / "program_of_a_test.py"
    program.write_text("import json.tool\nprint('once')\ndef parse():\n    return __name__\n")
    code = LOADS.format(main=["file", str(program), has_classes, [b"p", b"a"]])
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, env=environment(), capture_output=True, text=True, timeout=60)

    assert done.stdout.splitlines() == ["once", f"{early} True __mp_main__ ['p', 'a']"]


LOGS = """
import asyncio, logging, logging.config, sys
from actors import Actor, handle
from supervisors import Supervisor, child

{configure}

class Worker(Actor):
    @handle
    def work(self, message: str) -> int:
        logging.getLogger("app").info("at work")
        return len(logging.getLogger().handlers)

async def main() -> None:
    async with Supervisor("s", [child(Worker, id="w", place="process")]).running(log=False) as running:
        print(await running.ref("w").ask("", 10.0))

if __name__ == "__main__":
    asyncio.run(main())
"""

CONFIGURED = {
    "basicConfig": "logging.basicConfig(level=logging.INFO, format='%(name)s: %(message)s', stream=sys.stdout)",
    "dictConfig": """logging.config.dictConfig({
    "version": 1,
    "formatters": {"plain": {"format": "%(name)s: %(message)s"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "plain", "stream": "ext://sys.stdout"}},
    "root": {"level": "INFO", "handlers": ["out"]},
})""",
}


@pytest.mark.process
@pytest.mark.parametrize("configure", CONFIGURED.values(), ids=CONFIGURED.keys())
def test_what_a_module_says_of_logging_holds_in_the_processes_that_import_it(tmp_path: Path, configure: str) -> None:
    (tmp_path / "logs_of_a_test.py").write_text(LOGS.format(configure=configure))
    command = [sys.executable, "logs_of_a_test.py"]
    done = subprocess.run(
        command, check=True, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60
    )

    assert sorted(done.stdout.splitlines()) == ["1", "app: at work"]
    assert done.stderr == ""
