"""Build the ZIP packaging: an archive's folder for each function, and one layer with the dependencies of all.

``dist/zip/functions/PACKAGE`` holds the runtime's code that the function needs, ``dist/zip/layer`` what the members
of the workspace depend on, at the versions and with the hashes of ``uv.lock``. The CDK zips and uploads both. Bytecode
is compiled, because Lambda cannot keep what it compiles itself::

    uv run python scripts/build_zip.py
    uv run npx cdk deploy -c environment=dev -c packaging=zip
"""

from __future__ import annotations

import argparse
import shutil
import subprocess  # nosec B404 - it starts uv
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from emulator_stack.functions import FUNCTIONS  # noqa: E402 - found from wherever the script is called

PACKAGES = tuple(function.package for function in FUNCTIONS)
PLATFORMS = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}
NOT_DEPLOYED = {"local", "__pycache__"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Build what ``arguments`` ask for. Returns the exit status."""
    options = _parser().parse_args(arguments)
    output: Path = options.output
    if options.clean:
        shutil.rmtree(output, ignore_errors=True)
    folders = {package: output / "functions" / package for package in options.services} | {"layer": output / "layer"}
    try:
        for name, folder in folders.items():
            shutil.rmtree(folder, ignore_errors=True)
            if name == "layer":
                _build_layer(folder, python=options.python, platform=PLATFORMS[options.architecture])
            else:
                _build_function(name, folder)
            if options.bytecode:
                _compile(folder, options.python)
            print(f"{name:<20} {_size(folder):6.1f} MB  {folder}")
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(map(str, error.cmd))} failed:\n{error.stderr}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Build the ZIP packaging into dist/zip.")
    parser.add_argument("--services", nargs="+", choices=PACKAGES, default=PACKAGES, help="only these functions")
    parser.add_argument("--clean", action="store_true", help="remove what earlier builds left first")
    parser.add_argument("--architecture", choices=PLATFORMS, default="arm64", help="as configured; arm64 by default")
    parser.add_argument("--python", default="3.13", metavar="VERSION", help="the Python that runs it; Lambda's is 3.13")
    parser.add_argument("--output", type=Path, default=ROOT / "dist" / "zip", help="dist/zip by default")
    parser.add_argument(
        "--no-bytecode",
        dest="bytecode",
        action="store_false",
        help="leave compiling to every cold start, which takes four times as long: for where that Python is not there",
    )
    return parser


def _build_function(package: str, folder: Path) -> None:
    """The runtime without the other functions and without what is only used locally."""
    others = {other for other in PACKAGES if other != package} | NOT_DEPLOYED
    source = ROOT / "runtime"

    def left_out(visited: str, names: Iterable[str]) -> set[str]:
        unwanted = {"Dockerfile", "README.md", "pyproject.toml", "__pycache__"}
        return (others if Path(visited) == source else set()) | unwanted & set(names)

    shutil.copytree(source, folder / "runtime", ignore=left_out)


def _build_layer(folder: Path, *, python: str, platform: str) -> None:
    """All members' dependencies, as wheels for ``platform``: nothing is compiled here, and hashes are checked."""
    with tempfile.TemporaryDirectory() as temporary:
        requirements = Path(temporary) / "requirements.txt"
        members = [f"--package=psn-{package.replace('_', '-')}" for package in PACKAGES]
        _run("uv", "export", "--frozen", "--no-dev", "--no-emit-workspace", *members, "--output-file", requirements)
        _run(
            "uv", "pip", "install", "--target", folder / "python", "--python-version", python,
            "--python-platform", platform, "--only-binary", ":all:", "--no-deps", "--require-hashes",
            "--link-mode", "copy", "--requirement", requirements,
        )  # fmt: skip
    shutil.rmtree(folder / "python" / "bin", ignore_errors=True)


def _compile(folder: Path, python: str) -> None:
    """Bytecode that holds whatever time stamps zipping leaves. Made by the Python that will read it."""
    _run(
        "uv", "run", "--no-project", "--python", python, "python", "-m", "compileall", "-q", "--invalidation-mode",
        "unchecked-hash", "-s", folder, "-p", "/", folder,
    )  # fmt: skip


def _run(*command: str | Path) -> None:
    arguments = [str(part) for part in command]
    subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True, text=True)  # nosec B603 - no shell, only uv


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


if __name__ == "__main__":
    sys.exit(main())
