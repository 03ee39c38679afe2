"""The rules of the suite itself: bounded, by events and not by the clock,
at any date (docs/architecture.md, "Tests").
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clocks import REFUSAL, Clock, MachineClock
from tests.quick import STRONG
from tests.waiting import wait_for

HERE = Path(__file__).parent
TESTS = sorted(path for path in HERE.rglob("*.py") if path.name.startswith(("test_", "conftest")))
# They play servers that hang, and wait for what comes over a line.
MAY_WAIT = {
    "waiting.py",
    "server.py",
    "oidc_provider.py",
    "clocks.py",
    "quick.py",
}
HELPERS = sorted(set(HERE.rglob("*.py")) - set(TESTS))
CLOCKS = {"sleep", "monotonic", "perf_counter", "process_time"}


def calls_of_clocks(path: Path) -> list[int]:
    """Lines that wait for time to pass, or measure how much did."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in CLOCKS
        and isinstance(node.value, ast.Name)
        and node.value.id == "time"
    ]


@pytest.mark.parametrize("path", [*TESTS, *HELPERS], ids=lambda path: str(path.relative_to(HERE)))
def test_nothing_waits_for_the_clock_and_no_loop_is_without_an_end(path):
    """What is waited for happens, and `wait_for` has a limit; how long it took belongs into the bench."""
    if path.name in MAY_WAIT:
        return
    loops = [node.lineno for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.While)]
    assert loops == [], "use wait_for, or a loop over what there is"
    assert calls_of_clocks(path) == [], "wait for the event"


def test_waiting_ends_and_says_for_what():
    with pytest.raises(AssertionError, match="not within 0 s: what never comes"):
        wait_for(lambda: False, "what never comes", limit=0.05)
    assert wait_for(lambda: "here", "what is there") == "here"


def test_a_test_that_hangs_ends_and_prints_the_stacks_of_all_threads(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import threading\n"
        "def beside(): threading.Event().wait(60)\n"
        "def test_hangs():\n"
        "    threading.Thread(target=beside, daemon=True).start()\n"
        "    threading.Event().wait(60)\n"
    )
    options = ["-p", "no:cacheprovider", "-c", str(HERE.parent / "pyproject.toml"), "-o", "timeout=1"]
    run = [sys.executable, "-m", "pytest", "-q", *options, f"--rootdir={tmp_path}", str(tmp_path)]
    said = subprocess.run(run, check=False, capture_output=True, text=True, timeout=90, cwd=tmp_path)
    assert said.returncode == 1
    assert "Timeout" in said.stdout
    assert "in test_hangs" in said.stdout + said.stderr or "def test_hangs" in said.stdout
    assert "in beside" in said.stdout + said.stderr


def test_every_test_has_a_limit():
    settings = (HERE.parent / "pyproject.toml").read_text()
    assert re.search(r"^timeout = \d+$", settings, re.M)
    assert re.search(r"^faulthandler_timeout = \d+$", settings, re.M)
    assert "rerun" not in settings + (HERE.parent / "requirements-dev.txt").read_text()


def test_the_fake_clock_starts_no_process(clock):
    assert isinstance(clock, Clock)
    with pytest.raises(RuntimeError, match=re.escape(REFUSAL)):
        subprocess.Popen([sys.executable, "-c", ""])


@pytest.mark.machine_clock
def test_the_machines_clock_is_not_moved(clock):
    assert isinstance(clock, MachineClock)
    with pytest.raises(RuntimeError, match="cannot be moved"):
        clock.tick(minutes=1)


def test_what_a_test_leaves_in_the_application_is_gone_in_the_next(applications, settings):
    first = applications.get(settings)
    first.config["WEBHOOK_PRIVATE"] = "left"
    first.extensions["left"] = True
    live = first.extensions["live"]
    again = applications.get(settings)
    assert again is first
    assert (again.config["WEBHOOK_PRIVATE"], "left" in again.extensions) == (False, False)
    assert again.extensions["live"] is not live


def test_passwords_cost_as_much_as_they_should_outside_the_tests():
    assert (STRONG.type.name, STRONG.time_cost >= 3, STRONG.memory_cost >= 65_536) == ("ID", True, True)
