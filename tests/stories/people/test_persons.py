"""One shell cannot make two persons.

A present person vouches, contacts outside are told, keys expire, and none is on a command line.
"""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from gateway.base.errors import Refused
from gateway.gsm.segments import segments
from gateway.servers import EmbeddedServers
from gateway.settings import Controls
from gateway.settings.apart import scrubbed_environment
from gateway.steps.payouts import approve
from gateway.steps.people import persons
from gateway.store.people import persons as store

KEEPER = "+254733000009"
REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def keeper(town):
    """Return a contact outside whose number stands in `controls.tell`.

    Payouts of any amount take two persons.
    """
    controls = Controls(tell=(KEEPER,), approve_above={"KES": 0})
    settings = town.rt.settings.model_copy(update={"controls": controls})
    town.rt = replace(town.rt, settings=settings)
    return town.meets("keeper", KEEPER)


@pytest.fixture
async def keys(town, keeper):
    """Asha and Juma, who may decide about money."""
    return {name: (await persons.add_person(town.rt, name)).key for name in ("Asha", "Juma")}


async def told(town, keeper):
    await town.answers_bells()
    return [words for words in await keeper.messages() if words.startswith("Gateway: ")]


async def expires(town, name):
    await town.rt.db.execute("update person set expires_at = now() where name = $1", name)


async def test_the_first_two_need_no_voucher_and_the_third_does(town, keeper, keys):
    first, second = await told(town, keeper)
    assert first.startswith("Gateway: Asha may decide about payouts now (without a voucher)")
    assert "Juma" in second
    assert segments(second) == 1
    with pytest.raises(Refused, match="must vouch"):
        await persons.add_person(town.rt, "Mallory")
    with pytest.raises(Refused, match="not her key"):
        await persons.add_person(town.rt, "Mallory", "Asha", keys["Juma"])
    made = await persons.add_person(town.rt, "Wanja", "Asha", keys["Asha"])
    assert (made.vouched, made.told) == (True, 1)
    assert "Wanja may decide" in (await told(town, keeper))[-1]
    assert "vouched for by Asha" in (await told(town, keeper))[-1]
    (row,) = [row for row in await store.list_persons(town.rt.db) if row["name"] == "Wanja"]
    assert (row["state"], row["event"], row["by"]) == ("valid", "added", "Asha")


async def test_an_addition_that_is_refused_tells_nothing_and_keeps_nothing(town, keeper, keys):
    before = await told(town, keeper)
    for name in ("Asha", "", "x" * 61, "a\x00b"):
        with pytest.raises(Refused):
            await persons.add_person(town.rt, name, "Asha", keys["Asha"])
    assert await told(town, keeper) == before
    assert await town.count("person") == 2


@pytest.mark.parametrize("how", ["disabled", "expired"])
@pytest.mark.parametrize("who", ["Asha", "Juma"])
async def test_a_person_whose_say_is_gone_approves_nothing_also_not_a_list_made_before(
    town, keys, how, who
):
    (amina,) = await earned(town)
    made = await approve.prepare_list(town.rt, [], "Asha", keys["Asha"])
    other = "Juma" if who == "Asha" else "Asha"
    if how == "expired":
        await expires(town, who)
    else:
        await persons.disable_person(town.rt, who, "left the project", other, keys[other])
    with pytest.raises(Refused, match=r"may not decide|expired|disabled"):
        await approve.approve_as_second(town.rt, made.number, made.code, "Juma", keys["Juma"])
    assert await town.value("select state from payout") == "awaiting_approval"
    assert await amina.balance_minor() == 0, "it still waits"


async def test_the_database_itself_counts_no_word_of_a_person_who_is_gone(town, keys):
    await earned(town)
    made = await approve.prepare_list(town.rt, [], "Asha", keys["Asha"])
    juma = await town.value("select id from person where name = 'Juma'")
    await expires(town, "Juma")
    said = await town.value("select approve_list($1, $2, $3)", made.number, made.code, juma)
    assert said == "gone"
    asha = await town.value("select id from person where name = 'Asha'")
    assert not await town.value("select say_twice('x', 'yes', '\\x00', $1)", asha)
    await town.rt.db.execute("update person set expires_at = now() + interval '1 day'")
    await expires(town, "Asha")
    assert not await town.value("select say_twice('x', 'yes', '\\x00', $1)", juma), "hers is void"
    with pytest.raises(asyncpg.PostgresError, match="append-only"):
        await town.rt.db.execute("delete from person_event")


async def test_a_key_expires_contacts_are_told_and_another_person_renews_it(town, keeper, keys):
    await expires(town, "Juma")
    await town.ticks()
    await town.ticks()
    expired = [words for words in await told(town, keeper) if "too old" in words]
    assert len(expired) == 1, "told once"
    with pytest.raises(Refused, match="gateway persons rekey"):
        await persons.rekey_person(town.rt, "Juma", "Juma", keys["Juma"])
    made = await persons.rekey_person(town.rt, "Juma", "Asha", keys["Asha"])
    assert "Juma has a new key" in (await told(town, keeper))[-1]
    with pytest.raises(Refused, match="not her key"):
        await persons.rekey_person(town.rt, "Asha", "Juma", keys["Juma"])
    await persons.rekey_person(town.rt, "Juma", "Juma", made.key)
    await expires(town, "Juma")
    await town.ticks()
    assert len([w for w in await told(town, keeper) if "too old" in w]) == 2, "each expiry is told"


async def test_where_no_valid_person_is_left_one_is_renewed_without_a_voucher_and_it_is_told(
    town, keeper, keys
):
    for name in keys:
        await expires(town, name)
    made = await persons.rekey_person(town.rt, "Asha")
    assert not made.vouched
    assert "without a voucher" in (await told(town, keeper))[-1]
    with pytest.raises(Refused, match="must vouch"):
        await persons.rekey_person(town.rt, "Juma")


async def test_a_disabled_person_is_told_of_and_stays_disabled(town, keeper, keys):
    with pytest.raises(Refused, match="say why"):
        await persons.disable_person(town.rt, "Juma", " ", "Asha", keys["Asha"])
    with pytest.raises(Refused, match="no person 'Jumo'"):
        await persons.disable_person(town.rt, "Jumo", "left", "Asha", keys["Asha"])
    assert await persons.disable_person(town.rt, "Juma", "left", "Asha", keys["Asha"]) == 1
    assert "Juma may not decide about payouts any more (left)" in (await told(town, keeper))[-1]
    with pytest.raises(Refused, match="disabled"):
        await persons.rekey_person(town.rt, "Juma", "Asha", keys["Asha"])
    with pytest.raises(Refused, match="disabled"):
        await persons.add_person(town.rt, "Wanja", "Juma", keys["Juma"])


@pytest.mark.parametrize(
    "words",
    [
        ("approvals", "approve", "1", "--code", "x", "--by", "Juma"),
        ("approvals", "prepare", "--by", "Juma"),
        ("approvals", "refuse", "ABC234", "--because", "x", "--by", "Juma"),
        ("approvals", "reversal", "ABC234", "--whose", "worker", "--by", "Juma"),
        ("payouts", "resolve", "ABC234", "--as", "failed", "--by", "Juma"),
        ("payouts", "explain", "1", "--because", "x", "--by", "Juma"),
        ("payouts", "person", "Wanja", "--by", "Juma"),
        ("persons", "disable", "Juma", "--because", "x", "--by", "Juma"),
    ],
)
def test_a_key_on_the_command_line_is_refused_with_what_to_do(tmp_path, words):
    ended = command(tmp_path, *words, "--key", "gw_secret")
    assert ended.returncode == 1, ended.stderr
    (line,) = ended.stderr.strip().splitlines()
    assert "--key-file" in line
    assert "gw_secret" not in ended.stdout + ended.stderr
    assert not (tmp_path / "gateway-data").exists(), "nothing was started for it"


def test_persons_by_command_with_keys_from_standard_input_and_files(tmp_path):
    folder = tmp_path / "gateway-data"
    made = command(tmp_path, "migrate")
    assert made.returncode == 0, made.stderr
    keys = [key_in(command(tmp_path, "payouts", "person", name)) for name in ("Asha", "Juma")]
    (tmp_path / "key").write_text(f"{keys[0]}\n")
    third = command(
        tmp_path, "persons", "add", "Wanja", "--by", "Asha", "--key-file", str(tmp_path / "key")
    )
    assert "No outside person is notified" in third.stdout
    gone = command(
        tmp_path, "persons", "disable", "Wanja", "--by", "Juma", "--because", "left", typed=keys[1]
    )
    assert gone.returncode == 0, gone.stderr
    assert "is stopped" in command(tmp_path, "persons", "list").stderr, "what reads starts nothing"
    with EmbeddedServers(folder):
        listed = command(tmp_path, "persons", "list").stdout
    assert "2 of 3 persons may decide" in listed
    assert "disabled" in listed
    assert "left" in listed
    refused = command(tmp_path, "persons", "add", "Mallory", "--by", "Asha", typed="")
    assert "no key on the first line of standard input" in refused.stderr
    assert folder.exists()


async def earned(town):
    found = await town.earned("amina")
    for person in found:
        await person.texts("PAY")
    await town.ticks()
    return found


def command(folder, *words, typed=""):
    return subprocess.run(
        [sys.executable, "-m", "gateway", *words],
        cwd=folder,
        env={**scrubbed_environment(), "PYTHONPATH": str(REPOSITORY)},
        input=typed,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def key_in(ended):
    assert ended.returncode == 0, ended.stderr
    return next(line.split()[1] for line in ended.stdout.splitlines() if line.startswith("key "))
