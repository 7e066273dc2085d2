"""The schema: every table with what its columns mean. Migrations are made from this; queries are hand-written SQL.

Amounts are whole minor units of `currency`. Times are UTC. Phone numbers stand only sealed (`*_sealed`, AES-GCM)
and as a blind index (`*_index`, HMAC); see `gateway.vault`. Triggers and functions live in `store/sql/`.
"""

from gateway.store.tables import (
    controls,
    coordinators,
    decisions,
    messages,
    money,
    numbers,
    people,
    quality,
    work,
)
from gateway.store.tables._base import metadata

__all__ = [
    "controls",
    "coordinators",
    "decisions",
    "messages",
    "metadata",
    "money",
    "numbers",
    "people",
    "quality",
    "work",
]
