"""The command `gateway operators`, which serves the simulated operators and carriers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gateway.simulator.faults import FaultPlan
    from gateway.simulator.operators.server import Operators


def operators(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes any free one.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Folder of the operator's own books; without it they are in memory."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of receipts and of the fault plan.")] = 0,
    faults: Annotated[
        str, typer.Option(help="JSON file with the faults to inject, or `none`.")
    ] = "none",
    float_minor: Annotated[
        int, typer.Option(help="Opening float of new books, in minor units (KES cents).")
    ] = 1_000_000_00,
    result_delay_s: Annotated[
        float, typer.Option(help="Seconds from a payment request to the payment.")
    ] = 0.05,
    ready_file: Annotated[
        Path | None, typer.Option(help='Write {"port": N} here once requests are answered.')
    ] = None,
) -> None:
    """Serve simulated providers with /admin, as a server of their own.

    They are Daraja, MTN, Airtel, pawaPay, airtime, and the SMS of Africa's Talking and Twilio. Each
    operator keeps its own books, so that it can disagree with the gateway's.
    """
    import asyncio
    import sqlite3

    from gateway.simulator.operators.daraja import DarajaTerms
    from gateway.simulator.operators.server import Operators

    plan = _plan(faults, seed)
    try:
        serving = Operators(
            data_dir,
            seed=seed,
            plan=plan,
            terms=DarajaTerms(result_delay_s=result_delay_s),
            float_minor=float_minor,
            host=host,
            port=port,
        )
    except (OSError, sqlite3.Error) as error:
        raise SystemExit(f"gateway operators: cannot keep books in {data_dir}: {error}") from None
    try:
        asyncio.run(_serve(serving, ready_file))
    except OSError as error:
        text = f"gateway operators: cannot listen on {host}:{port}: {error.strerror or error}; choose another --port"
        raise SystemExit(text) from None


async def _serve(serving: "Operators", ready_file: Path | None) -> None:
    """Answer until SIGTERM or Ctrl-C."""
    import asyncio
    import signal

    stop = asyncio.Event()
    async with serving:
        for signum in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(signum, stop.set)
        if ready_file is not None:
            _write_ready(ready_file, serving.port)
        print(f"operators on {serving.url} (admin: {serving.url}/admin/health)", flush=True)
        await stop.wait()


def _write_ready(path: Path, port: int) -> None:
    """Write the ready file and rename it into place.

    A parent that waits for the file therefore never reads half of it.
    """
    import json

    part = path.with_suffix(f"{path.suffix}.part")
    try:
        part.write_text(json.dumps({"port": port}))
        part.replace(path)
    except OSError as error:
        raise SystemExit(f"gateway operators: cannot write {path}: {error.strerror}") from None


def _plan(faults: str, seed: int) -> "FaultPlan":
    import json

    from gateway.simulator.faults import FaultPlan, FaultPlanError, parse_plan

    if faults in ("", "none"):
        return FaultPlan(seed=seed)
    try:
        return parse_plan(json.loads(Path(faults).read_text()), seed)
    except (OSError, ValueError, FaultPlanError) as error:
        raise SystemExit(f"gateway operators: fault plan {faults}: {error}") from None


if __name__ == "__main__":
    typer.run(operators)
