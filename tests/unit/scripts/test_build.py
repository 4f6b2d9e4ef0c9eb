"""scripts/build.py: what it asks of the engine, and what it says when something is wrong."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from platform import machine

import pytest

from scripts import build
from scripts.packaging import ecr, manifest
from scripts.packaging.outcome import Failed
from scripts.packaging.workspace import discover
from tests.unit.scripts.conftest import Fakes

Run = Callable[..., tuple[int, str, str]]

REPOSITORY = "registry.test:5000/psn-emulator-dev-idp-api"
ALL = [function.package for function in discover()]


@pytest.fixture(autouse=True)
def manifest_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "build" / "images.json"
    monkeypatch.setattr(manifest, "PATH", path)
    monkeypatch.setattr(manifest.update, "__defaults__", (path,))
    monkeypatch.setattr(manifest.read, "__defaults__", (path,))
    return path


def test_one_service_is_built_under_the_name_that_the_readme_runs(fakes: Fakes, run: Run) -> None:
    fakes.add("docker")
    code, out, err = run(build.main, "--service", "idp_api", "--tag", "local")
    assert (code, err) == (0, "")
    (command,) = [call for call in fakes.calls if call[1] == "build"]
    assert command[command.index("--tag") + 1] == "psn-emulator-idp-api:local"
    assert command[command.index("--file") + 1].endswith("runtime/idp_api/Dockerfile")
    assert "--platform" not in command
    assert "--no-cache" not in command
    assert "99.00 MB" in out


def test_all_services_are_built(fakes: Fakes, run: Run) -> None:
    fakes.add("docker")
    assert run(build.main, "--service", "all", "--tag", "v1.0.0", "--no-cache")[0] == 0
    built = [call for call in fakes.calls if call[1] == "build"]
    assert len(built) == len(ALL)
    assert all("--no-cache" in call for call in built)


def test_the_engine_is_the_one_that_the_cdk_uses(fakes: Fakes, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes.add("docker", "podman")
    architecture = "arm64" if machine() in ("arm64", "aarch64") else "amd64"
    inspected = f"sha256:{'a' * 64} 1 {architecture}"
    fakes.behave({"--version": (0, "podman version 5.0.0"), "image inspect": (0, inspected)})
    monkeypatch.setenv("CDK_DOCKER", "podman")
    assert run(build.main, "--service", "idp_api")[0] == 0
    assert {call[0] for call in fakes.calls} == {"podman"}
    built = next(call for call in fakes.calls if call[1] == "build")
    assert "--timestamp" in built
    # Without it, podman 4 leaves TARGETARCH empty, and the dependencies would be those of another processor.
    assert built[built.index("--platform") + 1] in ("linux/arm64", "linux/amd64")


def test_a_failure_shows_its_step_and_keeps_the_other_services(fakes: Fakes, run: Run) -> None:
    fakes.add("docker")
    fakes.behave({"psn-emulator-control-api": (1, "STEP 7: RUN uv export\nno such package")})
    code, out, err = run(build.main, "--service", "all", "--tag", "v1")
    assert code == 1
    assert "no such package" in err
    assert "building psn-emulator-control-api:v1 failed" in err
    assert out.count("99.00 MB") == len(ALL) - 1


def test_scripts_read_json_on_standard_output(fakes: Fakes, run: Run) -> None:
    fakes.add("docker")
    fakes.behave({"psn-emulator-control-api": (1, "no such package")})
    code, out, err = run(build.main, "--service", "idp_api", "control_api", "--tag", "v1", "--json")
    assert code == 1
    told = json.loads(out)
    assert told["control_api"]["result"] == "failed"
    assert told["idp_api"] | {"seconds": 0} == {
        "result": "built",
        "seconds": 0,
        "image": "psn-emulator-idp-api:v1",
        "id": "sha256:" + "a" * 64,
        "size_bytes": 99 * 2**20,
        "architecture": "arm64",
    }
    assert "[1/2] control_api: building" in err


def test_digests_of_pushed_images_are_added_to_the_manifest(fakes: Fakes, run: Run, manifest_file: Path) -> None:
    fakes.add("docker")
    manifest_file.parent.mkdir()
    manifest_file.write_text(json.dumps({"control_api": "sha256:" + "c" * 64}))
    code, _, err = run(
        build.main,
        "--service",
        "idp_api",
        "--tag",
        "v1",
        "--push",
        "--ecr-repo-map",
        json.dumps({"idp_api": REPOSITORY}),
    )
    assert (code, err) == (0, "")
    assert json.loads(manifest_file.read_text()) == {
        "control_api": "sha256:" + "c" * 64,
        "idp_api": "sha256:" + "b" * 64,
    }
    assert ["docker", "push", f"{REPOSITORY}:v1"] in fakes.calls
    built = next(call for call in fakes.calls if call[1] == "build")
    assert built[built.index("--platform") + 1] == "linux/arm64"


def test_a_failed_push_leaves_the_digest_that_was_there(fakes: Fakes, run: Run, manifest_file: Path) -> None:
    fakes.add("docker")
    fakes.behave({f"push {REPOSITORY}": (1, "tag is immutable")})
    manifest_file.parent.mkdir()
    manifest_file.write_text(before := json.dumps({"idp_api": "sha256:" + "c" * 64}))
    code, _, err = run(
        build.main, "--service", "idp_api", "--push", "--ecr-repo-map", json.dumps({"idp_api": REPOSITORY})
    )
    assert code == 1
    assert "tag is immutable" in err
    assert json.loads(manifest_file.read_text()) == json.loads(before)


MISUSE = {
    "an unknown service": (["--service", "shop"], "no service shop; there are authorizer"),
    "a tag that is none": (["--tag", "v 1"], "'v 1' is no tag"),
    "a push without a map": (["--push"], "--push needs --ecr-repo-map"),
    "a map without a push": (["--ecr-repo-map", "{}"], "add --push"),
    "a map that is not JSON": (["--push", "--ecr-repo-map", "{idp_api}"], "--ecr-repo-map is not JSON"),
    "a map that is a list": (["--push", "--ecr-repo-map", "[]"], "must be an object"),
    "a map of an unknown service": (["--push", "--ecr-repo-map", '{"shop": "a/b"}'], "names shop; there are"),
    "a map that lacks a service": (
        ["--service", "idp_api", "--push", "--ecr-repo-map", "{}"],
        "no repository for idp_api",
    ),
    "a repository with a tag": (
        ["--service", "idp_api", "--push", "--ecr-repo-map", '{"idp_api": "host/name:v1"}'],
        "without a tag",
    ),
    "an unknown platform": (["--platform", "linux/s390x"], "invalid choice"),
}


@pytest.mark.parametrize(("arguments", "message"), MISUSE.values(), ids=MISUSE)
def test_misuse_is_one_clear_message_before_anything_is_done(
    arguments: list[str], message: str, fakes: Fakes, run: Run
) -> None:
    fakes.add("docker")
    code, _, err = run(build.main, *arguments)
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert err.count("error:") == 1
    assert fakes.calls == []


def test_without_an_engine_it_says_what_to_do(fakes: Fakes, run: Run) -> None:
    code, _, err = run(build.main, "--service", "idp_api")
    assert code == 1
    assert err.startswith("error: there is no container engine 'docker'")
    assert "CDK_DOCKER=podman" in err
    assert fakes.calls == []


def test_an_engine_that_does_not_run_is_told_apart(fakes: Fakes, run: Run) -> None:
    fakes.add("docker")
    fakes.behave({"info": (1, "Cannot connect to the Docker daemon. Is the docker daemon running?")})
    code, _, err = run(build.main, "--service", "idp_api")
    assert code == 1
    assert "docker is installed, but does not answer (Cannot connect to the Docker daemon." in err


def test_without_credentials_nothing_is_built(
    fakes: Fakes, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fakes.add("docker")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    repositories = {"idp_api": "123456789012.dkr.ecr.us-east-1.amazonaws.com/psn-emulator-dev-idp-api"}
    code, _, err = run(build.main, "--service", "idp_api", "--push", "--ecr-repo-map", json.dumps(repositories))
    assert code == 1
    assert "no access to ECR in us-east-1 (Unable to locate credentials)" in err
    assert not [call for call in fakes.calls if call[1] == "build"]


def test_the_password_of_a_registry_is_on_no_command_line(
    fakes: Fakes, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes.add("docker")
    monkeypatch.setattr(ecr, "_credentials", lambda _region: ("AWS", "very-secret"))
    repositories = {"idp_api": "123456789012.dkr.ecr.us-east-1.amazonaws.com/psn-emulator-dev-idp-api"}
    assert run(build.main, "--service", "idp_api", "--push", "--ecr-repo-map", json.dumps(repositories))[0] == 0
    assert (fakes.folder / "password").read_text() == "very-secret"
    assert "very-secret" not in json.dumps(fakes.calls)


def test_a_disk_that_fills_leaves_the_manifest_whole(
    fakes: Fakes, run: Run, manifest_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes.add("docker")
    manifest_file.parent.mkdir()
    manifest_file.write_text(before := json.dumps({"control_api": "sha256:" + "c" * 64}))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(manifest_file))

    monkeypatch.setattr(Path, "replace", full)
    code, _, err = run(
        build.main, "--service", "idp_api", "--push", "--ecr-repo-map", json.dumps({"idp_api": REPOSITORY})
    )
    assert code == 1
    assert "the disk is full" in err
    assert manifest_file.read_text() == before
    assert list(manifest_file.parent.iterdir()) == [manifest_file]


def test_an_engine_whose_disk_fills_is_told_apart(fakes: Fakes, run: Run) -> None:
    fakes.add("docker")
    fakes.behave({"build --file": (1, "STEP 5: RUN uv pip install\nNo space left on device (os error 28)")})
    code, _, err = run(build.main, "--service", "idp_api", "--tag", "v1")
    assert code == 1
    assert "building psn-emulator-idp-api:v1 failed, because the disk is full: make room and run this again" in err
    assert "STEP 5: RUN uv pip install" in err


def test_a_damaged_manifest_is_named(manifest_file: Path) -> None:
    manifest_file.parent.mkdir()
    manifest_file.write_text("{")
    with pytest.raises(Failed, match=r"images\.json is damaged"):
        manifest.read(manifest_file)
