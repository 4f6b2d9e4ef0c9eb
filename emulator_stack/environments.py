"""The environments: what each has other than the defaults of :class:`~emulator_stack.config.EnvironmentConfig`.

Edit here what should stay; ``-c field=value`` changes a field for one run of the CDK.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

__all__ = ["ENVIRONMENTS"]

_THROWAWAY: dict[str, Any] = {
    # Made and deleted at will: nothing in it is worth keeping, and everything in it may be known.
    "removal_policy": "destroy",
    "point_in_time_recovery": False,
    "deletion_protection": False,
    "protect_players": False,
    "demo_world": True,
    "cors_allow_origins": ("*",),
    "log_level": "DEBUG",
    "log_retention_days": 7,
}

_SHARED: dict[str, Any] = {
    # Used by teams, at a public URL: protected, and it starts empty.
    "termination_protection": True,
    "tracing": True,
}

ENVIRONMENTS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "dev": _THROWAWAY,
        "qa": _SHARED,
        "staging": _SHARED | {"log_retention_days": 90},
        "prod": _SHARED | {"log_retention_days": 365, "throttle_rate": 1000, "throttle_burst": 2000},
        "personal": _THROWAWAY | {"image_source": "asset", "throttle_rate": 200, "throttle_burst": 400},
    }
)
"""By name. Image packaging from ECR everywhere; a personal environment builds its images as it deploys."""
