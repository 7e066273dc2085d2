"""The examples in the docstrings are true."""

import doctest
import pkgutil
from importlib import import_module

import pytest

import gateway.qa

MODULES = [m.name for m in pkgutil.walk_packages(gateway.qa.__path__, "gateway.qa.")]


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name: str) -> None:
    failed, _ = doctest.testmod(import_module(name))
    assert failed == 0
