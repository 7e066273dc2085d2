"""A worker says something about herself, if she wishes; the impact report shows totals only."""
# pyright: basic

import csv
import io
import json
from dataclasses import asdict

from gateway.cli.people.impact.as_csv import as_csv
from gateway.cli.people.impact.as_html import as_html
from gateway.cli.people.impact.as_pdf import as_pdf
from gateway.gsm.segments import segments
from gateway.settings import FairPay
from gateway.steps.people.impact import impact_report
from gateway.workers.impact.report import HIDDEN


async def stated(town):
    row = await town.rt.db.row("select gender, birth_year, refugee, dependents from about")
    return tuple(row.values()) if row else None


async def test_a_statement_is_optional_free_kept_with_consent_and_withdrawn(town):
    amina = await town.enrols("amina")
    how = await amina.texts("ABOUT")
    assert "Only if you wish" in how
    assert await amina.texts("ABOUT me and my goats") == how, "nothing is guessed"
    assert "Kept for totals only: W 1999 R D3" in await amina.texts("about w, 1999 r d3")
    assert await stated(town) == ("woman", 1999, True, 3)
    await amina.texts("ABOUT MAN")
    assert await stated(town) == ("man", None, None, None), "the newest statement counts"
    acts = "select array_agg(act order by id) from consent where act like 'about%'"
    assert await town.value(acts) == ["about", "about"]
    assert await town.value("select count(said) from consent where act like 'about%'") == 0
    assert "no statement about you" in await amina.texts("ABOUT NO")
    assert await stated(town) is None


async def test_it_is_offered_once_at_enrolment_and_never_before_the_first_question(town):
    amina = town.meets("amina")
    await amina.texts("JOIN KIBERA")
    reply = await amina.texts("YES")
    assert "There is no work right now" in reply
    assert reply.endswith("about you: ABOUT")
    assert segments(reply) == 1
    assert "ABOUT" not in await amina.texts("WORK"), "it is offered once"
    await town.posts_batch("Is it open?")
    brian = town.meets("brian")
    await brian.texts("JOIN KIBERA")
    reply = await brian.texts("YES")
    assert "Is it open?" in reply
    assert "ABOUT" not in reply


async def test_a_dialled_consent_without_work_goes_on_to_the_statement_which_can_be_left_out(town):
    await town["wanjiku"].texts("ADD 0712000077 Amina en")
    amina = town.meets("amina", "+254712000077")
    await amina.dials()
    screen = await amina.presses("1")
    assert "Only if you wish" in screen, screen
    assert (await amina.row())["state"] == "active"
    assert "Work" in await amina.presses("0"), "it is left out with one key"
    assert await stated(town) is None
    await town.posts_batch("Is it open?")
    await town["wanjiku"].texts("ADD 0712000078 Brian en")
    brian = town.meets("brian", "+254712000078")
    await brian.dials()
    assert "Is it open?" in await brian.presses("1"), "the first question comes first"


async def test_the_menu_asks_the_same_and_every_part_can_be_left_out(town):
    amina = await town.enrols("amina")
    screen = await amina.dials()
    keys = {line.partition(" ")[2]: line.partition(" ")[0] for line in screen.text.splitlines()}
    await amina.presses(keys["Help"])
    assert "Only if you wish" in await amina.presses("2")
    assert "year of birth" in await amina.presses("1")
    assert "refugee" in await amina.presses("1985")
    assert "Kept for totals only: W 1985" in await amina.presses("3")
    assert await stated(town) == ("woman", 1985, None, None)


def figures(report):
    return {figure.key: figure for _, figure in report.rows()}


async def test_the_report_equals_the_ledger_and_hides_small_groups(town):
    people = await town.earned("amina", "joy")
    await people[0].texts("ABOUT W D2")
    await people[0].texts("PAY")
    await town.pays_out()
    today = town.clock.now().date()
    report = await impact_report(town.rt, today, today)
    found = figures(report)
    assert found["active"].value == found["reached"].value == 2
    assert found["paid"].value == 1
    earned = await town.value("select sum(price)::bigint from answer")
    assert found["wages.KES"].value == earned == 6000
    assert found["paid_out.KES"].value == 3000
    assert found["share_workers.KES"].value == 1
    assert found["gender.women"].value is None, "one woman is a small group"
    assert found["gender.women"].shown == HIDDEN
    assert found["dependents"].value is None
    before = await impact_report(town.rt, today.replace(year=2020), today.replace(year=2021))
    assert figures(before)["active"].value == 0


async def test_three_forms_show_the_same_figures(town):
    await town.earned("amina")
    today = town.clock.now().date()
    report = await impact_report(town.rt, today, today)
    rows = list(csv.DictReader(io.StringIO("".join(as_csv(report)))))
    assert [row["key"] for row in rows] == [figure.key for _, figure in report.rows()]
    assert all(row["definition"] for row in rows), "every figure says how it is computed"
    page, pdf = as_html(report), as_pdf(report)
    for _, figure in report.rows():
        assert figure.label in page
    assert "<script" not in page
    assert "http" not in page
    assert pdf.startswith(b"%PDF")
    assert b"KES 30" in pdf
    assert json.dumps(asdict(report), default=str)


async def test_pay_per_hour_stands_beside_the_floor_of_the_country(town, configure):
    floor = {
        "currency": "KES",
        "per_hour": "120",
        "source": "a living-wage study",
        "date": "2026-01-01",
    }
    configure(fair_pay=FairPay.model_validate({"floors": {"KE": floor}}))
    people = await town.earned(*(f"w{n}" for n in range(10)))
    batch = await town.value("select id from batch")
    await town.rt.db.execute(
        """insert into batch_pay (batch_id, kind, currency, modelled_s, expected_s, settled_at)
           values ($1, 'verification', 'KES', 30, 30, now())
           on conflict (batch_id) do update set settled_at = now()""",
        batch,
    )
    for n, person in enumerate(people, 1):
        await town.rt.db.execute(
            "insert into worker_pay (batch_id, worker_id, answers, milliseconds, earned, hourly) values ($1, $2, 2, $3, 3000, 0)",
            batch,
            await person.id(),
            n * 60_000,
        )
    today = town.clock.now().date()
    report = await impact_report(town.rt, today, today)
    assert figures(report)["hourly_median.KE.KES"].value > 0
    (bars,) = [bars for s in report.sections for bars in s.bars if bars.title.startswith("KE: ")]
    assert bars.line == 12000
    assert "a living-wage study" in bars.line_label
