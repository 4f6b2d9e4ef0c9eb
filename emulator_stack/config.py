"""What a platform engineer can tune: one frozen, checked value for each environment.

Nothing here knows the CDK. A wrong value is refused before any construct exists, with the field's name, the value
and what is allowed instead. The environments themselves are in :mod:`emulator_stack.environments`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

__all__ = ["CustomDomain", "EnvironmentConfig", "EnvironmentName", "FunctionConfig", "LogRetentionDays"]

EnvironmentName = Literal["dev", "qa", "staging", "prod", "personal"]

LogRetentionDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
                           3288, 3653]  # fmt: skip
"""The periods that CloudWatch Logs knows."""

_OWNER_LENGTH = 20  # The longest name is a function's: 64 characters, of which ours take up to 32.
_OWNER = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_RESERVED_WORDS = frozenset({"dev", "local", "personal", "prod", "qa", "registry", "staging"})
_ORIGIN = re.compile(r"\*|https?://[A-Za-z0-9.-]+(:\d{1,5})?")

_HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FunctionConfig(_Frozen):
    """What one function has in place of the environment's values; ``None`` leaves the environment's."""

    memory_mb: int | None = Field(default=None, ge=128, le=10240)
    timeout_seconds: int | None = Field(default=None, ge=1, le=29)
    reserved_concurrency: int | None = Field(default=None, ge=1, le=10_000)
    provisioned_concurrency: int | None = Field(default=None, ge=0, le=10_000)


class CustomDomain(_Frozen):
    """A name of one's own for the API. With a hosted zone, its alias record is made as well."""

    name: str = Field(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$")
    certificate_arn: str = Field(pattern=r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/.+$")
    hosted_zone_id: str | None = Field(default=None, pattern=r"^[A-Z0-9]{1,32}$")
    hosted_zone_name: str | None = None

    @model_validator(mode="after")
    def _zone_is_whole(self) -> Self:
        if (self.hosted_zone_id is None) != (self.hosted_zone_name is None):
            raise ValueError("hosted_zone_id and hosted_zone_name go together")
        if self.hosted_zone_name and not f".{self.name}".endswith("." + self.hosted_zone_name.rstrip(".")):
            raise ValueError(f"{self.name} does not lie in the zone {self.hosted_zone_name}")
        return self


class EnvironmentConfig(_Frozen):
    """One environment. Every field is documented where it stands and has the default that most want."""

    environment: EnvironmentName
    owner: str | None = Field(
        default=None, description="Whose personal stack it is: lower-case letters, digits and single hyphens"
    )

    account: str | None = Field(
        default=None, pattern=r"^\d{12}$", description="AWS account; that of the deploying credentials when not set"
    )
    region: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2}(-[a-z]+)+-\d$",
        description="AWS region; that of the deploying credentials when not set",
    )
    tags: Mapping[str, str] = Field(default_factory=dict, description="Tags of every resource, beside our own")

    packaging: Literal["image", "zip"] = Field(
        default="image", description="Container images, or ZIP archives with one shared layer"
    )
    image_source: Literal["ecr", "asset"] = Field(
        default="ecr", description="Images already pushed to our repositories, or built by the deploying machine"
    )
    architecture: Literal["arm64", "x86_64"] = Field(default="arm64", description="arm64 costs a fifth less")
    images_kept: int = Field(default=20, ge=2, le=1000, description="Newest images that each repository keeps")

    memory_mb: int = Field(default=1024, ge=128, le=10240, description="Memory of a function; CPU grows with it")
    timeout_seconds: int = Field(
        default=29, ge=1, le=29, description="Longest request, delays of rules included; API Gateway allows 29"
    )
    reserved_concurrency: int | None = Field(
        default=None, ge=1, le=10_000, description="Most instances of each function; the account's limit when not set"
    )
    provisioned_concurrency: int = Field(
        default=0, ge=0, le=10_000, description="Instances of each service kept warm, which cost even when idle"
    )
    functions: Mapping[str, FunctionConfig] = Field(
        default_factory=dict, description="Exceptions to the four values above, by the function's slug: idp-api, …"
    )

    throttle_rate: int = Field(default=500, ge=1, le=10_000, description="Requests a second that the API takes")
    throttle_burst: int = Field(default=1000, ge=1, le=5_000, description="Requests at once that the API takes")
    token_throttle_rate: int = Field(
        default=100, ge=1, le=10_000, description="Requests a second to each route that issues tokens"
    )
    token_throttle_burst: int = Field(
        default=200, ge=1, le=5_000, description="Requests at once to each route that issues tokens"
    )
    cors_allow_origins: tuple[str, ...] = Field(
        default=(), description="Origins whose pages may call the API from a browser; none when empty"
    )
    cors_allow_headers: tuple[_HeaderName, ...] = Field(
        # By name, because `*` does not cover Authorization (Fetch, CORS non-wildcard request-header name).
        default=("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"),
        description="Headers that such a page may send",
    )
    custom_domain: CustomDomain | None = Field(default=None, description="The API's own domain")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        default="INFO", description="What the functions log"
    )
    log_retention_days: LogRetentionDays = Field(default=30, description="How long CloudWatch keeps the logs")
    tracing: bool = Field(default=False, description="Active X-Ray tracing of the functions")
    alarm_topic_arn: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+$",
        description="The SNS topic that alarms notify; without one they show in CloudWatch only",
    )

    alarm_server_error_percent: float = Field(
        default=5, gt=0, le=100, description="Share of 5xx answers that alarms; those of testers' rules count as well"
    )
    alarm_latency_ms: int = Field(
        default=3000, ge=1, le=30_000, description="p99 latency that alarms; delays of testers' rules count as well"
    )

    removal_policy: Literal["destroy", "retain"] = Field(
        default="retain", description="What happens to data, keys and logs when the stack is deleted"
    )
    point_in_time_recovery: bool = Field(default=True, description="Restore the table to any second of 35 days")
    deletion_protection: bool = Field(default=True, description="The table refuses to be deleted")
    termination_protection: bool = Field(default=False, description="The stack refuses to be deleted")

    protect_players: bool = Field(default=True, description="/players wants a bearer token with the right scope")
    demo_world: bool = Field(default=False, description="The documented users and clients exist; never in prod")
    signing_algorithm: Literal["RS256", "ES256"] = Field(default="RS256", description="Of tokens; new keys follow it")
    key_rotation_days: int = Field(default=30, ge=1, le=1000, description="Days between rotations of the signing keys")

    @field_validator("owner")
    @classmethod
    def _owner_fits_names(cls, owner: str | None) -> str | None:
        if owner is None:
            return None
        if not _OWNER.fullmatch(owner) or len(owner) > _OWNER_LENGTH:
            raise ValueError(
                f"it becomes part of names: up to {_OWNER_LENGTH} lower-case letters, digits and single hyphens, "
                "beginning with a letter"
            )
        if taken := _RESERVED_WORDS & set(owner.split("-")):
            raise ValueError(f"{', '.join(sorted(taken))} would be taken for an environment's name")
        return owner

    @field_validator("cors_allow_origins")
    @classmethod
    def _origins_are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is not an origin: https://host[:port], or * for all")
        return origins

    @field_validator("demo_world")
    @classmethod
    def _no_demo_world_in_production(cls, demo_world: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - a field
        if demo_world and info.data.get("environment") == "prod":
            raise ValueError("prod has no demo world: its passwords are public")
        return demo_world

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        if (self.environment == "personal") != (self.owner is not None):
            raise ValueError(
                "a personal environment needs its owner: -c owner=NAME"
                if self.owner is None
                else f"owner belongs to a personal environment, not to {self.environment}"
            )
        if self.deletion_protection and self.removal_policy == "destroy":
            raise ValueError("deletion_protection and removal_policy=destroy contradict each other")
        if self.token_throttle_rate > self.throttle_rate or self.token_throttle_burst > self.throttle_burst:
            raise ValueError("token_throttle_rate and _burst are not above throttle_rate and _burst")
        for own in (FunctionConfig(), *self.functions.values()):
            reserved = own.reserved_concurrency or self.reserved_concurrency
            provisioned = (
                self.provisioned_concurrency if own.provisioned_concurrency is None else own.provisioned_concurrency
            )
            if reserved is not None and provisioned > reserved:
                raise ValueError(f"provisioned_concurrency {provisioned} is above reserved_concurrency {reserved}")
        return self

    @property
    def name(self) -> str:
        """The word that names carry: ``dev``, or the owner of a personal environment."""
        return self.owner or self.environment

    @property
    def uses_registry(self) -> bool:
        """Whether functions come from repositories that the registry stack makes."""
        return self.packaging == "image" and self.image_source == "ecr"

    @property
    def retains(self) -> bool:
        """Whether data, keys and logs outlive the stack."""
        return self.removal_policy == "retain"
