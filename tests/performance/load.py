"""The load generator: a closed loop over keep-alive connections, in a process of its own and as light as Python gets.

It reads one :class:`Job` as JSON from standard input and writes one :class:`Measurement` to standard output. Each
connection sends its next request when the last answer is complete; an answer with another status ends the run.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
import sys
import time
from dataclasses import dataclass, field
from itertools import count
from typing import cast

__all__ = ["Job", "Measurement"]

_PATIENCE = 30
_TOKEN = re.compile(rb'"refresh_token": ?"([^"]+)"')
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)


@dataclass(frozen=True)
class Job:
    """What to send, and for how many seconds.

    In ``body``, ``@NAME@`` becomes a name never used before (``names`` is its prefix), and ``@TOKEN@`` the refresh
    token of the connection's last answer; ``tokens`` has one to begin with for each connection.
    """

    host: str
    port: int
    connections: int
    seconds: float
    warm_up: float
    method: str
    path: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    names: str = ""
    tokens: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Measurement:
    """What came out. ``generator_cpu`` is the share of one processor that the generator itself took."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    requests: int
    generator_cpu: float


class _Connection(asyncio.Protocol):
    """One connection's loop. ``finished`` is done when the deadline has passed, or fails with what went wrong."""

    def __init__(self, job: Job, token: str, times: tuple[float, float], samples: list[float]) -> None:
        lines = [f"{job.method} {job.path} HTTP/1.1", f"Host: {job.host}:{job.port}"]
        lines += [f"{name}: {value}" for name, value in job.headers.items()]
        self._head = "\r\n".join(lines).encode()
        self._body = job.body.encode()
        self._constant = b"" if b"@" in self._body else self._request(self._body)
        self._status = str(job.status).encode()
        self._names, self._numbers, self._token = job.names.encode(), count(), token.encode()
        self._begin, self._end = times
        self._samples = samples
        self._buffer = b""
        self._size = 0
        self._sent_at = 0.0
        self.finished = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer = self._buffer + data if self._buffer else data
        if not self._size:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if buffer[9:12] != self._status:
                self._fail(f"an answer that was not expected: {buffer[:600]!r}")
                return
            if length := _LENGTH.search(buffer, 0, end):
                self._size = end + 4 + int(length[1])
            elif _CHUNKED.search(buffer, 0, end):
                self._size = -1
            else:
                self._fail(f"an answer without a length: {buffer[:600]!r}")
                return
        if len(buffer) >= self._size if self._size > 0 else buffer.endswith(b"\r\n0\r\n\r\n"):
            self._answered(buffer)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the connection was closed: {exc}")

    def _answered(self, answer: bytes) -> None:
        now = time.perf_counter()
        if self._begin <= now < self._end:
            self._samples.append(now - self._sent_at)
        if b"@TOKEN@" in self._body and (found := _TOKEN.search(answer)):
            self._token = found[1]
        self._buffer, self._size = b"", 0
        if now < self._end:
            self._send()
        elif not self.finished.done():
            self.finished.set_result(None)
            self._transport.close()

    def _send(self) -> None:
        request = self._constant or self._request(self._next_body())
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def _next_body(self) -> bytes:
        name = self._names + b"%d" % next(self._numbers)
        return self._body.replace(b"@NAME@", name).replace(b"@TOKEN@", self._token)

    def _request(self, body: bytes) -> bytes:
        return b"%s\r\nContent-Length: %d\r\n\r\n%s" % (self._head, len(body), body)

    def _fail(self, reason: str) -> None:
        if not self.finished.done():
            self.finished.set_exception(RuntimeError(reason))


async def _run(job: Job) -> Measurement:
    loop = asyncio.get_running_loop()
    samples: list[float] = []
    begin = time.perf_counter() + job.warm_up
    times = (begin, begin + job.seconds)
    connections: list[_Connection] = []
    cpu = time.process_time()
    for number in range(job.connections):
        mine = dataclasses.replace(job, names=f"{job.names}{number}x")
        token = job.tokens[number] if job.tokens else ""

        def make(mine: Job = mine, token: str = token) -> _Connection:
            return _Connection(mine, token, times, samples)

        connections.append((await loop.create_connection(make, job.host, job.port))[1])
    async with asyncio.timeout(job.warm_up + job.seconds + _PATIENCE):
        await asyncio.gather(*(connection.finished for connection in connections))
    cpu = time.process_time() - cpu
    samples.sort()
    if not samples:
        raise RuntimeError("not one answer came in time")
    return Measurement(
        requests_per_second=len(samples) / job.seconds,
        p50_ms=samples[len(samples) // 2] * 1000,
        p99_ms=samples[len(samples) * 99 // 100] * 1000,
        requests=len(samples),
        generator_cpu=cpu / (job.warm_up + job.seconds),
    )


def main() -> None:
    """Do the job on standard input."""
    job = Job(**json.load(sys.stdin))
    if sys.platform == "win32":
        measurement = asyncio.run(_run(job))
    else:
        import uvloop  # noqa: PLC0415  not there on Windows

        measurement = uvloop.run(_run(job))
    json.dump(dataclasses.asdict(measurement), sys.stdout)


if __name__ == "__main__":
    main()
