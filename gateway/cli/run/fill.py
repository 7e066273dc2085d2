"""The command `gateway fill`, which makes a gateway full of invented history in a new folder.

It serves benchmarks and tests of growing tables.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

_FIRST_NUMBER = 254_700_000_000  # one of Kenya's mobile numbers
_CURRENCY, _REGION = "KES", "KE"


def fill(
    into: Annotated[Path, typer.Option(help="A data folder that is new or unused.")],
    answers: Annotated[
        int,
        typer.Option(
            min=1000, max=100_000_000, help="The approximate number of answers of finished batches."
        ),
    ] = 100_000,
    workers: Annotated[
        int | None,
        typer.Option(
            min=50, max=9_000_000, help="The number of workers. Default: one per 50 answers."
        ),
    ] = None,
    open_tasks: Annotated[
        int | None,
        typer.Option(min=100, help="The tasks of the very large open batch. Default: a fifth."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same history.")] = 1,
) -> None:
    """Fill a new data folder with invented history: workers, batches, answers, messages, money."""
    from rich.console import Console
    from rich.progress import Progress

    from gateway.base.vault import Vault
    from gateway.cli.serving import served
    from gateway.settings import Settings
    from gateway.settings.apart import apart
    from gateway.store.history import fill as rows

    plan = rows.plan(answers, workers, open_tasks, seed)
    console = Console(stderr=True)
    console.print(f"invented history goes into {into}; inherited settings are ignored")

    async def run(settings: Settings) -> int:
        assert settings.secret_key is not None
        assert settings.database_url is not None
        vault = Vault(settings.secret_key.get_secret_value())
        numbers = [(vault.seal(n), vault.index(n)) for n in _numbers(plan.workers)]
        made = 0
        with Progress(console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task("filling", total=plan.answers)
            async for made, what in rows.fill(
                settings.database_url.get_secret_value(), plan, numbers, _CURRENCY, _REGION
            ):
                bar.update(task, completed=made, description=what)
        return made

    with apart():
        settings = Settings(data_dir=into)
        with served(settings, migrated=True) as ready:
            made = asyncio.run(run(ready))
    typer.echo(
        f"{made:,} answers of {plan.workers:,} workers. To use it: GATEWAY_DATA_DIR={into} gateway up"
    )


def _numbers(workers: int) -> Iterator[str]:
    return (f"+{_FIRST_NUMBER + n}" for n in range(workers))
