"""The shares of a batch for partners: the proposal with its reasons, and the choice of them.

A client or an operator may choose other shares than proposed while the batch is a draft. The choice
is kept beside the proposal, with its author and reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.base.errors import Refused
from gateway.base.ids import ClientId
from gateway.base.text.strings import line
from gateway.steps.batches.quote import filled
from gateway.steps.batches.uploading import check_state
from gateway.steps.repeated import first_try, keep_result
from gateway.steps.runtime import Runtime
from gateway.store.batches import shares
from gateway.store.batches.life import batch_state
from gateway.store.people.partners.candidates import candidates, not_active
from gateway.workers.partners.offers import ProposedShare, propose_shares

_ROUNDING = 1e-9
_BY_MAX, _REASON_MAX = 100, 500


@dataclass(frozen=True, slots=True)
class ShareOffer:
    """The shares of a batch as they are chosen now, and as they are proposed."""

    chosen: Mapping[str, float]
    proposed: tuple[ProposedShare, ...]
    answers: int
    """The number of answers that the proposal reckons with."""
    keep_h: int
    """The hours for which the shares are kept."""


async def check_shares(rt: Runtime, wanted: Mapping[str, float]) -> None:
    """Raise Refused unless every share is an active partner's, and they add up to 1 at most."""
    for code, state in await not_active(rt.db, list(wanted)):
        if state is None:
            raise Refused(f"no partner {code!r}; GET /audience lists the partners", field="shares")
        raise Refused(
            f"the partner {code} is {state.replace('_', ' ')}; only active partners get a share",
            field="shares",
        )
    if sum(wanted.values()) > 1 + _ROUNDING:
        raise Refused("the shares add up to more than 1", field="shares")


async def offer(rt: Runtime, batch_id: str) -> ShareOffer:
    """Return the chosen and the proposed shares of a batch, with the reasons for each partner."""
    batch = await rt.batches.fresh(batch_id)
    answers = (await filled(rt, batch)).least
    found = propose_shares(await candidates(rt.db, batch_id), answers, batch.handling.keep_h)
    return ShareOffer(batch.handling.shares, tuple(found), answers, batch.handling.keep_h)


async def choose_shares(
    rt: Runtime,
    client: ClientId,
    batch_id: str,
    wanted: Mapping[str, float] | None,
    *,
    by: str,
    because: str,
) -> ShareOffer:
    """Set the shares of a draft, or those that are proposed where `wanted` is None.

    Raises Refused for a batch that has started, and for a partner that is not active.
    """
    author, reason = line(by, "by", _BY_MAX), line(because, "because", _REASON_MAX)
    known = await offer(rt, batch_id)
    if first_try() is not None:
        return known
    proposed = {one.code: one.share for one in known.proposed if one.share}
    chosen = {code.upper(): share for code, share in (wanted or {}).items()}
    if wanted is None:
        chosen = proposed
    if bad := [code for code, share in chosen.items() if not 0 < share <= 1]:
        raise Refused(f"the share of {bad[0]} is above 0 and at most 1, like 0.4", field="shares")
    await check_shares(rt, chosen)
    async with rt.db.transaction() as db:
        row = await batch_state.lock(db, client, batch_id)
        check_state(row, batch_id, ("draft",), "its shares were dealt out at the start")
        await shares.choose(db, batch_id, chosen)
        await shares.note(db, batch_id, chosen, proposed, author, reason)
        await keep_result(db)
    await rt.batches.fresh(batch_id)
    return replace(known, chosen=chosen)
