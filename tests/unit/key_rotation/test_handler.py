"""The entry point, called as Secrets Manager calls it."""

from __future__ import annotations

from runtime.core.keys import KeyRing
from runtime.key_rotation import handler
from tests.rotation import rotation_events
from tests.unit.key_rotation.conftest import Secret


def test_four_events_rotate_the_keys_that_the_services_read(secret: Secret) -> None:
    from runtime.adapters import secrets_manager  # noqa: PLC0415 - its client must be made inside the stand-in
    from runtime.adapters.secret_keys import SecretKeys  # noqa: PLC0415

    secrets_manager._client.cache_clear()
    handler._rotation.cache_clear()
    for event in rotation_events(secret.id):
        handler.lambda_handler(event, None)
    assert KeyRing(SecretKeys(secret.id)).current().signing.algorithm == "RS256"
    secrets_manager._client.cache_clear()
    handler._rotation.cache_clear()
