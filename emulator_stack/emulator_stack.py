"""The stack that answers requests: the constructs, put together."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from emulator_stack.config import EnvironmentConfig, FunctionConfig
from emulator_stack.constructs.admin_token import AdminToken
from emulator_stack.constructs.data_table import DataTable
from emulator_stack.constructs.http_api import EmulatorApi
from emulator_stack.constructs.monitoring import Monitored, Monitoring
from emulator_stack.constructs.packaging import ImagesBuiltHere, ImagesFromRegistry, Packaging, ZipArchives
from emulator_stack.constructs.saved_queries import SavedQueries
from emulator_stack.constructs.service_function import Common, ServiceFunction, Sizing
from emulator_stack.constructs.signing_keys import SigningKeys
from emulator_stack.functions import AUTHORIZER, FUNCTIONS, KEY_ROTATION, SERVICE_FUNCTIONS, DeployedFunction
from emulator_stack.images import ImageDigests

__all__ = ["EmulatorStack"]


class EmulatorStack(Stack):
    """One environment's emulator."""

    def __init__(
        self, scope: Construct, id_: str, *, config: EnvironmentConfig, digests: ImageDigests | None, **stack: Any
    ) -> None:
        super().__init__(scope, id_, **stack)
        self._config = config
        # Retained, but for what a failed first deployment made: that would only be in the way of the second.
        self._removal = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if config.retains else RemovalPolicy.DESTROY
        self._architecture = (
            lambda_.Architecture.ARM_64 if config.architecture == "arm64" else lambda_.Architecture.X86_64
        )
        self._common = Common(
            environment=config.name,
            architecture=self._architecture,
            log_retention_days=config.log_retention_days,
            removal_policy=self._removal,
            tracing=config.tracing,
        )
        packaging = self._choose_packaging(digests)
        self._functions = {function: self._add_function(function, packaging) for function in FUNCTIONS}
        self._table = DataTable(
            self,
            "Data",
            removal_policy=self._removal,
            point_in_time_recovery=config.point_in_time_recovery,
            deletion_protection=config.deletion_protection,
        ).table
        self._keys = SigningKeys(
            self,
            "SigningKeys",
            rotation=self._functions[KEY_ROTATION],
            rotation_days=config.key_rotation_days,
            removal_policy=self._removal,
        ).secret
        self._admin_token = AdminToken(self, "AdminToken", removal_policy=self._removal).secret
        for function in FUNCTIONS:
            self._give_access(function)
        self._api = EmulatorApi(
            self,
            "Http",
            config=config,
            services={function: self._functions[function] for function in SERVICE_FUNCTIONS},
            authorizer=self._functions[AUTHORIZER],
            removal_policy=self._removal,
        )
        self._add_outputs(self._add_monitoring())

    def _choose_packaging(self, digests: ImageDigests | None) -> Packaging:
        if self._config.packaging == "zip":
            return ZipArchives(self, architecture=self._architecture)
        if self._config.image_source == "asset":
            return ImagesBuiltHere(architecture=self._config.architecture)
        return ImagesFromRegistry(self, environment=self._config.name, digests=digests)

    def _add_function(self, function: DeployedFunction, packaging: Packaging) -> ServiceFunction:
        config = self._config
        return ServiceFunction(
            self,
            function.id,
            common=self._common,
            slug=function.slug,
            description=function.summary,
            packaged=packaging.package(function),
            sizing=self._size(function),
            variables={
                "ENVIRONMENT": config.environment,
                "LOG_LEVEL": config.log_level,
                "POWERTOOLS_SERVICE_NAME": function.slug,
                "PSN_EMULATOR_SIGNING_ALGORITHM": config.signing_algorithm,
            },
        )

    def _size(self, function: DeployedFunction) -> Sizing:
        """What the configuration gives ``function``, within what its caller waits for."""
        own = self._config.functions.get(function.slug, FunctionConfig())
        config = self._config
        timeout = own.timeout_seconds or config.timeout_seconds
        reserved = config.reserved_concurrency if function.serves_requests else None
        provisioned = config.provisioned_concurrency if function.serves_requests else 0
        return Sizing(
            memory_mb=own.memory_mb or config.memory_mb,
            timeout_seconds=min(timeout, function.longest_seconds),
            reserved_concurrency=own.reserved_concurrency or reserved,
            provisioned_concurrency=(
                provisioned if own.provisioned_concurrency is None else own.provisioned_concurrency
            ),
        )

    def _give_access(self, deployed: DeployedFunction) -> None:
        """What :mod:`emulator_stack.functions` says, as permissions and as the variables that name the resources."""
        function = self._functions[deployed]
        variables: dict[str, str] = {}
        if deployed.table_actions:
            function.allow("UseTable", deployed.table_actions, [self._table.table_arn])
            variables |= {
                "PSN_EMULATOR_TABLE": self._table.table_name,
                "PSN_EMULATOR_METRICS": "true",
                "PSN_EMULATOR_DEMO_WORLD": str(self._config.demo_world).lower(),
                "PSN_EMULATOR_PROTECT_PLAYERS": str(self._config.protect_players).lower(),
            }
        if deployed.reads_signing_keys:
            function.allow("ReadSigningKeys", ["secretsmanager:GetSecretValue"], [self._keys.secret_arn])
            variables["PSN_EMULATOR_SIGNING_KEYS_SECRET"] = self._keys.secret_arn
        if deployed.reads_admin_token:
            function.allow("ReadAdminToken", ["secretsmanager:GetSecretValue"], [self._admin_token.secret_arn])
            variables["PSN_EMULATOR_ADMIN_TOKEN_SECRET"] = self._admin_token.secret_arn
        for name, value in variables.items():
            function.function.add_environment(name, value)

    def _add_monitoring(self) -> Monitoring:
        config = self._config
        SavedQueries(
            self,
            "Queries",
            environment=config.name,
            log_groups=[function.log_group for function in self._functions.values()],
        )
        return Monitoring(
            self,
            "Monitoring",
            environment=config.name,
            monitored=Monitored(
                api=self._api.api,
                functions={deployed.slug: function.function for deployed, function in self._functions.items()},
                authorizer=self._functions[AUTHORIZER].function,
                rotation=self._functions[KEY_ROTATION].function,
                table=self._table,
            ),
            server_error_percent=config.alarm_server_error_percent,
            latency_ms=config.alarm_latency_ms,
            topic_arn=config.alarm_topic_arn,
        )

    def _add_outputs(self, monitoring: Monitoring) -> None:
        console = f"https://{self.region}.console.aws.amazon.com/cloudwatch/home?region={self.region}"
        outputs = {
            "ApiUrl": (self._api.url, "The base URL: what a client under test is given"),
            "TableName": (self._table.table_name, "The table that holds all state"),
            "AdminTokenSecretArn": (self._admin_token.secret_arn, "The secret with the control plane's token"),
            "SigningKeysSecretArn": (self._keys.secret_arn, "The secret with the signing keys"),
            "DashboardUrl": (
                f"{console}#dashboards/dashboard/{monitoring.dashboard.dashboard_name}",
                "The dashboard in CloudWatch",
            ),
        }
        for name, (value, description) in outputs.items():
            CfnOutput(self, name, value=value, description=description)
