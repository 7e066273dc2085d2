"""The statements of providers: their imports, their findings, and the explanations by persons."""

from collections.abc import Sequence
from datetime import datetime

from gateway.base.errors import Refused
from gateway.base.vault import Vault
from gateway.payments.ledger.chart_of_accounts import Code
from gateway.payments.reconciliation.reconcile import STOPS, Difference, GatewayPayout
from gateway.payments.states import PayoutState
from gateway.store.db import Connection, Database, Row


async def payouts_in_period(
    db: Database, vault: Vault, provider: str, since: datetime, until: datetime
) -> list[GatewayPayout]:
    """Return the provider's payouts that a statement of this period may contain.

    These are all payouts that were sent by its end.
    """
    rows = await db.rows(
        # All charges are read at once. An index on the causes of transfers would make every answer
        # more expensive.
        """select p.id, p.key, p.state, p.amount, p.to_sealed, p.receipt, p.first_sent_at, t.amount as fee
           from payout p left join transfer t on t.code = $4 and t.cause = 'charge:' || p.id
           where p.provider = $1 and p.first_sent_at between $2 and $3""",
        provider,
        since,
        until,
        int(Code.CHARGE),
    )
    return [
        GatewayPayout(
            row["id"],
            row["key"],
            PayoutState(row["state"]),
            row["amount"],
            vault.open(row["to_sealed"]).removeprefix("+"),
            row["receipt"],
            row["fee"],
            row["first_sent_at"],
        )
        for row in rows
    ]


async def imported(db: Database, digest: bytes) -> int | None:
    """Return the statement's id, if the same file was completely imported before."""
    return await db.value(
        "select id from statement where digest = $1 and done_at is not null", digest
    )


async def insert_statement(db: Database, provider: str, digest: bytes, lines: int) -> int:
    """Return the statement's id.

    The same file gets the same id, so that an import that was cut off goes on.
    """
    return await db.value(
        """insert into statement (provider, digest, lines) values ($1, $2, $3)
           on conflict (digest) do update set lines = excluded.lines returning id""",
        provider,
        digest,
        lines,
    )


async def store_findings(
    db: Connection, statement: int, provider: str, findings: Sequence[Difference]
) -> None:
    """Record the findings.

    The same finding of the same provider is recorded once, whatever file shows it.
    """
    await db.execute_many(
        """insert into discrepancy (statement_id, provider, kind, receipt, payout_id, amount, expected, stops)
           values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (provider, kind, receipt) do nothing""",
        [
            (
                statement,
                provider,
                finding.kind,
                finding.receipt or str(finding.payout),
                finding.payout,
                finding.amount_minor,
                finding.expected_minor,
                finding.kind in STOPS,
            )
            for finding in findings
        ],
    )


async def finish_statement(db: Database, statement: int, matched: int) -> None:
    await db.execute(
        "update statement set matched = $2, done_at = now() where id = $1", statement, matched
    )


async def matched_since(db: Database, provider: str, receipts: Sequence[str]) -> None:
    """Explain earlier findings about these receipts, since their payouts are known now."""
    await db.execute(
        """update discrepancy set explained_at = now(), explained_by = 'the gateway',
             explanation = 'matched with its payout since'
           where provider = $1 and receipt = any($2) and kind in ('unsure', 'missing_here') and explained_at is null""",
        provider,
        list(receipts),
    )


async def open_findings(db: Database) -> list[Row]:
    return await db.rows(
        """select d.*, p.ref from discrepancy d left join payout p on p.id = d.payout_id
           where d.explained_at is null order by d.stops desc, d.id"""
    )


async def explain_finding(db: Database, finding: int, by: str, because: str) -> None:
    """Record a person's explanation. Raises Refused when there is nothing to explain."""
    if not (by.strip() and because.strip()):
        raise Refused("name the person who explains it, and give the explanation")
    done = await db.value(
        """update discrepancy set explained_at = now(), explained_by = $2, explanation = $3
           where id = $1 and explained_at is null returning id""",
        finding,
        by.strip(),
        because.strip(),
    )
    if done is None:
        raise Refused(f"there is no open finding {finding}")


async def newest_statement(db: Database, provider: str) -> int:
    """Return the id of the statement of a provider that was imported last."""
    return await db.value(
        "select id from statement where provider = $1 and done_at is not null order by done_at desc limit 1",
        provider,
    )
