"""The examples in docstrings hold."""

import doctest
import importlib
import pkgutil

import pytest

import gateway

MODULES = sorted(
    found.name
    for found in pkgutil.walk_packages(gateway.__path__, "gateway.")
    if ".migrations" not in found.name and not found.name.endswith("__main__")
)


@pytest.mark.parametrize("package", sorted({name.split(".")[1] for name in MODULES}))
def test_the_examples_of_a_package_hold(package):
    for name in MODULES:
        if name.split(".")[1] == package:
            assert doctest.testmod(importlib.import_module(name)).failed == 0, name


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    modules = (importlib.import_module(name) for name in MODULES if name.startswith("gateway.base"))
    assert sum(bool(one.examples) for module in modules for one in finder.find(module)) > 20
