"""The operator's commands on skill cards: print, revoke, and exchange with other gateways."""

from dataclasses import dataclass

from gateway.base.errors import Refused
from gateway.base.ids import WorkerId
from gateway.conversation.context import short_name
from gateway.qa.skills.card import LENGTH, bare, digest
from gateway.qa.skills.card_trust import TrustFile
from gateway.steps.people.find_worker import find
from gateway.steps.quality.lessons.cards import MadeCard, cards_of
from gateway.steps.runtime import Runtime
from gateway.store.people import workers
from gateway.store.quality import cards, credentials
from gateway.store.quality.credentials import Credential


@dataclass(frozen=True, slots=True)
class PrintedCards:
    """The cards of one worker, ready to be printed."""

    gateway: str
    name: str
    number: str
    """The last digits of the number to which the cards are bound."""
    cards: list[MadeCard]
    credentials: list[Credential]


async def print_cards(rt: Runtime, said: str) -> PrintedCards:
    """Return a worker's cards, and record that they were given. Raises Refused where none is."""
    worker = await _one(rt, said)
    async with rt.db.transaction() as db:
        row = await workers.contact_of(db, worker)
    assert row is not None
    msisdn = rt.vault.open(row.msisdn_sealed)
    made = await cards_of(rt, worker, msisdn)
    if not made:
        raise Refused("she has no card yet: a passed lesson or 25 accepted answers give one")
    given = [cards.GivenCard(digest(one.code), one.claim.kind, one.claim.accepted) for one in made]
    await rt.db.write([cards.give_cards(worker, rt.vault.index(msisdn), given)])
    (found,) = await find(rt, str(worker))
    earned = await credentials.of_worker(rt.db, worker)
    return PrintedCards(
        rt.settings.gateway_name, short_name(found.name), found.number, made, earned
    )


async def revoke_cards(rt: Runtime, said: str, by: str, reason: str) -> int:
    """Revoke one card by its code, or all cards of a worker, and return how many were valid.

    The other gateways know with the next exchanged file.
    """
    async with rt.db.transaction() as db:
        letters = bare(said)
        if len(letters) == LENGTH and (
            count := await cards.revoke(db, by, reason, digest=digest(letters))
        ):
            return count
        return await cards.revoke(db, by, reason, worker=await _one(rt, said))


async def own_trust(rt: Runtime) -> TrustFile:
    """Return this gateway's verification key and its revoked cards, for another gateway."""
    revoked = await cards.revoked_here(rt.db)
    return TrustFile(rt.settings.gateway_name, rt.vault.card_key, frozenset(revoked))


async def trust(rt: Runtime, file: TrustFile, by: str) -> None:
    """Accept the cards of another gateway, except the revoked ones."""
    if file.key == rt.vault.card_key:
        raise Refused("this is the trust file of this very gateway; give it to another one")
    sealed = rt.vault.seal_key(file.key)
    async with rt.db.transaction() as db:
        await cards.trust(db, file.gateway, sealed, by, sorted(file.revoked))


async def distrust(rt: Runtime, gateway: str) -> None:
    """Accept no more cards of a gateway. Raises Refused where it is unknown."""
    async with rt.db.transaction() as db:
        if not await cards.distrust(db, gateway):
            known = ", ".join(one.name for one in await cards.issuers(rt.db)) or "none"
            raise Refused(f"no gateway {gateway!r} is trusted; there is: {known}", status=404)


async def _one(rt: Runtime, said: str) -> WorkerId:
    found = await find(rt, said)
    if len(found) > 1:
        listed = ", ".join(f"{one.id} ({one.name} {one.number})" for one in found[:10])
        raise Refused(f"{len(found)} workers match; name one by id: {listed}")
    return WorkerId(found[0].id)
