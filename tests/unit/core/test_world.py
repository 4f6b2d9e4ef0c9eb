"""Clock, chance, sandboxes and keys: what a world is made of."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from runtime.composition import Parts
from runtime.core.clock import SandboxClock, rfc3339
from runtime.core.errors import NoSuchResource
from runtime.core.jws import SigningKey
from runtime.core.keys import KeyRing, StoredKeys, new_key_document
from runtime.core.randomness import Randomness
from runtime.emulation.identities import Identities
from runtime.store.port import Key, Put
from runtime.store.scoped import ScopedStore
from tests.unit.conftest import ORIGIN, Clock

DAY = 24 * 3600


def test_a_clock_is_real_shifted_or_frozen(clock: Clock) -> None:
    assert SandboxClock(clock).timestamp() == clock.at
    assert SandboxClock(clock, offset_seconds=-60).timestamp() == clock.at - 60
    assert SandboxClock(clock, offset_seconds=5, frozen_at=7.5).timestamp() == 7.5
    assert SandboxClock(clock, frozen_at=7.5).seconds() == 7
    assert SandboxClock(clock, frozen_at=0).now() == datetime(1970, 1, 1, tzinfo=UTC)


def test_the_store_keeps_a_sandboxs_things_by_the_wall_clock(clock: Clock) -> None:
    """A day longer than needed, for the clock may be set back; for ever, where it stands still."""
    ends = clock.at + 100
    assert SandboxClock(clock).keep_until(ends) == int(ends) + DAY
    shifted = SandboxClock(clock, offset_seconds=3600)
    assert shifted.keep_until(shifted.timestamp() + 100) == int(ends) + DAY
    assert SandboxClock(clock, frozen_at=0).keep_until(100) is None


def test_rfc_3339_has_milliseconds_and_a_z() -> None:
    assert rfc3339(datetime(2026, 11, 23, 14, 5, 9, 120_999, tzinfo=UTC)) == "2026-11-23T14:05:09.120Z"


def test_a_seed_repeats_its_draws_and_streams_differ() -> None:
    def draws(seed: int | None, stream: int) -> tuple[str, float]:
        random = Randomness(seed, lambda: stream)
        return random.uuid(), random.fraction()

    assert draws(7, 1) == draws(7, 1)
    assert draws(7, 1) != draws(7, 2)
    assert draws(7, 1) != draws(8, 1)
    assert draws(None, 1) != draws(None, 1)


def test_a_stream_is_taken_at_the_first_draw_only() -> None:
    taken: list[int] = []

    def stream() -> int:
        taken.append(1)
        return len(taken)

    random = Randomness(1, stream)
    assert taken == []
    random.bytes(1)
    random.uuid()
    assert len(taken) == 1


@pytest.mark.parametrize("sandbox_id", ["", "UPPER", "a_b", "-a", "a-", "a" * 41, "a/b", "ä", "default\n", "@sandbox"])
def test_a_name_that_no_sandbox_can_have_is_no_sandbox(make_parts: Callable[..., Parts], sandbox_id: str) -> None:
    with pytest.raises(NoSuchResource):
        make_parts().worlds.enter(sandbox_id, ORIGIN)


def test_the_default_sandbox_is_made_once_and_whole(make_parts: Callable[..., Parts]) -> None:
    parts = make_parts()
    first = parts.worlds.enter("default", ORIGIN)
    assert Identities(first.store).login("testuser") is not None
    assert Identities(first.store).client("psn-partner-service") is not None
    assert parts.worlds.enter("default", ORIGIN).revision == first.revision


def test_a_seeded_sandbox_repeats_itself(make_parts: Callable[..., Parts]) -> None:
    """The n-th request that draws meets the same chance in every run."""

    def run() -> list[str]:
        parts = make_parts()
        parts.store.put(Put(Key("@sandbox/seeded", "sandbox"), {"sandbox_id": "seeded", "epoch": 1, "seed": 42}))
        return [parts.worlds.enter("seeded", ORIGIN).random.uuid() for _ in range(3)]

    first, second = run(), run()
    assert first == second
    assert len(set(first)) == 3


def test_a_sandbox_has_the_clock_that_it_was_given(make_parts: Callable[..., Parts], clock: Clock) -> None:
    parts = make_parts()
    document = {"sandbox_id": "late", "epoch": 1, "clock": {"offset_seconds": 3600}}
    parts.store.put(Put(Key("@sandbox/late", "sandbox"), document))
    assert parts.worlds.enter("late", ORIGIN).clock.timestamp() == clock.at + 3600


def test_no_sandbox_reads_anothers_state(make_parts: Callable[..., Parts]) -> None:
    parts = make_parts()
    for name in ("a", "b"):
        parts.store.put(Put(Key(f"@sandbox/{name}", "sandbox"), {"sandbox_id": name, "epoch": 1}))
    a, b = (parts.worlds.enter(name, ORIGIN) for name in ("a", "b"))
    a.store.put(Put(Key("player/1", "player"), {"of": "a"}))
    assert b.store.get(Key("player/1", "player")) is None
    assert b.store.query("player/1").items == ()
    assert isinstance(a.store, ScopedStore)


def test_another_epoch_is_another_state(make_parts: Callable[..., Parts]) -> None:
    parts = make_parts()
    key = Key("@sandbox/a", "sandbox")
    parts.store.put(Put(key, {"sandbox_id": "a", "epoch": 1}))
    before = parts.worlds.enter("a", ORIGIN)
    before.store.put(Put(Key("player/1", "player"), {}))
    parts.store.put(Put(key, {"sandbox_id": "a", "epoch": 2}))
    after = parts.worlds.enter("a", ORIGIN)
    assert after.store.get(Key("player/1", "player")) is None
    assert after.revision != before.revision


def test_a_world_knows_its_own_urls(make_parts: Callable[..., Parts]) -> None:
    world = make_parts().worlds.enter("default", ORIGIN)
    assert world.issuer == f"{ORIGIN}/auth"
    assert world.is_own(f"{ORIGIN}/auth", "/auth")
    assert world.is_own("http://[::1]:8080/auth", "/auth")
    assert world._replace(base_url=f"{ORIGIN}/s/default").is_own(f"{ORIGIN}/auth", "/auth")
    assert not world.is_own("http://127.0.0.1:8081/auth", "/auth")
    assert not world.is_own("https://127.0.0.1:8080/auth", "/auth")
    other = world._replace(sandbox_id="other", base_url=f"{ORIGIN}/s/other")
    assert not other.is_own(f"{ORIGIN}/auth", "/auth")
    assert not other.is_own(f"{ORIGIN}/s/default/auth", "/auth")


class Source:
    """A key document that tells how often it was read."""

    def __init__(self) -> None:
        self.document = new_key_document("ES256")
        self.loads = 0

    def load(self) -> dict[str, object]:
        self.loads += 1
        return copy.deepcopy(self.document)


def test_keys_are_read_once_a_minute(clock: Clock) -> None:
    source = Source()
    ring = KeyRing(source, clock)
    kid = ring.current().signing.kid
    clock.advance(59)
    assert ring.find(kid) is not None
    assert source.loads == 1
    clock.advance(2)
    ring.current()
    assert source.loads == 2


def test_an_unknown_key_makes_it_look_again_but_not_at_every_request(clock: Clock) -> None:
    source = Source()
    ring = KeyRing(source, clock)
    ring.current()
    clock.advance(2)
    fresh = SigningKey.generate("ES256")
    source.document["keys"].append({"status": "previous", "kid": fresh.kid, "alg": "ES256", "jwk": dict(fresh.jwk)})
    assert ring.find(fresh.kid) is not None
    loads = source.loads
    for _ in range(100):
        assert ring.find("unknown") is None
    assert source.loads == loads


def test_a_set_publishes_the_next_key_before_it_signs() -> None:
    document = new_key_document("ES256")
    assert [entry["status"] for entry in document["keys"]] == ["current", "next"]


def test_processes_that_start_together_agree_on_one_key(make_parts: Callable[..., Parts]) -> None:
    store = make_parts().store

    class Racing:
        """A store in which another process is always quicker."""

        def get(self, key: Key) -> object:
            return store.get(key)

        def put(self, operation: Put) -> object:
            store.put(operation._replace(document={**operation.document, "winner": "other"}))
            return store.put(operation)

    document = StoredKeys(Racing(), "ES256").load()  # type: ignore[arg-type]  # only what it needs
    assert document["winner"] == "other"
