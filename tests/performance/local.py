"""Requests per second and latencies of the local emulator, beside its peers: ``python -m tests.performance.local``.

Servers and peers are measured in the same run, by the same generator, in interleaved rounds: the machine's moods then
fall on all of them alike. Each number is the median of the rounds. Nothing here passes or fails on a number.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Annotated, Any, cast
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.progress import Progress

from tests.performance import machine
from tests.performance.load import Job, Measurement
from tests.performance.report import table
from tests.performance.scenarios import (
    OAUTH,
    PLAYERS,
    REST,
    SCENARIOS,
    WARM_UP,
    Request,
    Scenario,
    new_prefix,
    player,
    seed,
)
from tests.performance.servers import Peers, emulator, hello, install_peers

__all__ = ["Row"]

_WARM_UP = 1.0
"""Seconds before each measurement."""

_WORLD = [{"id": str(number), **player(number)} for number in range(PLAYERS)]


@dataclass
class Row:
    """The measurements of one scenario at one number of connections, a round each; ``peer`` is empty without one."""

    scenario: str
    connections: int
    ours: list[Measurement] = field(default_factory=list)
    peer: list[Measurement] = field(default_factory=list)
    peer_name: str | None = None

    def summary(self) -> dict[str, Any]:
        """Medians, and the ratio of requests per second (the median of each round's own)."""
        pairs = zip(self.ours, self.peer, strict=False)
        ratios = [ours.requests_per_second / peer.requests_per_second for ours, peer in pairs]
        return {
            "scenario": self.scenario,
            "connections": self.connections,
            "emulator": _summary(self.ours),
            "peer": {"name": self.peer_name, **_summary(self.peer)} if self.peer else None,
            "ratio": round(median(ratios), 2) if ratios else None,
        }


def _summary(rounds: list[Measurement]) -> dict[str, Any]:
    rates = [one.requests_per_second for one in rounds]
    return {
        "requests_per_second": round(median(rates)),
        "spread": [round(min(rates)), round(max(rates))],
        "p50_ms": round(median(one.p50_ms for one in rounds), 2),
        "p99_ms": round(median(one.p99_ms for one in rounds), 2),
        "generator_cpu": round(median(one.generator_cpu for one in rounds), 2),
    }


def measure(base_url: str, request: Request, connections: int, seconds: float) -> Measurement:
    """One run of the load generator, in a process of its own."""
    address = urlsplit(base_url)
    job = Job(
        host=str(address.hostname),
        port=address.port or 80,
        connections=connections,
        seconds=seconds,
        warm_up=_WARM_UP,
        names=new_prefix(),
        **dataclasses.asdict(request),
    )
    finished = subprocess.run(
        [sys.executable, "-m", "tests.performance.load"],
        input=json.dumps(dataclasses.asdict(job)),
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise SystemExit(f"{request.method} {request.path} at {base_url}:\n{finished.stderr}")
    return Measurement(**json.loads(finished.stdout))


@contextlib.contextmanager
def _long_lived(peers: Peers) -> Iterator[dict[str, str]]:
    """The peers that live as long as the emulator does, by name: as it, they are warm when they are measured."""
    with contextlib.ExitStack() as stack:
        urls = {}
        if OAUTH in peers.installed:
            urls[OAUTH] = stack.enter_context(peers.oauth2_mock_server())
        if REST in peers.installed:
            urls[REST] = stack.enter_context(peers.json_server(_WORLD))
        yield urls


def _measure_peer(row: Row, scenario: Scenario, urls: dict[str, str], peers: Peers, seconds: float) -> Measurement:
    request = cast("Request", scenario.peer_request)
    if scenario.name != "create player":
        return measure(urls[str(scenario.peer)], request, row.connections, seconds)
    # json-server writes its whole file for each player: a new one for each measurement, or it would ever be slower.
    with peers.json_server(_WORLD) as url:
        measure(url, WARM_UP, 16, _WARM_UP)
        return measure(url, request, row.connections, seconds)


def _round(rows: list[Row], urls: dict[str, str], peers: Peers, seconds: float, progress: Progress) -> None:
    scenarios = {scenario.name: scenario for scenario in SCENARIOS}
    task = progress.add_task("", total=len(rows))
    for row in rows:
        scenario = scenarios[row.scenario]
        progress.update(task, description=f"{row.scenario}, {row.connections} connections")
        url = urls["hello" if row.scenario == "hello" else "emulator"]
        row.ours.append(measure(url, scenario.request(url, row.connections), row.connections, seconds))
        if scenario.peer in peers.installed:
            row.peer_name = scenario.peer
            row.peer.append(_measure_peer(row, scenario, urls, peers, seconds))
        progress.advance(task)
    progress.remove_task(task)


def main(
    *,
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of each measurement, after its warm-up.")] = 2.0,
    connections: Annotated[str, typer.Option(help="Numbers of connections, separated by commas.")] = "1,16",
    workers: Annotated[int, typer.Option(min=1, help="Processes of the emulator.")] = 1,
    rounds: Annotated[int, typer.Option(min=1, help="How often everything is measured.")] = 3,
    peers: Annotated[Path, typer.Option(metavar="DIR", help="Where npm installed the peers.")] = Path("build/peers"),
    install: Annotated[bool, typer.Option("--install-peers", help="Install the pinned peers there first.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure the local emulator, and the peers that are installed beside it."""
    if install:
        install_peers(peers)
    beside = Peers(peers)
    about = {**machine.describe(), **beside.installed, "workers": str(workers), "seconds": f"{seconds:g} x {rounds}"}
    numbers = [int(number) for number in connections.split(",")]
    rows = [Row(scenario.name, number) for number in numbers for scenario in SCENARIOS]
    progress = Progress(console=Console(stderr=True), transient=True)
    with hello() as bare, emulator(workers) as base_url, _long_lived(beside) as others, progress as bar:
        seed(base_url)
        urls = {"hello": bare, "emulator": base_url, **others}
        for number in range(rounds):
            bar.console.log(f"round {number + 1} of {rounds}")
            _round(rows, urls, beside, seconds, bar)
    results = [row.summary() for row in rows]
    if as_json:
        typer.echo(json.dumps({"machine": about, "results": results}, indent=2))
    else:
        console = Console()
        console.print(table(about, results), width=console.width if console.is_terminal else 140)


if __name__ == "__main__":
    typer.run(main)
