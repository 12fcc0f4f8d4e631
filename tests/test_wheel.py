"""What a user installs: a wheel, built here, installed into an empty environment and used from another directory."""

from __future__ import annotations

import os
import sys
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.project import ROOT, run

pytestmark = pytest.mark.real

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

APPLICATION = """
from actors import Actor
from supervisors import Supervisor, child

class Worker(Actor):
    pass

tree = Supervisor("shop", [child(Worker, id="worker")])
"""


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment that holds the wheel and what the wheel asked for, and nothing else."""

    wheel: Path
    scripts: Path

    @property
    def python(self) -> Path:
        return self.scripts / "python"

    @property
    def planaria(self) -> Path:
        return self.scripts / "planaria"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    steps: list[list[str | Path]] = [
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", ROOT],
        [sys.executable, "-m", "venv", folder / "venv"],
    ]
    for step in steps:
        done = run(step, cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    done = run([scripts / "python", "-m", "pip", "install", "--quiet", wheel], cwd=folder, timeout=300.0)
    assert done.returncode == 0, done.stdout + done.stderr
    return Installed(wheel, scripts)


def test_the_wheel_holds_the_packages_and_nothing_else(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        names = archive.namelist()

    assert {name.partition("/")[0] for name in names} == {
        "actors",
        "supervisors",
        "planaria_bench",
        f"planaria-{VERSION}.dist-info",
    }
    assert {"actors/py.typed", "supervisors/py.typed", "planaria_bench/py.typed"} <= set(names)


@pytest.mark.parametrize(
    "name", ["actors", "actors.testing", "supervisors", "supervisors.cli", "planaria_bench", "planaria_bench.scenarios"]
)
def test_a_package_is_imported_from_another_directory(installed: Installed, name: str, tmp_path: Path) -> None:
    done = run([installed.python, "-W", "error", "-c", f"import {name}; print({name}.__file__)"], cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(installed.scripts.parent)


def test_the_command_says_its_version(installed: Installed, tmp_path: Path) -> None:
    done = run([installed.planaria, "--version"], cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert VERSION in done.stdout


def test_the_command_checks_a_tree_of_the_working_directory(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(APPLICATION, encoding="utf-8")

    done = run([installed.planaria, "check", "shop:tree"], cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_finds_its_benchmarks(installed: Installed, tmp_path: Path) -> None:
    done = run([installed.planaria, "bench", "list"], cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "hop" in done.stdout


@pytest.mark.parametrize("stray", ["actors/__init__.py", "actors.py"])
def test_a_stray_module_of_our_name_is_named_in_the_error(installed: Installed, stray: str, tmp_path: Path) -> None:
    shadow = tmp_path / stray
    shadow.parent.mkdir(exist_ok=True)
    shadow.write_text("", encoding="utf-8")

    done = run([installed.python, "-c", "import supervisors"], cwd=tmp_path)

    assert done.returncode != 0
    sentence = done.stderr.strip().splitlines()[-1]
    assert sentence.startswith("ImportError: ")
    assert str(shadow) in sentence
    assert str(Path("site-packages", "actors", "__init__.py")) in sentence


def test_a_stray_folder_without_code_is_no_shadow(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "actors").mkdir()

    done = run([installed.python, "-c", "import supervisors"], cwd=tmp_path)

    assert done.returncode == 0, done.stderr
