# pyright: basic
"""Shares of a batch are proposed to partners with reasons, and chosen by client or operator."""

import pytest

from gateway.base.errors import Refused
from gateway.steps.batches import offered_shares
from gateway.steps.people.partners import admission
from gateway.steps.people.partners.admission import PartnerCapacity

WHO = {"by": "Wanjiru", "because": "they know these streets"}


async def has_gold(town, person, right, wrong, kind="verification"):
    await town.rt.db.execute(
        "insert into skill (worker_id, kind, gold_right, gold_wrong) values ($1, $2, $3, $4)",
        await person.id(), kind, right, wrong,
    )  # fmt: skip


async def draft_of(town, count, **given):
    batch = await town.client.drafts(**given)
    tasks = [{"id": f"t{n}", "text": f"Shop {n}?"} for n in range(count)]
    added = await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=tasks)
    assert added.status_code == 201
    return batch


async def two_centres(town):
    """Kibera is proven and can give 10 answers a day, Mathare is new and can give 100."""
    await town.opens_centre("MATHARE", "Mathare Youth")
    await town.opens_centre("KARIOBANGI", "Kariobangi Youth")
    amina = await town.enrols("amina")
    chege = town.meets("chege")
    await chege.joins("JOIN MATHARE")
    await has_gold(town, amina, 95, 5)
    for code, answers in (("KIBERA", 10), ("MATHARE", 100)):
        await admission.set_capacity(town.rt, code, PartnerCapacity(("en",), 50, answers), **WHO)


async def test_a_client_reads_a_proposal_with_reasons_and_accepts_it(town):
    await two_centres(town)
    batch = await draft_of(town, 100)
    path = f"/batches/{batch.id}/shares"
    said = (await town.client.asks("GET", path)).json()
    assert (said["chosen"], said["answers"], said["keep_shares_h"]) == ({}, 100, 72)
    shares = {one["partner"]: one["share"] for one in said["proposed"]}
    assert shares == {"KIBERA": 0.3, "MATHARE": 0.1, "KARIOBANGI": 0.0}
    reasons = {one["partner"]: "; ".join(one["reasons"]) for one in said["proposed"]}
    assert "can give 30 answers in 72 h; 95 of 100 answers to gold right" in reasons["KIBERA"]
    assert "a trial of at most 10%" in reasons["MATHARE"]
    assert "none of its active workers" in reasons["KARIOBANGI"]
    chosen = await town.client.asks(
        "PUT", path, json={"shares": None, "by": "Ann", "reason": "as proposed"}
    )
    assert chosen.json()["chosen"] == {"KIBERA": 0.3, "MATHARE": 0.1}
    await batch.changes("start")
    kept = {one["partner"]: one["tasks"] for one in (await batch.shows())["shares"]}
    assert kept == {"KIBERA": 30, "MATHARE": 10}
    other = await draft_of(town, 100)
    said = (await town.client.asks("GET", f"/batches/{other.id}/shares")).json()
    (kibera,) = [one for one in said["proposed"] if one["partner"] == "KIBERA"]
    assert kibera["share"] == 0
    assert "beside 30 promised elsewhere" in kibera["reasons"][0]


async def test_a_client_or_an_operator_may_choose_otherwise_and_it_is_kept_why(town):
    await two_centres(town)
    batch = await draft_of(town, 10)
    path = f"/batches/{batch.id}/shares"
    mine = {"shares": {"kibera": 0.8}, "by": "Ann", "reason": "they know the streets"}
    assert (await town.client.asks("PUT", path, json=mine)).json()["chosen"] == {"KIBERA": 0.8}
    found = await offered_shares.choose_shares(
        town.rt, town.client.id, batch.id, {"MATHARE": 0.4}, **WHO
    )
    assert found.chosen == {"MATHARE": 0.4}
    rows = await town.rt.db.rows("select * from batch_share_event order by id")
    assert [(row["by_whom"], row["shares"]) for row in rows] == [
        ("Ann", {"KIBERA": 0.8}),
        ("Wanjiru", {"MATHARE": 0.4}),
    ]
    assert all(row["reason"] and row["proposed"] for row in rows)
    await batch.changes("start")
    assert await town.count("task", "kept_for is not null") == 4
    late = await town.client.asks("PUT", path, json=mine)
    assert late.status_code == 409
    assert "its shares were dealt out at the start" in late.text


@pytest.mark.parametrize(
    ("shares", "why"),
    [
        ({"NOWHERE": 0.5}, "no partner 'NOWHERE'"),
        ({"KIBERA": 0.7, "MATHARE": 0.4}, "add up to more than 1"),
        ({"KIBERA": 1.5}, "must be at most 1.0"),
    ],
)
async def test_shares_that_cannot_be_are_refused_by_name(town, shares, why):
    await two_centres(town)
    batch = await draft_of(town, 2)
    answer = await town.client.asks(
        "PUT", f"/batches/{batch.id}/shares", json={"shares": shares, "by": "Ann", "reason": "x"}
    )
    assert answer.status_code == 422
    assert why in answer.text


async def test_another_clients_batch_is_not_there(town):
    batch = await draft_of(town, 2)
    other = await town.new_client("Other")
    for method, body in (("GET", None), ("PUT", {"shares": {}, "by": "A", "reason": "x"})):
        answer = await other.asks(
            method, f"/batches/{batch.id}/shares", **({"json": body} if body else {})
        )
        assert answer.status_code == 404


async def test_a_capacity_that_cannot_be_is_refused(town):
    for wrong, field in (
        (PartnerCapacity(languages=("xx",)), "languages"),
        (PartnerCapacity(workers_max=0), "workers"),
        (PartnerCapacity(answers_day=-1), "answers_day"),
        (PartnerCapacity(quota=1.5), "quota"),
    ):
        with pytest.raises(Refused) as refused:
            await admission.set_capacity(town.rt, "KIBERA", wrong, **WHO)
        assert [fault.field for fault in refused.value.faults] == [field]
