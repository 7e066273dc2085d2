"""The operators who decide about money: they are added, change their keys and are disabled.

The numbers of `controls.tell` are told of each step by SMS. One shell must not be able to create
both of the operators that a decision takes without notice. A present operator therefore vouches for
a new one with a key, and every number of `controls.tell` reads of it at once.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from gateway.base.errors import Refused
from gateway.base.vault import key_hash, new_api_key
from gateway.gsm.septets import gsm_only
from gateway.steps.messages import notify_outside
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection
from gateway.store.people import persons

_NAME_SHOWN_MAX = 24
_NAME_KEPT_MAX = 60


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that is shown once.

    `vouched` is True where a present operator vouched for it. `told` counts the numbers that are
    notified.
    """

    key: str = field(repr=False)
    vouched: bool
    told: int


async def add_person(rt: Runtime, name: str, by: str = "", key: str = "") -> NewKey:
    """Add an operator who may decide about money.

    Raises Refused without the key of a present operator, except for the first two and when no valid
    operator is left.
    """
    name = _checked(name)
    made = new_api_key()
    async with rt.db.transaction() as db:
        alone = await persons.nobody_can_vouch(db)
        voucher = None if alone and not by else await _voucher(db, by, key)
        person = await persons.insert_person(db, name, key_hash(made), _good_for(rt))
        reason = f"vouched for by {by}" if voucher else "without a voucher"
        told = await _happened(rt, db, person, name, "added", voucher, reason)
    return NewKey(made, voucher is not None, _ring(rt, told))


async def rekey_person(rt: Runtime, name: str, by: str = "", key: str = "") -> NewKey:
    """Give an operator a new key and a new period of validity.

    Operators may do so for themselves while their key is valid.
    """
    made = new_api_key()
    async with rt.db.transaction() as db:
        alone = await persons.nobody_is_valid(db)
        voucher = None if alone and not by else await _voucher(db, by, key)
        row = await persons.person_named(db, name.strip())
        if row.gone_at:
            raise Refused(f"{row.name} is disabled: add the person again under another name")
        await persons.rekey(db, row.id, key_hash(made), _good_for(rt))
        reason = f"by {by}" if voucher else "without a voucher"
        told = await _happened(rt, db, row.id, row.name, "rekeyed", voucher, reason)
    return NewKey(made, voucher is not None, _ring(rt, told))


async def disable_person(rt: Runtime, name: str, because: str, by: str, key: str) -> int:
    """Disable an operator at once, also for the lists that this operator prepared.

    Return the number of notified numbers.
    """
    if not because.strip():
        raise Refused("say why; it is kept with the person", field="because")
    async with rt.db.transaction() as db:
        voucher = await _voucher(db, by, key)
        row = await persons.person_named(db, name.strip())
        if not await persons.disable(db, row.id):
            raise Refused(f"{row.name} is disabled already")
        reason = because.strip()
        told = await _happened(rt, db, row.id, row.name, "disabled", voucher, reason)
    return _ring(rt, told)


async def tell_expiries(rt: Runtime) -> int:
    """Record each key that has expired and notify the numbers of the settings.

    Return the number of keys.
    """
    async with rt.db.transaction() as db:
        rows = await persons.newly_expired(db)
        told = 0
        for row in rows:
            reason = f"expired on {row.expires_at:%Y-%m-%d}"
            told += await _happened(rt, db, row.id, row.name, "expired", None, reason)
    _ring(rt, told)
    return len(rows)


async def _voucher(db: Connection, by: str, key: str) -> int:
    if not by.strip():
        raise Refused(
            "a person who is registered already must vouch for this: add --by NAME, and the key when asked",
            field="by",
        )
    return await persons.person_of(db, by.strip(), key)


async def _happened(
    rt: Runtime, db: Connection, person: int, name: str, event: str, by: int | None, reason: str
) -> int:
    """Record the event and the SMS about it, and return the number of notified numbers."""
    number = await persons.note(db, person, event, by, reason)
    happened = {
        "added": "may decide about payouts now",
        "disabled": "may not decide about payouts any more",
        "rekeyed": "has a new key for payouts",
        "expired": "may not decide about payouts: the key is too old",
    }[event]
    why = gsm_only(reason, 40)
    text = (
        f"Gateway: {gsm_only(name, _NAME_SHOWN_MAX)} {happened} ({why}), "
        f"{rt.clock.now():%d/%m %H:%M} UTC. Not expected? Call the operator now."
    )
    return await notify_outside.notify_outside(rt, db, text, f"person:{number}")


def _ring(rt: Runtime, told: int) -> int:
    if told:
        rt.jobs.enqueue("deliver", rt.settings.sms_channel)
    return told


def _good_for(rt: Runtime) -> timedelta:
    return timedelta(days=rt.settings.controls.person_days)


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > _NAME_KEPT_MAX or not name.isprintable():
        raise Refused(f"a person has a name of 1 to {_NAME_KEPT_MAX} characters", field="name")
    return name
