"""scripts/deploy.py: the steps and their order, what is refused before any of them, and going on after a failure."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest

from emulator_stack.choice import configure
from scripts import deploy
from scripts.packaging import cdk, smoke
from scripts.packaging.deployment import Plan, check_sources
from scripts.packaging.outcome import Failed, Misuse
from scripts.packaging.workspace import discover
from tests.unit.scripts.conftest import Fakes

Run = Callable[..., tuple[int, str, str]]

ALL = [function.package for function in discover()]
PUSHED = "sha256:" + "b" * 64
RUNNING = "sha256:" + "d" * 64


class FakeCloud:
    """An account that remembers what was asked of it."""

    def __init__(self) -> None:
        self.statuses: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.running: dict[str, str] = {}
        self.marked: list[tuple[str, str, str | None]] = []

    def check_access(self) -> str:
        return "123456789012"

    def stack_status(self, name: str) -> str | None:
        return self.statuses.get(name)

    def pushed_digest(self, repository: str, tag: str) -> str | None:
        return self.tags.get(f"{repository}:{tag}")

    def deployed_digest(self, function_name: str) -> str | None:
        return self.running.get(function_name)

    def mark_deployed(self, repository: str, digest: str, previous: str | None) -> None:
        self.marked.append((repository, digest, previous))


@pytest.fixture
def cloud() -> FakeCloud:
    return FakeCloud()


@pytest.fixture(autouse=True)
def surroundings(fakes: Fakes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clean clone, the fakes in place of the engine and the CDK, a deployment that answers, a folder to write to."""
    fakes.add("docker", "npx", "npm")
    monkeypatch.setattr(deploy, "check_sources", lambda: "abc1234")
    monkeypatch.setattr(smoke, "check", lambda _url: None)
    monkeypatch.setattr(Plan, "manifest", property(lambda plan: tmp_path / f"{plan.environment}.json"))


def release(run: Run, cloud: FakeCloud, *arguments: str) -> tuple[int, str, str]:
    return run(deploy.main, "--tag", "v1.0.0", "--environment", "dev", *arguments, cloud=lambda: cloud)


def stacks(fakes: Fakes) -> list[str]:
    return [call[call.index("deploy") + 1] for call in fakes.calls if call[0] == "npx"]


def test_registry_images_and_stack_are_deployed_in_this_order(
    run: Run, fakes: Fakes, cloud: FakeCloud, tmp_path: Path
) -> None:
    code, out, err = release(run, cloud)
    assert (code, err) == (0, "")
    assert stacks(fakes) == ["registry/psn-emulator-dev-registry", "psn-emulator-dev"]
    assert json.loads((tmp_path / "dev.json").read_text()) == dict.fromkeys(ALL, PUSHED)
    verbs = [call[1] if call[0] == "docker" else call[0] for call in fakes.calls]
    assert verbs.index("npx") < verbs.index("build") < verbs.index("push") < len(verbs) - 1
    assert f"images={tmp_path / 'dev.json'}" in fakes.calls[-1]
    assert out.strip().endswith("It answers: https://api.test")
    assert len(cloud.marked) == len(ALL)


def test_what_was_pushed_before_is_not_pushed_again(run: Run, fakes: Fakes, cloud: FakeCloud) -> None:
    cloud.tags["registry.test/psn-emulator-dev-idpapi:v1.0.0"] = RUNNING
    code, out, _ = release(run, cloud)
    assert code == 0
    assert "idp_api: v1.0.0 is in its repository already" in out
    assert not [call for call in fakes.calls if call[1] == "push" and "idpapi" in call[-1]]
    assert len([call for call in fakes.calls if call[1] == "push"]) == len(ALL) - 1


def test_the_other_services_keep_what_they_run(run: Run, fakes: Fakes, cloud: FakeCloud, tmp_path: Path) -> None:
    cloud.running = {f"psn-emulator-dev-{function.slug}": RUNNING for function in discover()}
    assert release(run, cloud, "--services", "idp_api")[0] == 0
    assert json.loads((tmp_path / "dev.json").read_text()) == {**dict.fromkeys(ALL, RUNNING), "idp_api": PUSHED}
    assert len([call for call in fakes.calls if call[1] == "build"]) == 1


def test_a_first_deployment_needs_all_services(run: Run, cloud: FakeCloud) -> None:
    code, _, err = release(run, cloud, "--services", "idp_api")
    assert code == 1
    assert "deploy without --services first" in err


def test_without_building_the_images_on_this_machine_are_pushed(run: Run, fakes: Fakes, cloud: FakeCloud) -> None:
    assert release(run, cloud, "--no-build")[0] == 0
    assert not [call for call in fakes.calls if call[1] == "build"]
    assert len([call for call in fakes.calls if call[1] == "push"]) == len(ALL)


def test_an_image_that_was_never_built_is_named_with_what_builds_it(run: Run, fakes: Fakes, cloud: FakeCloud) -> None:
    fakes.behave({"image inspect": (1, "Error: No such image")})
    code, _, err = release(run, cloud, "--no-build")
    assert code == 1
    assert "there is no image psn-emulator-authorizer:v1.0.0 on this machine: leave out --no-build, or run" in err
    assert "scripts/build.py --service authorizer --tag v1.0.0 --platform linux/arm64" in err


def test_the_url_is_alone_on_standard_output_for_scripts(run: Run, cloud: FakeCloud) -> None:
    code, out, err = release(run, cloud, "--json")
    assert code == 0
    assert json.loads(out) == {"url": "https://api.test"}
    assert "3/4 stack: psn-emulator-dev" in err


def test_an_image_for_another_processor_is_refused(run: Run, fakes: Fakes, cloud: FakeCloud) -> None:
    fakes.behave({"image inspect": (0, f"sha256:{'a' * 64} 1 amd64")})
    code, _, err = release(run, cloud, "--no-build")
    assert code == 1
    assert "is for amd64, and the functions run on linux/arm64: build it with --platform linux/arm64" in err


def test_the_images_are_for_the_processor_that_the_environment_has(
    run: Run, fakes: Fakes, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure("dev", architecture="x86_64")
    monkeypatch.setattr(deploy, "configure", lambda *_, **__: config)
    fakes.behave({"image inspect": (0, f"sha256:{'a' * 64} 1 amd64")})
    assert release(run, cloud)[0] == 0
    built = [call for call in fakes.calls if call[1] == "build"]
    assert {call[call.index("--platform") + 1] for call in built} == {"linux/amd64"}


def test_an_environment_of_archives_is_refused(
    run: Run, fakes: Fakes, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure("dev", packaging="zip")
    monkeypatch.setattr(deploy, "configure", lambda *_, **__: config)
    code, _, err = release(run, cloud)
    assert code == 2
    assert "packaging=zip" in err
    assert "npx cdk deploy -c environment=dev" in err
    assert fakes.calls == []


def test_a_stack_that_fails_says_how_to_go_on(run: Run, fakes: Fakes, cloud: FakeCloud) -> None:
    fakes.behave({"deploy psn-emulator-dev ": (1, "UPDATE_FAILED")})
    code, _, err = release(run, cloud)
    assert code == 1
    assert "deploying psn-emulator-dev failed" in err
    assert "run the same command again" in err
    assert cloud.marked == []


DESTROY = "remove it with `uv run npx cdk destroy"


@pytest.mark.parametrize(
    ("where", "stack", "status", "advice"),
    [
        ("--environment=dev", "psn-emulator-dev", "UPDATE_IN_PROGRESS", "wait until it has ended"),
        ("--environment=qa", "psn-emulator-qa", "ROLLBACK_COMPLETE", f"{DESTROY} psn-emulator-qa -c environment=qa`"),
        (
            "--environment=qa",
            "psn-emulator-qa-registry",
            "ROLLBACK_FAILED",
            f"{DESTROY} registry/psn-emulator-qa-registry -c environment=qa`",
        ),
        ("--owner=alice", "psn-emulator-alice", "ROLLBACK_COMPLETE", f"{DESTROY} psn-emulator-alice -c owner=alice`"),
        (
            "--environment=dev",
            "psn-emulator-dev",
            "UPDATE_ROLLBACK_FAILED",
            "continue-update-rollback --stack-name psn-emulator-dev",
        ),
    ],
)
def test_a_stack_that_cannot_be_deployed_is_refused(
    where: str, stack: str, status: str, advice: str, run: Run, fakes: Fakes, cloud: FakeCloud
) -> None:
    cloud.statuses[stack] = status
    tag = [] if "owner" in where else ["--tag", "v1.0.0"]
    code, _, err = run(deploy.main, where, *tag, cloud=lambda: cloud)
    assert code == 1
    assert status in err
    assert advice in err
    assert fakes.calls == []


def test_a_first_deployment_without_an_engine_makes_nothing(run: Run, fakes: Fakes, cloud: FakeCloud) -> None:
    (fakes.folder / "docker").unlink()
    code, _, err = release(run, cloud)
    assert code == 1
    assert err.startswith("error: there is no container engine 'docker'")
    assert fakes.calls == []


def test_a_personal_stack_is_built_by_the_cdk(run: Run, fakes: Fakes, cloud: FakeCloud) -> None:
    code, _, err = run(deploy.main, "--owner", "alice", cloud=lambda: cloud)
    assert (code, err) == (0, "")
    assert stacks(fakes) == ["psn-emulator-alice"]
    assert "owner=alice" in fakes.calls[-1]


MISUSE = {
    "nowhere": (["--tag", "v1"], "say where to deploy"),
    "nothing": (["--environment", "dev"], "say what to deploy"),
    "an unknown environment": (["--tag", "v1", "--environment", "production"], "invalid choice: 'production'"),
    "an unknown service": (["--tag", "v1", "--environment", "dev", "--services", "shop"], "no service shop"),
    "a tag that is none": (["--tag", "-", "--environment", "dev"], "is no tag"),
    "both": (["--owner", "alice", "--environment", "dev"], "choose one of them"),
    "a personal tag": (["--owner", "alice", "--tag", "v1"], "--owner goes alone"),
    "an owner that is none": (["--owner", "Alice!"], "owner: 'Alice!' is refused"),
    "an owner that is an environment": (["--owner", "prod"], "would be taken for an environment's name"),
    "an owner that is too long": (["--owner", "a" * 21], "up to 20"),
}


@pytest.mark.parametrize(("arguments", "message"), MISUSE.values(), ids=MISUSE)
def test_misuse_is_one_clear_message(
    arguments: list[str], message: str, run: Run, fakes: Fakes, cloud: FakeCloud
) -> None:
    code, _, err = run(deploy.main, *arguments, cloud=lambda: cloud)
    assert code == 2
    assert message in err
    assert fakes.calls == []


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", "/usr/local/bin:/usr/bin:/bin")
    folder = tmp_path / "clone"
    folder.mkdir()
    (folder / "file").write_text("1")
    author = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    for command in (["init", "--quiet"], ["add", "."], [*author, "commit", "--quiet", "--message", "first"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def test_what_is_committed_may_be_deployed(clone: Path) -> None:
    assert check_sources(clone)


def test_what_is_not_committed_is_refused(clone: Path) -> None:
    (clone / "file").write_text("2")
    with pytest.raises(Misuse, match=r"not committed \(file"):
        check_sources(clone)


def test_what_is_no_clone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="this is none"):
        check_sources(tmp_path)


def test_the_command_line_of_the_cdk_is_installed_when_it_is_missing(fakes: Fakes, tmp_path: Path) -> None:
    assert cdk.deploy("psn-emulator-dev", {"environment": "dev"}, tmp_path)["ApiUrl"] == "https://api.test"
    assert [call[0] for call in fakes.calls] == ["npm", "npx"]


def answers(monkeypatch: pytest.MonkeyPatch, *documents: Any) -> list[str]:
    asked: list[str] = []
    waiting = list(documents)

    class Answer:
        def __init__(self, document: Any) -> None:
            self.document = document

        def read(self) -> bytes:
            return json.dumps(self.document).encode()

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            return None

    def urlopen(url: str, timeout: float) -> Answer:
        asked.append(url)
        assert timeout
        document = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(document, Exception):
            raise document
        return Answer(document)

    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    return asked


class TestSmoke:
    """The requests at the end."""

    @pytest.fixture(autouse=True)
    def surroundings(self) -> None:
        """Nothing is replaced here."""

    def test_a_deployment_that_answers_late_is_waited_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = answers(monkeypatch, OSError("no such host"), {}, {"issuer": "https://api.test/auth"})
        smoke.check("https://api.test/", sleep=lambda _: None)
        assert asked[-1] == "https://api.test/auth/.well-known/openid-configuration"

    @pytest.mark.parametrize("document", [OSError("503"), {"issuer": "https://other.test/auth"}])
    def test_one_that_does_not_is_a_failure(self, document: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        answers(monkeypatch, {}, document)
        with pytest.raises(Failed, match="does not answer as it should"):
            smoke.check("https://api.test", sleep=lambda _: None)


def test_every_step_is_told(run: Run, cloud: FakeCloud) -> None:
    out = release(run, cloud)[1]
    assert [line[:3] for line in out.splitlines() if line[1:3] == "/4"] == ["1/4", "2/4", "3/4", "4/4"]
