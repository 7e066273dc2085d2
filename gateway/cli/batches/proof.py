"""The command `gateway client proof`, which shows the payment of each answer of a batch."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.json_output import Raw
from gateway.cli.people.clients import client

__all__ = ["client"]


@client.command("proof")
def proof(
    batch: Annotated[str, typer.Argument(help="The batch's id (b_...).")],
    out: Annotated[Path | None, typer.Option(help="Write the CSV there. Default: stdout.")] = None,
    *,
    raw: Raw = False,
) -> None:
    """Write a batch's proof as CSV: each paid answer with its payout and receipt."""
    from gateway.api.client.proof import as_csv
    from gateway.base.errors import Refused
    from gateway.cli.serving import with_runtime
    from gateway.steps.quality.confidences import Checked
    from gateway.steps.runtime import Runtime
    from gateway.store.batches import batches, results
    from gateway.store.ledger import traces

    async def written(rt: Runtime) -> bytes:
        currency = await batches.currency_of(rt.db, batch)
        if currency is None:
            raise Refused(f"there is no batch {batch!r}")
        state = await results.state_of(rt.db, batch)
        known = Checked(await results.gold_answered(rt.db, batch), state == "done")
        links = traces.of_batch(rt.db, batch)
        return b"".join([part async for part in as_csv(links, currency, known, raw=raw)])

    text = with_runtime(written)
    if out is None:
        sys.stdout.write(text.decode())
    else:
        out.write_bytes(text)
