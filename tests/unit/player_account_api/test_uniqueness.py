"""No two players have the same username or e-mail address, whatever happens at once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.unit.player_account_api.harness import Api, SpyStore

_TAKEN = "is already taken"


@pytest.mark.parametrize(
    ("username", "email", "taken"),
    [
        ("player1", "other@example.com", ["/username"]),
        ("other", "player1@example.com", ["/email"]),
        ("player1", "player1@example.com", ["/username", "/email"]),
        ("PLAYER1", "Player1@EXAMPLE.com", ["/username", "/email"]),
        ("\uff50\uff4c\uff41\uff59\uff45\uff52\uff11", "other@example.com", ["/username"]),
    ],
)
def test_what_is_taken_is_refused_naming_every_field(api: Api, username: str, email: str, taken: list[str]) -> None:
    api.create(username="player1", email="player1@example.com")
    other = api.create(username="somebody", email="somebody@example.com")
    body = {"username": username, "email": email}
    for answer in (api.post("/players", body), api.put(f"/players/{other['player_id']}", body)):
        assert (answer.status, answer.json["code"]) == (409, "already_exists")
        assert answer.failures == dict.fromkeys(taken, _TAKEN)
    assert sorted(api.listed()) == ["player1", "somebody"]
    assert api.get(f"/players/{other['player_id']}").json == other


@pytest.mark.parametrize(("one", "same"), [("Straße", "STRASSE"), ("é12", "e\u030112"), ("ΣΊΣΥΦΟΣ", "σίσυφος")])
def test_spellings_of_one_name(api: Api, one: str, same: str) -> None:
    api.create(username=one)
    assert api.post("/players", {"username": same, "email": "x@example.com"}).status == 409
    assert api.listed(username=same) == [one]


def test_a_player_may_respell_the_own_name(api: Api) -> None:
    player = api.create(username="player1", email="player1@example.com")
    path = f"/players/{player['player_id']}"
    answer = api.put(path, {"username": "PLAYER1", "email": "Player1@Example.com"})
    assert (answer.status, answer.json["username"], answer.json["email"]) == (200, "PLAYER1", "Player1@Example.com")
    assert api.post("/players", {"username": "player1", "email": "player1@example.com"}).status == 409


def test_what_is_given_up_is_free_again(api: Api) -> None:
    first = api.create(username="player1", email="player1@example.com")
    api.put(f"/players/{first['player_id']}", {"username": "renamed", "email": "renamed@example.com"})
    second = api.create(username="player1", email="player1@example.com")
    api.delete(f"/players/{second['player_id']}")
    api.create(username="player1", email="player1@example.com")
    assert sorted(api.listed()) == ["player1", "renamed"]


def test_sandboxes_share_no_names(api: Api) -> None:
    for sandbox in (api, api.inside("one"), api.inside("two")):
        sandbox.create(username="player1", email="player1@example.com")


def test_a_refused_replacement_claims_nothing(api: Api) -> None:
    api.create(username="taken")
    path = f"/players/{api.create()['player_id']}"
    assert api.put(path, {"username": "taken", "email": "fresh@example.com"}).status == 409
    api.create(username="fresh", email="fresh@example.com")


def test_two_equal_replacements_at_once_do_not_take_the_name_from_each_other(api: Api, store: SpyStore) -> None:
    path = f"/players/{api.create()['player_id']}"
    body = {"username": "wanted", "email": "wanted@example.com"}

    def overtake() -> None:
        assert api.put(path, body).status == 200

    store.before["transact"] = overtake
    assert api.put(path, body).status == 200


def test_of_many_at_once_one_gets_the_name(api: Api) -> None:
    def create(number: int) -> int:
        return api.post("/players", {"username": "wanted", "email": f"a{number}@example.com"}).status

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(create, range(24))) == {201: 1, 409: 23}
    assert api.listed() == ["wanted"]
