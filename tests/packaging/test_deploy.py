"""scripts/deploy.py and scripts/build.py --push, for real: from a clone to an AWS on this machine that runs the images.

Nothing of the scripts is replaced. MiniStack lacks a few types of resources, which the clone's ``cdk.json`` takes out
after synthesis (tests/e2e/cloud.py says which); the functions are for this machine's processor, as no other can run
here; and ECR is reached in plain HTTP. Its lifecycle rules, scans and immutable tags do nothing there.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from platform import machine

import pytest
from botocore.exceptions import ClientError

from scripts.packaging.workspace import ROOT, discover
from tests.containers.base_image import base_image
from tests.packaging.account import REGISTRY, Account, open_account
from tests.packaging.clone import Clone
from tests.rotation import rotate

pytestmark = pytest.mark.slow

PACKAGES = [function.package for function in discover()]
PLATFORM = "linux/arm64" if machine() in ("aarch64", "arm64") else "linux/amd64"
NPX = str(Path(sys.executable).with_name("npx"))

_ADAPTED_APP = f"""\
import os, sys
from pathlib import Path
from app import main
code = main()
sys.path.append({str(ROOT)!r})
from tests.e2e.cloud import adapt
adapt(Path(os.environ["CDK_OUTDIR"]))
sys.exit(code)
"""


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with open_account(base_image()) as opened:
        yield opened


@pytest.fixture(scope="module")
def clone(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    folder = tmp_path_factory.mktemp("deploy") / "clone"
    made = Clone(folder, account.environment | {"PSN_EMULATOR_BASE_IMAGE": base_image()})
    (folder / "adapted.py").write_text(_ADAPTED_APP, encoding="utf-8")
    made.change("cdk.json", "python app.py", "python adapted.py")
    if PLATFORM == "linux/amd64":
        made.change(
            "emulator_stack/environments.py", '"demo_world": True,', '"demo_world": True, "architecture": "x86_64",'
        )
    made.commit()
    account_and_region = f"aws://{REGISTRY.partition('.')[0]}/{account.aws.region}"
    done = made.run(NPX, "cdk", "bootstrap", account_and_region, "--app", "")
    assert done.returncode == 0, done.stderr
    return made


def deploy(clone: Clone, *arguments: str) -> str:
    """Deploy to dev, and return what was told on standard output."""
    done = clone.script("deploy.py", "--environment", "dev", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def running(account: Account) -> dict[str, str]:
    """The digest of the image that each function of dev runs."""
    client = account.aws.client("lambda")
    codes = {package: client.get_function(FunctionName=name(package))["Code"] for package in PACKAGES}
    return {package: code["ImageUri"].partition("@")[2] for package, code in codes.items()}


def tagged(account: Account, package: str) -> dict[str, str]:
    """What the repository of a function has: the digest of each tag."""
    images = account.aws.client("ecr").describe_images(repositoryName=name(package))["imageDetails"]
    return {tag: image["imageDigest"] for image in images for tag in image.get("imageTags", ())}


def name(package: str) -> str:
    """The name of a function of dev, and of the repository of its images."""
    return f"psn-emulator-dev-{package.replace('_', '-')}"


def mark(digest: str) -> str:
    """The tag that keeps an image that runs from expiring."""
    return f"deployed-{digest.removeprefix('sha256:')[:12]}"


@pytest.fixture(scope="module")
def first(clone: Clone, account: Account) -> str:
    """What the first deployment told. There are keys as soon as there is a stack: its schedule is missing here."""
    with ThreadPoolExecutor() as pool:
        told = pool.submit(deploy, clone, "--tag", "test-1")
        while not (told.done() or is_complete(account)):
            time.sleep(0.5)
        if not told.done():
            rotate_keys(account)
        return told.result()


def is_complete(account: Account) -> bool:
    try:
        (stack,) = account.aws.client("cloudformation").describe_stacks(StackName="psn-emulator-dev")["Stacks"]
    except ClientError:
        return False
    return str(stack["StackStatus"]) == "CREATE_COMPLETE"


def rotate_keys(account: Account) -> None:
    secrets = account.aws.client("secretsmanager").list_secrets()["SecretList"]
    (secret,) = [found["ARN"] for found in secrets if "SigningKeys" in found["Name"]]
    rotate(account.aws, "psn-emulator-dev-key-rotation", secret)


def test_a_first_deployment_builds_pushes_deploys_by_digest_and_answers(first: str, account: Account) -> None:
    assert re.search(r"^It answers: http://\S+$", first, re.MULTILINE), first
    for package, digest in running(account).items():
        assert tagged(account, package) == {"test-1": digest, mark(digest): digest}


@pytest.mark.usefixtures("first")
@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_pushed_is_one_image_and_no_attestation(package: str, account: Account) -> None:
    """Lambda takes Docker's manifest and OCI's, and refuses an index, which is what attestations come in."""
    wanted = [{"imageTag": "test-1"}]
    (found,) = account.aws.client("ecr").batch_get_image(repositoryName=name(package), imageIds=wanted)["images"]
    manifest = found["imageManifest"]
    assert found["imageId"]["imageDigest"] == f"sha256:{sha256(manifest.encode()).hexdigest()}"
    assert json.loads(manifest)["mediaType"] == "application/vnd.docker.distribution.manifest.v2+json"
    assert "manifests" not in json.loads(manifest)


def test_the_same_command_again_changes_nothing(first: str, clone: Clone, account: Account) -> None:
    before = running(account)
    done = clone.script("deploy.py", "--environment", "dev", "--tag", "test-1", "--json")
    assert done.returncode == 0, done.stderr
    assert f"It answers: {json.loads(done.stdout)['url']}\n" in first
    assert done.stderr.count("is in its repository already") == len(PACKAGES)
    assert "pushing" not in done.stderr
    assert "(no changes)" in done.stderr
    assert running(account) == before


@pytest.mark.usefixtures("first")
def test_one_service_is_built_and_deployed_and_the_others_stay(clone: Clone, account: Account) -> None:
    before = running(account)
    clone.change("runtime/control_api/routes.py", "Health(version=VERSION)", 'Health(version="changed")')
    clone.commit()
    built = clone.script("build.py", "--service", "control_api", "--tag", "test-2", "--platform", PLATFORM)
    assert built.returncode == 0, built.stderr
    told = deploy(clone, "--tag", "test-2", "--services", "control_api", "--no-build")
    assert "building" not in told
    after = running(account)
    assert {package for package, digest in after.items() if digest != before[package]} == {"control_api"}
    marks = {mark(before["control_api"]), mark(after["control_api"])}
    tags = tagged(account, "control_api")
    assert {tag for tag in tags if tag.startswith("deployed-")} == marks


@pytest.mark.usefixtures("first")
def test_the_digest_of_a_push_joins_the_others_and_the_cdk_takes_them(clone: Clone, account: Account) -> None:
    images = clone.folder / "build" / "images.json"
    others = {package: digest for package, digest in running(account).items() if package != "control_api"}
    images.write_text(json.dumps(others | {"control_api": f"sha256:{0:064}"}))
    repositories = json.dumps({"control_api": f"{REGISTRY}/{name('control_api')}"})
    push = ("--push", "--ecr-repo-map", repositories, "--platform", PLATFORM)
    done = clone.script("build.py", "--service", "control_api", "--tag", "test-3", *push)
    assert done.returncode == 0, done.stderr
    digests = others | {"control_api": tagged(account, "control_api")["test-3"]}
    assert json.loads(images.read_text()) == digests
    synthesised = clone.run(NPX, "cdk", "synth", "--quiet", "-c", "environment=dev", "-c", "images=build/images.json")
    assert synthesised.returncode == 0, synthesised.stderr
    template = (clone.folder / "cdk.out" / "psn-emulator-dev.template.json").read_text()
    assert set(re.findall(r"sha256:[0-9a-f]{64}", template)) == set(digests.values())


def test_what_is_not_committed_is_not_deployed(clone: Clone) -> None:
    note = clone.folder / "note.txt"
    note.write_text("not committed")
    try:
        done = clone.script("deploy.py", "--tag", "test-4", "--environment", "dev")
    finally:
        note.unlink()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: there are changes that are not committed (note.txt")
