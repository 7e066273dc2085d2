"""The registration of clients, their keys and money, and of partners, coordinators and workers.

These are commands of the operator.
"""

from gateway.base.errors import Refused
from gateway.base.ids import AccountId, ClientId, new_public_id
from gateway.base.money import minor_per_major
from gateway.base.msisdn import mask, normalise
from gateway.base.text.strings import line
from gateway.payments.ledger import postings
from gateway.payments.ledger.chart_of_accounts import Account, AccountKind
from gateway.steps.people.api_keys import WantedKey, store_new_key
from gateway.steps.people.enrol import expected_part
from gateway.steps.people.partners.words import author, reason_given
from gateway.steps.runtime import Runtime
from gateway.store.ledger import transfers
from gateway.store.people import clients, coordinators, number_moves, worker_writes, workers
from gateway.store.people.partners import profiles
from gateway.store.people.partners.profiles import PartnerChange
from gateway.workers.names import as_name, is_name
from gateway.workers.quiet import zone_named

TEST_MONEY = 1_000_000
"""The money of a new test client, in major units."""
_NAME_MAX, _CODE_MAX = 200, 40


async def add_client(rt: Runtime, name: str, currency: str) -> tuple[ClientId, str]:
    """Add a client and return its id and its API key.

    The key is returned once and stored only as a hash.
    """
    minor_per_major(currency)
    name = line(name, "name", _NAME_MAX)
    client = ClientId(new_public_id("c"))
    account = await rt.accounts.get(Account(AccountKind.CLIENT_AVAILABLE, client, currency))
    async with rt.db.transaction() as db:
        await clients.insert(db, client, name, currency, account)
        key = await store_new_key(rt, db, client, WantedKey())
    return client, key


async def add_test_client(rt: Runtime, name: str, currency: str) -> tuple[ClientId, str]:
    """Add a client of the test gateway with money that is not real, and return its id and key."""
    assert rt.test
    client, key = await add_client(rt, name, currency)
    await top_up(rt, client, f"test:{client}", TEST_MONEY * minor_per_major(currency))
    return client, key


async def top_up(rt: Runtime, client: ClientId, bank_ref: str, amount_minor: int) -> bool:
    """Book a client's money that arrived.

    Return False when this bank reference was booked before.
    """
    account, currency = await _account(rt, client)
    posted = postings.top_up(client, bank_ref, amount_minor, currency)
    cash = await rt.accounts.get(posted.debit)
    async with rt.db.transaction() as db:
        return await transfers.post(db, posted, cash, account)


async def _account(rt: Runtime, client: ClientId) -> tuple[AccountId, str]:
    row = await clients.account_of(rt.db, client)
    if row is None:
        raise Refused(f"no client {client!r}; list them with: gateway client list", status=404)
    return AccountId(row["account_id"]), row["currency"]


async def currency_of(rt: Runtime, client: ClientId) -> str:
    """Return the currency of a client's account."""
    return (await _account(rt, client))[1]


async def add_partner(
    rt: Runtime, code: str, name: str, *, by: str = "operator", because: str = "it applied"
) -> bool:
    """Add a partner as an applicant, or rename it. Return True for a new one.

    Workers text its code after JOIN.
    """
    if not code.isascii() or not code.isalnum():
        raise Refused("a partner's code is one plain word, like KIBERA", field="code")
    code, name = line(code, "code", _CODE_MAX), line(name, "name", _NAME_MAX)
    async with rt.db.transaction() as db:
        partner, was = await profiles.add(db, code, name)
        if was != name:
            event, becomes = ("renamed", name) if was else ("added", str(partner.state))
            change = PartnerChange(
                event, author(by), reason_given(because), was=was or "", becomes=becomes
            )
            await profiles.note(db, partner.id, change)
    return was is None


async def add_coordinator(
    rt: Runtime, msisdn: str, name: str, language: str, partner: str | None, by: str = "operator"
) -> None:
    """Add a coordinator. ADD, REMOVE and STATUS are understood from this number."""
    if language not in rt.books:
        raise Refused(
            f"no language {language!r}; there is: {', '.join(sorted(rt.books))}", field="language"
        )
    name = line(name, "name", _NAME_MAX)
    number = normalise(msisdn, rt.settings.region)
    if partner and not await workers.partner_codes(rt.db, [partner.upper()]):
        raise Refused(f"no partner {partner!r}; add it with: gateway partner add", field="partner")
    index = rt.vault.index(number)
    async with rt.db.transaction() as db:
        await workers.add_coordinator(
            db,
            name=_name(name),
            language=language,
            sealed=rt.vault.seal(number),
            index=index,
            partner=partner,
        )
        row = await coordinators.by_index(db, index)
        await coordinators.note(db, row.id, "added", by, partner or "")


async def set_zone(rt: Runtime, msisdn: str, named: str) -> str:
    """Set the time zone of a worker, and return it.

    `named` is an IANA zone or its city; "country" stands for the zone of her country.
    """
    number = normalise(msisdn, rt.settings.region)
    zone = None if named.casefold() == "country" else zone_named(named)
    if zone is None and named.casefold() != "country":
        raise Refused(f"no time zone {named!r}; write it like Africa/Lubumbashi", field="zone")
    worker = await workers.worker_of(rt.db, rt.vault.index(number))
    if worker is None:
        raise Refused(f"no worker has the number {mask(number)}", field="msisdn", status=404)
    await rt.db.write([worker_writes.set_zone(worker, zone)])
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
    """Record a worker who is going to join on her own.

    Tasks may be directed to her, but nothing is sent before her own JOIN or YES. Return False when
    this number was already known; then nothing has changed.
    """
    name = line(name, "name", _NAME_MAX, least=0)
    number = normalise(msisdn, rt.settings.region)
    if language and language not in rt.books:
        raise Refused(
            f"no language {language!r}; there is: {', '.join(sorted(rt.books))}", field="language"
        )
    if partner and not await workers.partner_codes(rt.db, [partner.upper()]):
        raise Refused(f"no partner {partner!r}; add it with: gateway partner add", field="partner")
    index = rt.vault.index(number)
    if await workers.state_of(rt.db, index) != "nobody":
        return False
    if await number_moves.in_hold(rt.db, index, rt.clock.now()):
        raise Refused(
            f"{mask(number)} was given up by a worker a short time ago and may be given back: gateway moves list"
        )
    known_as = _name(name) if name else ""
    await rt.db.write([expected_part(rt, number, known_as, language, channel, partner)])
    return True


def _name(said: str) -> str:
    """Return a person's name in the form that is kept.

    Raises Refused for a text that would carry a link or a number into the gateway's messages.
    """
    name = as_name(said)
    if not is_name(name):
        raise Refused(
            f"{said[:60]!r} is no name: letters only, no links, phone numbers or signs",
            field="name",
        )
    return name
