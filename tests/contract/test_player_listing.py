"""Listing players: pages, order, filters (contract, GET /players)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.contract.checks import check_problem, pointers

Json = dict[str, Any]
Create = Callable[..., Json]

# Others may be making players in the same world: that many pages are looked through for our own.
MANY_PAGES = 60


def pages(players: httpx.Client, **parameters: Any) -> Iterator[Json]:
    """The pages of a listing, following `next_cursor`."""
    for _ in range(MANY_PAGES):
        page: Json = players.get("/players", params=parameters).raise_for_status().json()
        yield page
        if page["next_cursor"] is None:
            return
        parameters = {**parameters, "cursor": page["next_cursor"]}


def test_the_newest_come_first_and_none_twice__contract(players: httpx.Client, create: Create) -> None:
    made = [create()["player_id"] for _ in range(5)]
    seen: list[str] = []
    times: list[str] = []
    for page in pages(players, limit=2):
        assert len(page["items"]) <= 2
        seen += [player["player_id"] for player in page["items"]]
        times += [player["created_at"] for player in page["items"]]
        if set(made) <= set(seen):
            break
    assert len(seen) == len(set(seen))
    assert times == sorted(times, reverse=True)
    assert [player_id for player_id in seen if player_id in made] == made[::-1]


def test_a_page_has_25_at_most_when_no_limit_is_given__contract(players: httpx.Client, create: Create) -> None:
    for _ in range(26):
        create()
    page = players.get("/players").json()
    assert len(page["items"]) == 25
    assert page["next_cursor"]


@pytest.mark.parametrize("limit", [1, 100])
def test_the_smallest_and_the_largest_limit__contract(players: httpx.Client, create: Create, limit: int) -> None:
    create()
    response = players.get("/players", params={"limit": limit})
    assert response.status_code == 200, response.text
    assert 1 <= len(response.json()["items"]) <= limit


def test_the_link_leads_to_the_next_page__rfc8288_3(players: httpx.Client, create: Create) -> None:
    made = [create(country="AQ")["player_id"] for _ in range(3)]
    response = players.get("/players", params={"limit": 2, "country": "AQ"})
    found = re.fullmatch(r'<([^>]+)>; *rel="?next"?', response.headers["Link"])
    assert found
    following = players.get(response.url.join(found[1]))
    assert following.status_code == 200, following.text
    seen = [player["player_id"] for player in response.json()["items"] + following.json()["items"]]
    assert len(seen) == len(set(seen))
    if len(seen) == 3:
        assert set(seen) >= set(made)
    # The link keeps what was asked for.
    assert {player["country"] for player in following.json()["items"]} <= {"AQ"}
    assert len(following.json()["items"]) <= 2


def test_the_last_page_has_neither_cursor_nor_link__contract(players: httpx.Client, create: Create) -> None:
    response = players.get("/players", params={"username": create()["username"]})
    assert response.json()["next_cursor"] is None
    assert "Link" not in response.headers


def test_items_are_whole_players__contract(players: httpx.Client, create: Create) -> None:
    player = create(country="FR", language="fr")
    assert players.get("/players", params={"username": player["username"]}).json()["items"] == [player]


@pytest.mark.parametrize("field", ["username", "email"])
@pytest.mark.parametrize("change", [str, str.upper, str.title])
def test_names_are_found_exactly_and_in_any_case__contract(
    players: httpx.Client, create: Create, field: str, change: Callable[[str], str]
) -> None:
    player = create()
    create(username=player["username"] + "x", email="x" + player["email"])
    items = players.get("/players", params={field: change(player[field])}).json()["items"]
    assert [item["player_id"] for item in items] == [player["player_id"]]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"status": "banned"}, True),
        ({"country": "AQ"}, True),
        ({"status": "banned", "country": "AQ"}, True),
        ({"status": "active"}, False),
        ({"country": "DE"}, False),
        ({"status": "banned", "country": "DE"}, False),
    ],
)
@pytest.mark.parametrize("by_name", [True, False])
def test_filters_are_all_applied__contract(
    players: httpx.Client, create: Create, filters: Json, *, found: bool, by_name: bool
) -> None:
    player = create(status="banned", country="AQ")
    parameters = filters | ({"username": player["username"]} if by_name else {"limit": 50})
    items = players.get("/players", params=parameters).raise_for_status().json()["items"]
    assert (player["player_id"] in {item["player_id"] for item in items}) is found
    for item in items:
        assert {name: item[name] for name in filters} == filters


def test_a_filter_reaches_beyond_what_does_not_match__contract(players: httpx.Client, create: Create) -> None:
    made = {create(country="AQ", status="suspended")["player_id"] for _ in range(3)}
    for _ in range(6):
        create()
    seen: set[str] = set()
    for page in pages(players, limit=2, country="AQ", status="suspended"):
        seen |= {player["player_id"] for player in page["items"]}
        if made <= seen:
            break
    assert made <= seen


@pytest.mark.parametrize("filters", [{"username": "nobody at all"}, {"email": "nobody@nowhere.example"}])
def test_nothing_found_is_an_empty_page__contract(players: httpx.Client, filters: Json) -> None:
    assert players.get("/players", params=filters).json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda _: "bogus", id="never issued"),
        pytest.param(lambda cursor: cursor[:-3], id="cut"),
        pytest.param(lambda cursor: cursor + "AAAA", id="longer"),
        pytest.param(lambda cursor: cursor.swapcase(), id="other case"),
        pytest.param(lambda _: "bnVsbA", id="base64 of null"),
        pytest.param(lambda _: "eyJ9", id="base64 of broken JSON"),
        pytest.param(lambda _: "\0\xff☃", id="not ASCII"),
        pytest.param(lambda _: "A" * 4000, id="long"),
    ],
)
def test_a_forged_cursor_is_a_400_problem__contract(
    players: httpx.Client, create: Create, forge: Callable[[str], str]
) -> None:
    create()
    create()
    cursor = players.get("/players", params={"limit": 1}).json()["next_cursor"]
    check_problem(players.get("/players", params={"limit": 1, "cursor": forge(cursor)}), 400)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=101", "limit"),
        ("limit=99999999999999999999999999", "limit"),
        (f"limit={'9' * 5000}", "limit"),
        ("limit=ten", "limit"),
        ("limit=1.5", "limit"),
        ("limit=", "limit"),
        ("limit=1&limit=2", "limit"),
        ("status=gone", "status"),
        ("status=active&status=banned", "status"),
        ("country=Germany", "country"),
        ("country=%00", "country"),
    ],
)
def test_a_wrong_parameter_is_a_422_that_names_it__contract(players: httpx.Client, query: str, parameter: str) -> None:
    problem = check_problem(players.get(f"/players?{query}"), 422)
    assert pointers(problem) == {parameter}


def test_all_wrong_parameters_are_named__contract(players: httpx.Client) -> None:
    problem = check_problem(players.get("/players?limit=0&status=gone&country=Germany"), 422)
    assert pointers(problem) == {"limit", "status", "country"}
