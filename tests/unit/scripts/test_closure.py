"""What of the runtime enters a function."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.packaging.closure import trace
from scripts.packaging.trim import SDK_SERVICES
from scripts.packaging.workspace import ROOT, Function, discover

FUNCTIONS = discover()

Project = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    def make(**files: str) -> Path:
        for name, content in {"runtime/__init__.py": "", "runtime/f/__init__.py": "", **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return tmp_path

    return make


def traced(root: Path) -> set[str]:
    return {path.as_posix() for path in trace(root, "runtime.f.handler").files}


def test_imports_are_followed_wherever_they_are(project: Project) -> None:
    root = project(**{
        "runtime/f/handler.py": "from runtime.a import b\ndef late():\n    import runtime.c.d\n",
        "runtime/a/__init__.py": "", "runtime/a/b.py": "import json, boto3.session\n",
        "runtime/c/__init__.py": "", "runtime/c/d.py": "", "runtime/c/unused.py": "",
        "runtime/f/unused.py": "", "runtime/other/__init__.py": "",
    })  # fmt: skip
    assert traced(root) == {
        "runtime/__init__.py", "runtime/f/__init__.py", "runtime/f/handler.py", "runtime/a/__init__.py",
        "runtime/a/b.py", "runtime/c/__init__.py", "runtime/c/d.py",
    }  # fmt: skip
    assert trace(root, "runtime.f.handler").imports == {"json", "boto3.session"}


def test_what_is_imported_for_types_only_stays_out(project: Project) -> None:
    code = "import typing\nif typing.TYPE_CHECKING:\n    import runtime.types_only\nelse:\n    import runtime.e\n"
    root = project(**{"runtime/f/handler.py": code, "runtime/types_only.py": "", "runtime/e.py": ""})
    assert "runtime/types_only.py" not in traced(root)
    assert "runtime/e.py" in traced(root)


def test_data_of_a_package_goes_with_it_and_papers_do_not(project: Project) -> None:
    root = project(**{
        "runtime/f/handler.py": "", "runtime/f/openapi.json": "{}", "runtime/f/README.md": "",
        "runtime/f/Dockerfile": "", "runtime/f/pyproject.toml": "",
    })  # fmt: skip
    assert traced(root) - {"runtime/__init__.py", "runtime/f/__init__.py", "runtime/f/handler.py"} == {
        "runtime/f/openapi.json"
    }


@pytest.mark.parametrize("code", ["import runtime.nothing.here", "from runtime.nothing import here"])
def test_a_module_that_is_missing_is_named(project: Project, code: str) -> None:
    with pytest.raises(LookupError, match=r"runtime\.nothing"):
        trace(project(**{"runtime/f/handler.py": code}), "runtime.f.handler")


def test_the_local_gateway_is_refused(project: Project) -> None:
    root = project(**{"runtime/f/handler.py": "import runtime.local.x", "runtime/local/__init__.py": "",
                      "runtime/local/x.py": ""})  # fmt: skip
    with pytest.raises(LookupError, match="local gateway"):
        trace(root, "runtime.f.handler")


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.package)
def test_a_function_holds_no_other_function(function: Function) -> None:
    files = trace(ROOT, function.module).files
    others = {other.package for other in FUNCTIONS} - {function.package}
    assert not {path.parts[1] for path in files} & {*others, "local"}
    assert not [path for path in files if path.suffix != ".py" and path.name in ("Dockerfile", "README.md")]


# Names of the projects on PyPI whose modules have other names, or come with another project.
_PROVIDED_BY = {"aws_lambda_powertools": "aws-lambda-powertools", "argon2": "argon2-cffi", "pydantic_core": "pydantic",
                "typing_extensions": "typing-extensions"}  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.package)
def test_a_function_declares_what_it_imports_and_nothing_else(function: Function) -> None:
    imported = {name.partition(".")[0] for name in trace(ROOT, function.module).imports} - sys.stdlib_module_names
    path = ROOT / "runtime" / function.package / "pyproject.toml"
    declared = {
        requirement.partition(">=")[0].partition("[")[0]
        for requirement in tomllib.loads(path.read_text(encoding="utf-8"))["project"]["dependencies"]
    }
    assert {_PROVIDED_BY.get(name, name) for name in imported} == declared


def test_the_models_of_every_aws_service_in_use_are_kept() -> None:
    clients = set()
    for path in (ROOT / "runtime").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                first = node.args[0] if node.args else None
                if node.func.attr in ("client", "create_client") and isinstance(first, ast.Constant):
                    clients.add(first.value)
    assert clients
    assert clients <= set(SDK_SERVICES)
