"""``planaria run``: exit codes, what goes to which stream, and signals."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.shell import planaria
from tests.project import ROOT

pytestmark = pytest.mark.real

COMMAND = "import sys; sys.path.insert(0, sys.argv.pop(1)); from supervisors.cli import main; main()"


def test_a_tree_that_ends_as_it_means_to_gives_exit_code_0() -> None:
    done = planaria("run", "ending:done")

    assert (done.code, done.out) == (0, "")
    assert "work shuts down because job has ended" in done.err


def test_a_tree_that_gives_up_gives_exit_code_1_and_says_why() -> None:
    done = planaria("run", "ending:fails", "--quiet")

    last = done.err.splitlines()[-1]
    assert (done.code, last.startswith("planaria: "), "gave up" in last) == (1, True, True)


def test_a_tree_that_does_not_start_gives_exit_code_1_and_names_the_child() -> None:
    done = planaria("run", "ending:unwilling", "--quiet")

    assert (done.code, "OSError: not today" in done.err.splitlines()[-1]) == (1, True)


def test_every_event_is_a_line_of_stderr() -> None:
    done = planaria("run", "ending:done")

    assert [line[9:] for line in done.err.splitlines()][:1] == ["DEBUG   work/job serves"]


def test_quiet_leaves_only_warnings_and_errors() -> None:
    done = planaria("run", "ending:done", "--quiet")

    assert [line.split()[1] for line in done.err.splitlines()] == ["WARNING"]


def test_json_is_an_event_a_line_on_stdout_from_the_first_one_on() -> None:
    done = planaria("run", "ending:unwilling", "--json")

    first = json.loads(done.out.splitlines()[0])
    assert (done.code, first["event"], first["path"]) == (1, "StartFailure", "work/job")


def test_the_first_signal_stops_a_tree_cleanly(folder: Path) -> None:
    with started(folder, "ending:idle") as process:
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=20)

    assert (process.returncode, "work/job was stopped" in out) == (0, True)


@contextmanager
def started(folder: Path, target: str) -> Iterator[subprocess.Popen[str]]:
    """``planaria run`` in a process of its own, that serves already; its output is in one stream."""
    command = [sys.executable, "-c", COMMAND, str(ROOT), "run", target]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if "is ready" in line:
                    break
            yield process
        finally:
            process.kill()
