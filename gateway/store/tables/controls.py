"""What keeps money honest beside the ledger itself: seals over its history."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, LargeBinary, Table

from gateway.store.tables._base import at_column, id_column, metadata

# A link of the hash chain over the ledger: see gateway.payments.seals.
seal = Table(
    "seal",
    metadata,
    id_column(),
    Column("from_seq", BigInteger, nullable=False, unique=True),
    Column("to_seq", BigInteger, nullable=False, unique=True),
    Column("transfers", Integer, nullable=False),  # rows in the range: identities leave gaps
    Column("prev", LargeBinary, nullable=False, unique=True),  # a chain never forks
    Column("digest", LargeBinary, nullable=False, unique=True),
    at_column("at"),
    CheckConstraint("from_seq <= to_seq", name="range"),
)
