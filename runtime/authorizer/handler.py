"""The authorizer's entry point: ``runtime.authorizer.handler.lambda_handler``.

It stands on the foundation alone, without what services need for their answers: this function is in the way of every
protected request, so its cold start is kept to what a decision takes. A test holds what is imported here.
"""

from __future__ import annotations

from runtime.adapters.admin_token import admin_token_source
from runtime.adapters.signing_keys import signing_keys
from runtime.authorizer.decision import Authorizer
from runtime.core.settings import Settings
from runtime.emulation.sandboxes import Sandboxes
from runtime.foundation import Foundation

__all__ = ["lambda_handler"]

_foundation = Foundation(Settings.from_environment())

lambda_handler = Authorizer(
    _foundation.settings,
    # It may read the table and not write: a default sandbox that nobody has entered yet has issued no token either.
    worlds=Sandboxes(_foundation.store, makes_default=False),
    keys=signing_keys(_foundation),
    admin_token=admin_token_source(_foundation.settings),
)
