"""One cold start: the emulator starts a process of the runtime, and tells how long each phase took."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.packaging.python313 import find_python
from tests.containers.function import INVOCATIONS, await_port, free_port
from tests.lambda_emulator import client_packages, emulator_binary
from tests.performance.coldstart.subjects import Subject

__all__ = ["Start", "ask", "start"]

# The emulator's own words. Its "Init Duration" in the REPORT line is wrong; this one is not.
_INIT = re.compile(r"INIT REPORT\(durationMs: ([\d.]+)\)")
_INVOKE = re.compile(r"INVOKE RTDONE\(status: success,.*?duration: ([\d.]+)ms\)")


@dataclass(frozen=True)
class Start:
    """Milliseconds of one process: until it was ready, of its first request, and of those after it."""

    init: float
    first: float
    warm: list[float]

    @property
    def cold(self) -> float:
        """What the unlucky caller waits for."""
        return self.init + self.first


def start(subject: Subject, environment: Mapping[str, str], *, warm: int) -> Start:
    """Start ``subject`` once, and invoke it ``warm`` + 1 times. Raises :class:`RuntimeError` when that fails."""
    answers, log = _run(subject, environment, warm + 1)
    init = _INIT.search(log)
    durations = [float(found) for found in _INVOKE.findall(log)]
    if init is None or len(durations) != len(answers):
        raise RuntimeError(f"the emulator's log cannot be read:\n{log[-4000:]}")
    return Start(float(init[1]), durations[0], durations[1:])


def ask(subject: Subject, environment: Mapping[str, str]) -> dict[str, Any]:
    """What ``subject`` answers to its first request."""
    (answer,), _ = _run(subject, environment, 1)
    return answer


def _run(subject: Subject, environment: Mapping[str, str], requests: int) -> tuple[list[dict[str, Any]], str]:
    """The answers of one process, and all that was logged."""
    port, runtime_port = free_port(), free_port()
    # No site packages: what this machine's interpreter has of its own is not in Lambda.
    command = [
        str(emulator_binary()),
        "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
        "--runtime-api-address", f"127.0.0.1:{runtime_port}",
        str(find_python()), "-S", "-m", "awslambdaric", subject.handler,
    ]  # fmt: skip
    path = [str(place) for place in (subject.layer, client_packages()) if place]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            cwd=subject.task,
            env={**_bare_environment(), **environment, "PYTHONPATH": os.pathsep.join(path)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            await_port(port)
            answers = [_invoke(port, subject.event(number)) for number in range(requests)]
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()
        log.seek(0)
        said = log.read().decode(errors="replace")
    for answer in answers:
        if not answer.get("isAuthorized") and answer.get("statusCode", 500) >= 300:
            raise RuntimeError(f"{subject.name} ({subject.packaging}) answered {answer}:\n{said[-4000:]}")
    return answers, said


def _invoke(port: int, event: dict[str, Any]) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.request("POST", INVOCATIONS, json.dumps(event))
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        return answer


def _bare_environment() -> dict[str, str]:
    """Lambda's own variables, and none that would configure Python or an SDK."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(Path(tempfile.gettempdir())),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_LAMBDA_FUNCTION_NAME": "cold-start",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
    }
