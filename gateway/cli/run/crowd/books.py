"""The choice of a command between the gateway and its test gateway."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from gateway.cli.serving import with_runtime
from gateway.steps.runtime import Runtime

T = TypeVar("T")

TestBooks = Annotated[
    bool,
    typer.Option("--test", help="Work on the test gateway: its clients, keys and books."),
]


def with_books(work: Callable[[Runtime], Awaitable[T]], *, test: bool) -> T:
    """Run one piece of work over the gateway, or over its test gateway."""
    if not test:
        return with_runtime(work)
    from gateway.cli.run.crowd.serve_test_gateway import with_test_runtime

    return with_test_runtime(work)
