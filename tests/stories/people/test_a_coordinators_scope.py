# pyright: basic
"""A partner's coordinators see and change their own workers only, by SMS and on their page.

One test goes through every command of a coordinator and every page. A command that is added without
a line here fails the first test.
"""

import re

import pytest

from gateway.conversation.people import coordinators as commands
from gateway.steps.people import coordinators, register
from gateway.steps.people.console_links import link_for
from gateway.store.people import appeals, workers
from gateway.store.people import coordinators as store
from gateway.store.quality import findings

ATIENO, OTIENO = "+254722000008", "+254722000009"
PIN = "6174"
COMMANDS = {
    "add": ("ADD {number} Zawadi fr", "ADD {number}", "ADD {number} Zawadi sw KIBERA"),
    "remove": ("REMOVE {number}",),
    "unlock": (f"UNLOCK {{number}} PIN {PIN}",),
    "zone": ("ZONE {number} Lubumbashi",),
    "name": ("NAME {number} Zawadi",),
    "status": ("STATUS",),
    # test_appeals_by_sms.py tries it with a real appeal of the worker of another centre.
    "decide": (f"DECIDE A22222 YES I went there PIN {PIN}",),
    "move": (f"MOVE {{number}} +254799000003 PIN {PIN}",),
}
"""The SMS by which a coordinator may name a worker, for each command."""


@pytest.fixture
async def centres(town):
    """Makena and Farida belong to Kibera, Chege to Mathare with its coordinator Atieno."""
    await town.opens_centre("MATHARE", "Mathare Youth")
    await register.add_coordinator(town.rt, ATIENO, "Atieno", "en", "MATHARE")
    await coordinators.set_pin(town.rt, ATIENO, PIN, by="Asha")
    town.meets("atieno", ATIENO)
    makena = await town.enrols("makena", "sw")
    farida = town.meets("farida")
    await town["wanjiku"].texts(f"ADD {farida.msisdn} Farida sw")
    await town.rt.db.execute(
        "insert into worker_pin (worker_id, hash) values ($1, 'x')", await makena.id()
    )
    chege = town.meets("chege")
    await chege.joins("JOIN MATHARE")
    await town["atieno"].texts(f"NAME {chege.msisdn} Chege")
    for name in ("makena", "chege"):
        await town.rt.db.execute(
            "insert into finding (kind, worker_id, evidence, subject) values ('copying', $1, $2, $3)",
            await town[name].id(),
            {"sentence": f"The answers of {name.title()} are alike."},
            f"scope-{name}",
        )
    return makena, farida, chege


async def hers(town, *people):
    """Everything that a coordinator could change of these workers."""
    rows = []
    for person in people:
        rows.append(await person.row())
        rows.append(
            await town.rt.db.rows(
                "select * from worker_pin where worker_id = $1", await person.id()
            )
        )
        rows.append(
            await town.rt.db.rows(
                "select * from number_move where worker_id = $1", await person.id()
            )
        )
        rows.append(await person.messages())
    return rows


async def page_of(town, number):
    link = await link_for(town.rt, number, "Asha")
    answer = await town.http.get("/console" + link.partition("/console")[2])
    cookie = answer.headers["set-cookie"].partition(";")[0]
    return (await town.http.get("/console", headers={"cookie": cookie})).text


def test_every_command_of_a_coordinator_is_tried():
    source = commands.coordinator_turn.__code__.co_consts
    words = {one for one in source if isinstance(one, str) and re.fullmatch("[a-z]+", one)}
    assert words == set(COMMANDS)


@pytest.mark.parametrize("command", sorted(COMMANDS))
async def test_a_command_about_a_worker_of_another_centre_changes_and_tells_nothing(
    town, centres, command
):
    makena, farida, _ = centres
    before = await hers(town, makena, farida)
    for words in COMMANDS[command]:
        for person in (makena, farida):
            said = await town["atieno"].texts(words.format(number=person.msisdn))
            assert said, "she gets a reply"
            for secret in ("Makena", "Farida", "Kiswahili", "Swahili", "KIBERA centre", "Wanjiku"):
                assert secret not in said, said
    assert await hers(town, makena, farida) == before


async def test_status_and_page_show_a_centres_own_workers_only(town, centres):
    said = await town["atieno"].texts("STATUS")
    assert said.startswith("1 worker")
    assert "1 finding" in said
    for number, shown, hidden in (
        (ATIENO, "Chege", "Makena"),
        ("+254722000001", "Makena", "Chege"),
    ):
        page = await page_of(town, number)
        assert shown in page
        assert hidden not in page
        assert town[hidden.lower()].msisdn[-2:] + "<" not in page


async def test_a_coordinator_who_changes_her_centre_leaves_its_workers_behind(town, centres):
    makena, _, chege = centres
    await register.add_coordinator(town.rt, "+254722000001", "Wanjiku", "en", "MATHARE")
    said = await town["wanjiku"].texts("STATUS")
    assert said.startswith("1 worker"), "Chege, and not those whom she enrolled for Kibera"
    page = await page_of(town, "+254722000001")
    assert "Chege" in page
    assert "Makena" not in page
    assert "Farida" not in page
    before = await hers(town, makena)
    for words in ("REMOVE {number}", "NAME {number} Zawadi"):
        await town["wanjiku"].texts(words.format(number=makena.msisdn))
    assert await hers(town, makena) == before
    kibera = await workers.coordinators_of(town.rt.db, await makena.id())
    assert kibera == [], "an appeal of Makena goes to the operator, until Kibera has a coordinator"
    await register.add_coordinator(town.rt, OTIENO, "Otieno", "en", "KIBERA")
    town.meets("otieno", OTIENO)
    assert "2 workers" not in said
    assert (await town["otieno"].texts("STATUS")).startswith("1 worker")
    assert "Makena" in await page_of(town, OTIENO)
    assert [row.id for row in await workers.coordinators_of(town.rt.db, await chege.id())]


async def test_every_look_up_by_coordinator_agrees_about_who_is_hers(town, centres):
    """The queries behind commands and pages use one rule, also for appeals."""
    makena, farida, chege = centres
    ids = {
        name: await town.value("select id from coordinator where name = $1", name)
        for name in ("Atieno", "Wanjiku")
    }
    for name, own in (("Atieno", {"chege"}), ("Wanjiku", {"makena", "farida"})):
        coordinator = ids[name]
        for person in (makena, farida, chege):
            expected = person.name in own
            worker = await person.id()
            assert await appeals.is_own(town.rt.db, worker, coordinator) is expected
            assert (
                await workers.theirs(town.rt.db, person.index, coordinator) is not None
            ) is expected
            named = await store.named_number(town.rt.db, person.index, coordinator)
            assert bool(named.mine) is expected
        listed = {row["name"].lower() for row in await workers.workers_of(town.rt.db, coordinator)}
        assert listed == own
        found = {row.name.lower() for row in await findings.of_coordinator(town.rt.db, coordinator)}
        assert found == own & {"makena", "chege"}
