"""What each writable field may hold: the good and the bad, field by field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runtime.player_account_api.countries import COUNTRIES
from tests.unit.player_account_api.harness import Api, ManualClock

_GOOD = {
    "username": ["abc", "a" * 32, "A_b.c-9", "___a", "123", "Łukasz", "名前は", "हिन्दी", "İstanbul", "player1"],
    "email": [
        "a@example.com",
        "first.last+tag@sub.example.co.uk",
        "root@localhost",
        "!#$%&'*+/=?^_`{|}~-@example.com",
        "用户@例子.公司",
        "a@xn--bcher-kva.example",
        f"{'a' * 64}@example.com",
        f"a@{'b' * 63}.{'c' * 63}.{'d' * 63}.{'e' * 56}.com",
    ],
    "display_name": ["x", "Ana Müller", "👩‍🚀", "O'Neill <3", "a" * 64, "مرحبا"],
    "country": ["US", "DE", "GB", "AX", "SS"],
    "language": [
        "en",
        "en-US",
        "EN-us",
        "zh-Hant-TW",
        "zh-cmn-Hans-CN",
        "sl-rozaj-biske",
        "de-CH-1901",
        "es-419",
        "de-DE-u-co-phonebk",
        "en-a-bbb-x-private",
        "x-whatever",
        "i-klingon",
        "sgn-BE-FR",
        "art-lojban",
    ],
    "avatar_url": [
        "https://example.com",
        "http://example.com/",
        "HTTPS://cdn.example.com:8443/a/b.png?x=1&y=%20#top",
        "http://127.0.0.1:8080/a.png",
        "http://[::1]/a.png",
        "https://example.com/" + "a" * 2028,
    ],
    "date_of_birth": ["1900-01-01", "2000-02-29", "2027-01-15"],
    "status": ["active", "suspended", "banned"],
}

_BAD: dict[str, list[Any]] = {
    "username": [
        "",
        "ab",
        "a" * 33,
        "with space",
        "tab\there",
        "nul\0inside",
        "line\nbreak",
        "newline\n",
        "semi;colon",
        "a/b",
        "émoji😀",
        "zero\u200bwidth",
        "right\u202eleft",
        "...",
        "\u0301\u0301\u0301",
        "a" * 100_000,
    ],
    "email": [
        "",
        "plain",
        "@example.com",
        "a@",
        "a@b",
        "a@@example.com",
        "a@b@example.com",
        "a b@example.com",
        "a@exam ple.com",
        "a@example.com\n",
        "a\0@example.com",
        ".a@example.com",
        "a.@example.com",
        "a..b@example.com",
        "a@example..com",
        "a@.example.com",
        "a@example.com.",
        "a@-example.com",
        "a@example-.com",
        "a@127.0.0.1",
        "<a@example.com>",
        "a@example.com,b@example.com",
        "a\u3000b@example.com",
        "a\u202eb@example.com",
        f"{'a' * 65}@example.com",
        f"{'é' * 33}@example.com",
        f"a@{'b' * 64}.com",
        f"a@{'b' * 63}.{'c' * 63}.{'d' * 63}.{'e' * 57}.com",
    ],
    "display_name": ["", "   ", "a" * 65, "nul\0inside", "line\nbreak", "c1\x85", "line\u2028separator"],
    "country": ["", "us", "USA", "XX", "UK", "EU", "ZZ", "U\0", "840", "\uff35\uff33"],
    "language": [
        "",
        "e",
        "en_US",
        "en-",
        "-en",
        "en--US",
        "en-US\n",
        "123",
        "en-x",
        "x",
        "i-unknown",
        "deutschland",
        "en-a",
        "\u212aok",
        "a" * 100_000,
        "en-x" + "-abcdefgh" * 15,
    ],
    "avatar_url": [
        "http://[:::::]/",
        "http://[1.2.3.4]/",
        "http://x:99999/",
        "",
        "example.com/a.png",
        "//example.com/a.png",
        "ftp://example.com/a.png",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "https://",
        "https:///a.png",
        "https://user:secret@example.com/a.png",
        "https://example.com/a b.png",
        "https://example.com/a.png\n",
        "https://example.com/\0",
        "https://example.com/%zz",
        'https://example.com/"><script>',
        "https://example.com:port/",
        "https://bücher.example/",
        "https://example.com/" + "a" * 2029,
    ],
    "date_of_birth": [
        "",
        "1899-12-31",
        "2027-01-16",
        "2001-02-29",
        "2000-13-01",
        "20000101",
        "2000-1-1",
        "2000-W01-1",
        "01/02/2000",
        "2000-01-01T00:00:00Z",
        "0000-00-00",
        "\uff12\uff10\uff10\uff10-01-01",
    ],
    "status": ["", "Active", "deleted", "active "],
}

_WRONG_TYPES: list[Any] = [0, 1.5, True, [], ["abc"], {}, {"a": 1}]


def _cases(table: dict[str, list[Any]]) -> list[Any]:
    return [
        pytest.param(name, value, id=f"{name}-{number}")
        for name, values in table.items()
        for number, value in enumerate(values)
    ]


@pytest.mark.parametrize(("name", "value"), _cases(_GOOD))
def test_accepted_and_kept_as_it_was_sent(api: Api, name: str, value: str) -> None:
    player = api.create(**{name: value})
    assert player[name] == value
    assert api.get(f"/players/{player['player_id']}").json[name] == value


@pytest.mark.parametrize(("name", "value"), [*_cases(_BAD), *_cases(dict.fromkeys(_GOOD, _WRONG_TYPES))])
def test_refused_naming_the_field_and_not_the_value(api: Api, name: str, value: Any) -> None:
    body = {"username": "player1", "email": "player1@example.com", name: value}
    for answer in (api.post("/players", body), api.put(f"/players/{api.create(username='other')['player_id']}", body)):
        assert answer.status == 422, answer.text
        assert answer.json["code"] == "invalid_input"
        assert list(answer.failures) == [f"/{name}"]
        assert answer.failures[f"/{name}"]


@pytest.mark.parametrize("name", ["username", "email"])
@pytest.mark.parametrize("given", ["absent", "null"])
def test_username_and_email_are_required(api: Api, name: str, given: str) -> None:
    body: dict[str, Any] = {"username": "player1", "email": "player1@example.com"}
    if given == "absent":
        del body[name]
    else:
        body[name] = None
    answer = api.post("/players", body)
    assert (answer.status, list(answer.failures)) == (422, [f"/{name}"])


@pytest.mark.parametrize("name", ["player_id", "created_at", "updated_at", "version", "stats", "a/b~c", ""])
def test_no_other_field_is_taken(api: Api, name: str) -> None:
    answer = api.post("/players", {"username": "player1", "email": "player1@example.com", name: "x"})
    pointer = "/" + name.replace("~", "~0").replace("/", "~1")
    assert (answer.status, answer.failures) == (422, {pointer: "is not a known field"})


def test_every_failure_is_listed(api: Api) -> None:
    bad: dict[str, Any] = {name: values[1] for name, values in _BAD.items() if name != "email"}
    answer = api.post("/players", {**bad, "date_of_birth": "2999-01-01", "nickname": "x"})
    assert answer.status == 422
    assert answer.failures.keys() == {f"/{name}" for name in [*_BAD, "nickname"]}


def test_nobody_is_born_later_than_the_sandbox_has_it(api: Api, clock: ManualClock) -> None:
    answer = api.post("/players", {"username": "abc", "email": "a@example.com", "date_of_birth": "2027-01-16"})
    assert answer.failures == {"/date_of_birth": "must not be in the future"}
    clock.time += 24 * 3600
    api.create(date_of_birth="2027-01-16")


def test_countries_are_those_of_the_standard() -> None:
    assert len(COUNTRIES) == 249
    table = Path("/usr/share/zoneinfo/iso3166.tab")
    if table.exists():
        lines = table.read_text(encoding="utf-8").splitlines()
        assert {line[:2] for line in lines if not line.startswith("#")} == COUNTRIES
