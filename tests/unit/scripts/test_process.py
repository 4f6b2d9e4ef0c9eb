"""Running other programs: which one is found, and that Ctrl-C lets it tidy up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.packaging import process
from scripts.packaging.outcome import Failed
from scripts.packaging.terminal import console
from scripts.packaging.workspace import ROOT

_TIDY = """
import pathlib, sys, time
try:
    pathlib.Path("ready").touch()
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(1)  # Longer than the quarter of a second that subprocess.run allows.
    pathlib.Path("tidied").touch()
"""

_SCRIPT = """
import pathlib, sys
from scripts.packaging import outcome, process
step = {"run": lambda command, cwd: process.run(command, step="waiting", cwd=cwd), "stream": process.stream}
command = [sys.executable, "-c", sys.argv[2]]
sys.exit(outcome.finish(lambda: step[sys.argv[1]](command, cwd=pathlib.Path.cwd())))
"""


@pytest.mark.parametrize("how", ["run", "stream"])
def test_what_runs_tidies_up_after_ctrl_c(how: str, tmp_path: Path) -> None:
    script = subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, how, _TIDY],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # A group of its own, as a terminal's.
    )
    while not (tmp_path / "ready").exists():
        assert script.poll() is None, script.communicate()
        time.sleep(0.01)
    os.killpg(script.pid, signal.SIGINT)
    out, err = script.communicate(timeout=30)
    assert (tmp_path / "tidied").exists()
    assert (script.returncode, out) == (130, "")
    assert err == "error: stopped. What was finished stays; run this again to go on.\n"


def test_where_the_result_is_json_what_runs_prints_elsewhere(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "stderr", True)
    assert process.stream([sys.executable, "-c", "print('deploying')"], cwd=ROOT) == 0
    assert capfd.readouterr() == ("", "deploying\n")


def test_the_environments_own_programs_come_before_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("beside", "elsewhere"):
        (tmp_path / name).mkdir()
        program = tmp_path / name / "tool"
        program.write_text(f"#!/bin/sh\necho {name}\n")
        program.chmod(0o755)
    monkeypatch.setattr(process, "_BESIDE", tmp_path / "beside")
    monkeypatch.setenv("PATH", f"{tmp_path / 'elsewhere'}{os.pathsep}{os.environ['PATH']}")
    assert process.run(["tool"], step="asking") == "beside\n"
    # What a program starts is found in the same way.
    assert process.run(["sh", "-c", "tool"], step="asking") == "beside\n"


def test_a_program_that_is_missing_is_named_with_where_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(process, "_BESIDE", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failed, match=r"uv is not installed, or not on the PATH \(pip install uv\)"):
        process.find("uv")
