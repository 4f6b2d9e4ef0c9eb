"""The Dockerfiles: one text, with the name of each function in it."""

from __future__ import annotations

import pytest

from scripts.packaging.workspace import ROOT, Function, discover

FUNCTIONS = discover()


def text(function: Function) -> str:
    return (ROOT / "runtime" / function.package / "Dockerfile").read_text(encoding="utf-8")


def nameless(function: Function) -> str:
    return text(function).replace(function.package, "NAME").replace(function.slug, "NAME")


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.package)
def test_every_function_has_the_same_dockerfile_but_for_its_name(function: Function) -> None:
    assert nameless(function) == nameless(FUNCTIONS[0])
    assert f'CMD ["{function.handler}"]' in text(function)
    assert f"--package {function.project}" in text(function)


def test_the_base_can_be_replaced_and_is_awss_by_default() -> None:
    assert "ARG BASE_IMAGE=public.ecr.aws/lambda/python:3.13\n" in text(FUNCTIONS[0])
