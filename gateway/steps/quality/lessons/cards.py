"""Skill cards by SMS: the card of a worker of this gateway, and a card of another gateway."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from gateway.base.ids import WorkerId
from gateway.conversation.facts import CardsShown, CardTaken, CardTried
from gateway.conversation.situation import CardView, ShownCard, Situation
from gateway.qa.skills import card as codes
from gateway.qa.skills.gold import ENTRY_GOLD
from gateway.steps.runtime import Runtime
from gateway.store.db import Write
from gateway.store.quality import cards, credentials
from gateway.store.turns.situation import TurnRow

TRIES_MAX = 5
"""The codes per worker and 24 hours that may be wrong."""
SHOWN_MAX = 2
"""The cards that one SMS shows."""
CardVerdict = Literal["taken", "unknown", "limit", "own", "old", "revoked", "known"]


@dataclass(frozen=True, slots=True)
class MadeCard:
    """A card of a worker: its code, and what that says."""

    code: str
    claim: codes.CardClaim


async def cards_of(rt: Runtime, worker: WorkerId, msisdn: str) -> list[MadeCard]:
    """Return the cards of a worker for her number, the one with most answers first."""
    today, key = rt.clock.now().date(), rt.vault.card_key
    return [
        MadeCard(codes.code_of(claim, msisdn, key), claim)
        for one in await credentials.shown_by(rt.db, worker)
        if one.kind in codes.KINDS and (one.learned or one.accepted >= codes.LEVELS[1])
        for claim in [_claim(one, today)]
    ]


async def look_up_card(
    rt: Runtime, row: TurnRow, situation: Situation, said: str, msisdn: str
) -> Situation:
    """Add the worker's own cards, or the verdict on the code behind CARD."""
    if situation.worker is None:
        return situation
    if not said:
        made = await cards_of(rt, row.worker, msisdn)
        shown = tuple(_shown(rt, one, situation.worker.language) for one in made[:SHOWN_MAX])
        return situation.changed(card=CardView(mine=shown))
    return situation.changed(card=await _judged(rt, row, said, msisdn))


def card_writes(row: TurnRow, fact: CardsShown | CardTaken | CardTried, index: bytes) -> Write:
    """Return the write of one fact about cards."""
    match fact:
        case CardsShown():
            given = [cards.GivenCard(one.digest, one.kind, one.accepted) for one in fact.cards]
            return cards.give_cards(row.worker, index, given)
        case CardTried():
            return cards.try_card(row.worker, fact.digest, TRIES_MAX)
        case CardTaken():
            taken = cards.TakenCard(
                fact.digest,
                fact.issuer,
                fact.kind,
                fact.learned,
                fact.accepted,
                fact.right,
                fact.wrong,
            )
            return cards.take_card(row.worker, taken)


def _claim(one: credentials.ShownSkill, today: date) -> codes.CardClaim:
    skill = one.skill.decayed(one.age_days)
    return codes.claim(one.kind, skill, learned=one.learned, accepted=one.accepted, today=today)


def _shown(rt: Runtime, one: MadeCard, language: str) -> ShownCard:
    lesson = rt.lessons.find(one.claim.kind, language)
    title = lesson.title if lesson else one.claim.kind
    return ShownCard(title, one.code, codes.digest(one.code), one.claim.kind, one.claim.accepted)


async def _judged(rt: Runtime, row: TurnRow, said: str, msisdn: str) -> CardView:
    """Judge a code: whether another gateway gave it for this number, and its use here."""
    tries = await cards.tries_since(rt.db, row.worker)
    if tries >= TRIES_MAX:
        return CardView(verdict="limit")
    digest, left = codes.digest(said), TRIES_MAX - tries - 1
    if codes.read_code(said, msisdn, {"": rt.vault.card_key}):
        return CardView(verdict="own")
    keys = {one.name: rt.vault.open_key(one.sealed_key) for one in await cards.issuers(rt.db)}
    found = codes.read_code(said, msisdn, keys)
    if found is None:
        return CardView(verdict="unknown", tried=CardTried(digest), tries_left=left)
    issuer, claim = found
    verdict = await _use(rt, row, issuer, claim, digest)
    if verdict in ("old", "revoked"):
        return CardView(verdict=verdict, tried=CardTried(digest), tries_left=left)
    if verdict != "taken":
        return CardView(verdict=verdict)
    skill = claim.evidence(rt.clock.now().date())
    taken = CardTaken(
        digest, issuer, claim.kind, claim.learned, claim.accepted, skill.right, skill.wrong
    )
    return CardView(verdict="taken", taken=taken)


async def _use(
    rt: Runtime, row: TurnRow, issuer: str, claim: codes.CardClaim, digest: str
) -> CardVerdict:
    if await cards.is_revoked(rt.db, issuer, digest):
        return "revoked"
    if not claim.is_valid(rt.clock.now().date()):
        return "old"
    if await cards.was_taken(rt.db, row.worker, issuer, claim.kind):
        return "known"
    if await cards.gold_seen(rt.db, row.worker, claim.kind) >= ENTRY_GOLD:
        return "known"
    return "taken"
