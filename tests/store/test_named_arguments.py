"""SQL functions are called with named arguments, and every name is in PostgreSQL's catalogue."""

import ast
import re
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "gateway").rglob("*.py"))
_POSITIONAL = re.compile(r"\b([a-z_]+)\(\s*\$\d+(?:::[\w\[\]]+)?\s*,[^()]*\)")
_NAMED = re.compile(r"\b([a-z_]+)\(((?:\s*p_\w+ ?=> ?[^,()]+,?)+)\)")


@pytest.fixture(scope="module")
async def parameters(new_database):
    """The parameters of each SQL function: all its inputs, and those without a default."""
    engine = create_async_engine(await new_database("parameters"))
    try:
        async with engine.connect() as connection:
            rows = await connection.execute(
                text(
                    """select p.proname, p.pronargs - p.pronargdefaults,
                         array(select n from unnest(p.proargnames, p.proargmodes) as a(n, m)
                           where coalesce(m, 'i') in ('i', 'b', 'v'))
                       from pg_proc p join pg_language l on l.oid = p.prolang
                       where p.pronamespace = 'public'::regnamespace
                         and l.lanname in ('sql', 'plpgsql')"""
                )
            )
            return {name: (names, names[:needed]) for name, needed, names in rows}
    finally:
        await engine.dispose()


def writes(tree):
    """Yield function and argument names of each `Write` with a literal dictionary."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Name(id="Write"),
                args=[ast.Constant(value=function), ast.Dict(keys=keys)],
            ):
                yield function, [key.value if key else None for key in keys]


async def test_every_name_is_a_parameter_and_every_parameter_is_named(parameters):
    found = 0
    for path in FILES:
        source = path.read_text()
        for function, names in writes(ast.parse(source)):
            found += 1
            inputs, needed = parameters[function]
            given = {f"p_{name}" for name in names if name}
            assert given <= set(inputs), (path, function, given - set(inputs))
            if None not in names:  # A dictionary that is unpacked brings more names.
                assert set(needed) <= given, (path, function, set(needed) - given)
        for function, arguments in _NAMED.findall(source):
            if function in parameters:
                found += 1
                given = set(re.findall(r"(p_\w+) ?=>", arguments))
                inputs, needed = parameters[function]
                assert set(needed) <= given <= set(inputs), (path, function)
    assert found > 60


async def test_no_function_with_two_or_more_arguments_is_called_by_position(parameters):
    for path in FILES:
        for function in _POSITIONAL.findall(path.read_text()):
            assert function not in parameters, (path, function)
