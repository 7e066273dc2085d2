"""The typed row of a turn has the columns of the SQL function `situation`, in its order."""

from typing import get_args, get_origin, get_type_hints

from gateway.store.turns import turns
from gateway.store.turns.situation import COLUMNS, TurnRow

_TYPES = {
    "text": "str",
    "bigint": "int",
    "smallint": "int",
    "boolean": "bool",
    "real": "float",
    "timestamp with time zone": "datetime",
    "jsonb": "json",
    "text[]": "list[str]",
    "real[]": "list[float]",
    "boolean[]": "list[bool]",
    "integer[]": "list[int]",
}


async def _columns(town) -> list[tuple[str, str]]:
    rows = await town.rt.db.rows(
        """select x.name, format_type(x.type, null) as type
             from pg_proc p,
               unnest(p.proargnames, p.proallargtypes, p.proargmodes) with ordinality as x(name, type, mode, nth)
             where p.proname = 'situation' and x.mode = 'o' order by x.nth"""
    )
    return [(row["name"], _TYPES[row["type"]]) for row in rows]


def _plain(name: str) -> str:
    """Return the type of a field as a column has it: without None, and without a name for ids."""
    hint = get_type_hints(TurnRow)[name]
    kind = next((one for one in get_args(hint) if one is not type(None)), hint)
    kind = hint if get_origin(hint) is list else kind
    if name in ("pack", "more", "moving", "memory", "lesson", "record", "arrival"):
        return "json"
    if get_origin(kind) is list:
        return f"list[{get_args(kind)[0].__name__}]"
    kind = getattr(kind, "__supertype__", kind)
    return "str" if isinstance(kind, str) else kind.__name__


async def test_the_fields_are_the_columns_of_the_function(town):
    columns = await _columns(town)
    assert list(COLUMNS) == [name for name, _ in columns]
    assert {name: _plain(name) for name in COLUMNS} == dict(columns)


async def test_a_row_without_a_worker_says_so(town):
    event = turns.InboundEvent("phone", "sms", "never-seen", b"\x00" * 32, b"")
    row = await turns.read_situation(town.rt.db, event)
    assert (row.worker_id, row.coordinator_id, row.known_state) == (None, None, None)
