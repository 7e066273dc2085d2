"""The content that `gateway up` puts into an empty gateway, so that a newcomer can try everything.

It is a client with money, an active partner, a coordinator, and small batches on shops and places
of Nairobi. Each is added only if it is missing, so repeated and interrupted runs do no harm.
"""

from dataclasses import dataclass

from gateway.base.errors import Refused
from gateway.base.ids import ClientId
from gateway.cli.run.example_partner import admit_example
from gateway.payments.ledger.postings import float_top_up
from gateway.simulator.operators.books import FLOAT_MINOR
from gateway.steps.batches.submit.create import BatchSpec, create_batch
from gateway.steps.batches.submit.fill import add_tasks
from gateway.steps.batches.submit.start import start_batch
from gateway.steps.people import register
from gateway.steps.people.api_keys import add_key
from gateway.steps.runtime import Runtime
from gateway.store.batches import listed_batches
from gateway.store.ledger import transfers
from gateway.store.people import clients, workers
from gateway.store.people.partners import profiles
from gateway.tasks.intake import RowRules, check_rows
from gateway.tasks.question import Option

CLIENT = "Nairobi Shop Map (try-out)"
PARTNER = ("KIBERA", "Kibera Digital Centre")
COORDINATOR = ("+254711000001", "Grace")
WORKER = ("+254711000002", "Amina")
_MONEY_MINOR = 100_000_00
_CURRENCY = "KES"
_PARTNER_PRICE_MINOR = 1_00
_AUTHOR = "gateway up"
PROVIDER = "mpesa"  # the name of the simulated provider


@dataclass(frozen=True, slots=True)
class _TryOut:
    """A small batch, with its texts in the order of asking.

    Two answers earn the least amount that is paid out.
    """

    name: str
    kind: str
    language: str
    instructions: str
    price_minor: int
    tasks: tuple[str, ...]
    options: tuple[Option, ...] = ()


_TRADES = tuple(
    Option(name, {"en": en, "sw": sw})
    for name, en, sw in (
        ("food", "Food", "Chakula"),
        ("clothes", "Clothes", "Nguo"),
        ("health", "Health", "Afya"),
        ("repairs", "Repairs", "Ufundi"),
        ("money", "Money", "Pesa"),
    )
)

BATCHES = (
    _TryOut(
        "Is it there?",
        "verification",
        "en",
        "Is this true? Say what you know yourself.",
        5_00,
        (
            "Toi Market is next to Kibera.",
            "Kenyatta National Hospital is on Hospital Road.",
            "Gikomba is known for second-hand clothes.",
            "Olympic is the name of a school and a bus stage in Kibera.",
            "The Railways stage is in Westlands.",
            "There is an M-PESA agent near your home.",
        ),
    ),
    _TryOut(
        "What do they sell?",
        "categorisation",
        "en",
        "What kind of business is it?",
        5_00,
        (
            "Mama Njeri Fresh Vegetables",
            "Baraka Shoe Repairs",
            "Afya Bora Chemist",
            "Toi Mitumba Centre",
            "Kamau M-PESA and Airtime",
            "Jirani Butchery",
        ),
        _TRADES,
    ),
    _TryOut(
        "Addresses in full",
        "transcription",
        "en",
        "Type this in full words, without short forms.",
        8_00,
        (
            "opp. Toi Mkt, nxt to KCB",
            "2nd flr, Olympic Hse, Kibera Dr",
            "btwn Makina mosque & DC's off.",
            "St. Jude pry sch, Ngong Rd",
        ),
    ),
    _TryOut(
        "Ipo kweli?",
        "verification",
        "sw",
        "Je, ni kweli? Sema unachojua mwenyewe.",
        5_00,
        (
            "Soko la Toi liko karibu na Kibera.",
            "Gikomba inajulikana kwa nguo za mitumba.",
            "Stendi ya Railways iko Westlands.",
            "Kuna wakala wa M-PESA karibu nawe.",
        ),
    ),
    _TryOut(
        "Wanauza nini?",
        "categorisation",
        "sw",
        "Hii ni biashara ya aina gani?",
        5_00,
        (
            "Mama Njeri Mboga na Matunda",
            "Fundi wa Viatu Baraka",
            "Duka la Dawa Afya Bora",
            "Mitumba ya Toi",
        ),
        _TRADES,
    ),
    _TryOut(
        "Nambari kwa maneno",
        "transcription",
        "sw",
        "Andika nambari hii kwa maneno.",
        8_00,
        ("350", "1,200", "4,075", "20,010"),
    ),
)


async def add_tryout(rt: Runtime, *, key_wanted: bool) -> str | None:
    """Add the missing content.

    Return the client's API key if it is new, since it is stored nowhere.
    """
    await admit_example(rt, *PARTNER, by=_AUTHOR)
    if not await workers.is_coordinator(
        rt.db, rt.vault.index(COORDINATOR[0])
    ):  # A coordinator that was cut off stays cut off.
        await register.add_coordinator(rt, *COORDINATOR, "en", PARTNER[0])
    client, key = await _client(rt, key_wanted=key_wanted)
    await register.top_up(rt, client, "try-out", _MONEY_MINOR)
    await book_float(rt)
    there = {row["name"]: row for row in await listed_batches.all_of_client(rt.db, client)}
    for batch in BATCHES:
        row = there.get(batch.name)
        if row is None:
            await _start(rt, client, batch, await _create(rt, client, batch), empty=True)
        elif row["state"] == "draft":  # A previous run was killed half-way.
            await _start(rt, client, batch, row["id"], empty=row["tasks"] == 0)
    return key


async def _client(rt: Runtime, *, key_wanted: bool) -> tuple[ClientId, str | None]:
    found = await clients.first_named(rt.db, CLIENT)
    if found is None:
        return await register.add_client(rt, CLIENT, _CURRENCY)
    return ClientId(found), await add_key(rt, ClientId(found)) if key_wanted else None


async def book_float(rt: Runtime) -> None:
    """Book the simulated operator's opening float.

    Otherwise its first answer would differ from the gateway's books.
    """
    posting = float_top_up(PROVIDER, "opening", FLOAT_MINOR, _CURRENCY)
    debit = await rt.accounts.get(posting.debit)
    credit = await rt.accounts.get(posting.credit)
    async with rt.db.transaction() as db:
        await transfers.post(db, posting, debit, credit)


async def _create(rt: Runtime, client: ClientId, batch: _TryOut) -> str:
    spec = BatchSpec(
        name=batch.name,
        kind=batch.kind,
        instructions=batch.instructions,
        options=batch.options,
        languages=(batch.language,),
        price_minor=batch.price_minor,
        partner_price_minor=_PARTNER_PRICE_MINOR,
        policy="fixed:3",
        confidence=0.0,
        method="majority",
        gold_rate=0.0,
        lease_s=None,
        pack_max=1,
    )
    return (await create_batch(rt, client, spec)).id


async def _start(
    rt: Runtime, client: ClientId, batch: _TryOut, batch_id: str, *, empty: bool
) -> None:
    if empty:
        # The examples are for the visitor's own workers. Simulated workers have another partner.
        partner = await profiles.by_code(rt.db, PARTNER[0])
        audience = {"partners": [partner.id]}
        rows = [
            {"id": str(n), "text": text, "audience": audience}
            for n, text in enumerate(batch.tasks, 1)
        ]
        kind = rt.kind_of(batch.kind)
        rules = RowRules(kind, kind.options(batch.options))
        await add_tasks(rt, client, batch_id, check_rows(rows, rules))
    try:
        await start_batch(rt, client, batch_id)
    except Refused as refused:
        if refused.status != 402:  # noqa: PLR2004  # its money is spent: it stays a draft
            raise
