"""The operator's side of people: a client with its key, money that arrived, partners and coordinators."""

from gateway.errors import Refused
from gateway.ids import AccountId, ClientId, new_public_id
from gateway.money import minor_per_major
from gateway.msisdn import mask, normalise
from gateway.payments import ledger
from gateway.payments.chart import Account, AccountKind
from gateway.runtime import Runtime
from gateway.steps.enrol import expected_part
from gateway.store import clients, coordinators, ledgers, number_moves, people
from gateway.texts import line
from gateway.vault import key_hash, new_api_key
from gateway.workers.names import as_name, is_name
from gateway.workers.quiet import zone_named

_SHOWN = 8
_NAME_MAX, _CODE_MAX = 200, 40


async def add_client(rt: Runtime, name: str, currency: str) -> tuple[ClientId, str]:
    """A new client and its API key. The key is returned once and stored only as a hash."""
    minor_per_major(currency)
    name = line(name, "name", _NAME_MAX)
    client, key = ClientId(new_public_id("c")), new_api_key()
    account = await rt.accounts.get(Account(AccountKind.CLIENT_AVAILABLE, client, currency))
    async with rt.db.transaction() as db:
        await clients.insert(db, client, name, currency, account)
        await clients.add_key(db, client, key_hash(key), key[:_SHOWN])
    return client, key


async def add_key(rt: Runtime, client: ClientId) -> str:
    """One more key for a client; returned once."""
    await _account(rt, client)
    key = new_api_key()
    await clients.add_key(rt.db, client, key_hash(key), key[:_SHOWN])
    return key


async def revoke_key(rt: Runtime, client: ClientId, shown: str) -> None:
    """From now on the key that begins so opens nothing.

    Raises Refused where no such key is left.
    """
    await _account(rt, client)
    if not await clients.revoke_keys(rt.db, client, shown[:_SHOWN]):
        raise Refused(f"{client} has no key {shown!r} that is not revoked", status=404)


async def top_up(rt: Runtime, client: ClientId, bank_ref: str, amount_minor: int) -> bool:
    """A client's money arrived; False when this bank reference was booked before."""
    account, currency = await _account(rt, client)
    posted = ledger.top_up(client, bank_ref, amount_minor, currency)
    cash = await rt.accounts.get(posted.debit)
    async with rt.db.transaction() as db:
        return await ledgers.post(db, posted, cash, account)


async def _account(rt: Runtime, client: ClientId) -> tuple[AccountId, str]:
    row = await rt.db.row("select account_id, currency from client where id = $1", client)
    if row is None:
        raise Refused(f"no client {client!r}; list them with: gateway client list", status=404)
    return AccountId(row["account_id"]), row["currency"]


async def currency_of(rt: Runtime, client: ClientId) -> str:
    return (await _account(rt, client))[1]


async def add_partner(rt: Runtime, code: str, name: str) -> None:
    """A partner; its code is what workers text after JOIN."""
    if not code.isascii() or not code.isalnum():
        raise Refused("a partner's code is one plain word, like KIBERA", field="code")
    await people.add_partner(rt.db, line(code, "code", _CODE_MAX), line(name, "name", _NAME_MAX))


async def add_coordinator(
    rt: Runtime, msisdn: str, name: str, language: str, partner: str | None, by: str = "operator"
) -> None:
    """A coordinator; from this number ADD, REMOVE and STATUS are understood."""
    if language not in rt.books:
        raise Refused(
            f"no language {language!r}; there is: {', '.join(sorted(rt.books))}", field="language"
        )
    name = line(name, "name", _NAME_MAX)
    number = normalise(msisdn, rt.settings.region)
    if partner and not await people.partner_codes(rt.db, [partner.upper()]):
        raise Refused(f"no partner {partner!r}; add it with: gateway partner add", field="partner")
    index = rt.vault.index(number)
    async with rt.db.transaction() as db:
        await people.add_coordinator(
            db,
            name=_name(name),
            language=language,
            sealed=rt.vault.seal(number),
            index=index,
            partner=partner,
        )
        row = await coordinators.by_index(db, index)
        await coordinators.note(db, row["id"], "added", by, partner or "")


async def set_zone(rt: Runtime, msisdn: str, named: str) -> str:
    """Where a worker lives: an IANA zone or its city; "country" for where her country is. Returns the zone."""
    number = normalise(msisdn, rt.settings.region)
    zone = None if named.casefold() == "country" else zone_named(named)
    if zone is None and named.casefold() != "country":
        raise Refused(f"no time zone {named!r}; write it like Africa/Lubumbashi", field="zone")
    worker = await people.worker_of(rt.db, rt.vault.index(number))
    if worker is None:
        raise Refused(f"{mask(number)} is no worker's number", field="msisdn", status=404)
    await rt.db.execute("select set_zone($1, $2)", worker, zone)
    return zone or "as the country"


async def expect_worker(
    rt: Runtime,
    msisdn: str,
    channel: str,
    partner: str | None = None,
    *,
    name: str = "",
    language: str | None = None,
) -> bool:
    """Put down somebody who is going to join by herself: work may be made out to her, nothing is sent before her own
    JOIN or YES. False: this number was known already, and nothing has changed."""
    name = line(name, "name", _NAME_MAX, least=0)
    number = normalise(msisdn, rt.settings.region)
    if language and language not in rt.books:
        raise Refused(
            f"no language {language!r}; there is: {', '.join(sorted(rt.books))}", field="language"
        )
    if partner and not await people.partner_codes(rt.db, [partner.upper()]):
        raise Refused(f"no partner {partner!r}; add it with: gateway partner add", field="partner")
    index = rt.vault.index(number)
    if await people.state_of(rt.db, index) != "nobody":
        return False
    if await number_moves.in_hold(rt.db, index, rt.clock.now()):
        raise Refused(
            f"{mask(number)} was given up by a worker a short time ago and may be given back: gateway moves list"
        )
    known_as = _name(name) if name else ""
    await rt.db.commit([expected_part(rt, number, known_as, language, channel, partner)])
    return True


def _name(said: str) -> str:
    """Return a person's name as it is kept.

    Raises Refused for what would carry a link or a number into our messages.
    """
    name = as_name(said)
    if not is_name(name):
        raise Refused(
            f"{said[:60]!r} is no name: letters only, no links, phone numbers or signs",
            field="name",
        )
    return name
