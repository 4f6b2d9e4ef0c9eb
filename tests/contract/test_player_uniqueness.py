"""Usernames and emails are unique, whatever their case and however many ask at once (contract, Player accounts)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import pytest

from tests.contract.checks import check_problem, pointers

Json = dict[str, Any]
Create = Callable[..., Json]

PARALLEL = 20


@pytest.mark.parametrize("change", [str, str.upper, str.title])
@pytest.mark.parametrize("taken", [{"username"}, {"email"}, {"username", "email"}])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_taken_field_is_a_409_that_names_it__contract(
    players: httpx.Client,
    create: Create,
    new_name: Callable[[], str],
    method: str,
    taken: set[str],
    change: Callable[[str], str],
) -> None:
    first, name = create(), new_name()
    body = {"username": name, "email": f"{name}@example.com"}
    body.update({field: change(first[field]) for field in taken})
    url = f"/players/{create()['player_id']}" if method == "PUT" else "/players"
    problem = check_problem(players.request(method, url, json=body), 409)
    assert pointers(problem) == {f"/{field}" for field in taken}


def test_a_refused_create_leaves_nothing_behind__contract(
    players: httpx.Client, create: Create, new_name: Callable[[], str]
) -> None:
    first, name = create(), new_name()
    body = {"username": name, "email": first["email"]}
    check_problem(players.post("/players", json=body), 409)
    assert create(username=name)["username"] == name


def test_a_player_may_change_the_case_of_its_own_name__contract(players: httpx.Client, create: Create) -> None:
    player = create()
    body = {"username": player["username"].upper(), "email": player["email"].upper()}
    response = players.put(f"/players/{player['player_id']}", json=body)
    assert response.status_code == 200, response.text
    assert response.json()["username"] == player["username"].upper()


def test_a_name_that_was_changed_is_free__contract(
    players: httpx.Client, create: Create, new_name: Callable[[], str]
) -> None:
    player, name = create(), new_name()
    body = {"username": name, "email": f"{name}@example.com"}
    assert players.put(f"/players/{player['player_id']}", json=body).status_code == 200
    create(username=player["username"], email=player["email"])


def at_once(work: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    """The answers to `PARALLEL` requests that are sent together."""
    barrier = Barrier(PARALLEL)

    def run(number: int) -> httpx.Response:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(PARALLEL) as pool:
        return list(pool.map(run, range(PARALLEL)))


@pytest.mark.parametrize("shared", ["username", "email"])
def test_of_parallel_creates_of_one_name_exactly_one_succeeds__contract(
    players: httpx.Client, new_name: Callable[[], str], shared: str
) -> None:
    name = new_name()

    def body(number: int) -> Json:
        mine = f"{name}{number}"
        return {"username": mine, "email": f"{mine}@example.com"} | {
            shared: name if shared == "username" else f"{name}@example.com"
        }

    answers = at_once(lambda number: players.post("/players", json=body(number)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: PARALLEL - 1}
    for answer in answers:
        if answer.status_code == 409:
            assert pointers(check_problem(answer, 409)) == {f"/{shared}"}
        else:
            assert players.delete(f"/players/{answer.json()['player_id']}").status_code == 204


def test_parallel_creates_of_different_names_all_succeed__contract(players: httpx.Client, create: Create) -> None:
    del players
    with ThreadPoolExecutor(PARALLEL) as pool:
        made = list(pool.map(lambda _: create(), range(PARALLEL)))
    assert len({player["player_id"] for player in made}) == PARALLEL


def test_of_parallel_deletes_exactly_one_succeeds__contract(players: httpx.Client, create: Create) -> None:
    url = f"/players/{create()['player_id']}"
    answers = at_once(lambda _: players.delete(url))
    assert Counter(answer.status_code for answer in answers) == {204: 1, 404: PARALLEL - 1}
