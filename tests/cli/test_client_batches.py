"""An operator sees from the command line how far a client's batches are."""
# pyright: basic

import asyncio
import json
import os

import asyncpg
import pytest
from typer.testing import CliRunner

from gateway.cli.commands import app
from gateway.servers import EmbeddedServers
from gateway.store.db import plain_dsn
from tests.cli.test_coordinator_commands import said
from tests.console.tree import gateway

_UPLOADING = """insert into batch (id, client_id, name, kind, instructions, options, languages, price, currency, policy, method,
    lease_s, state, account_id, background, upload_until)
  select 'b_1', id, 'Shops', 'verification', 'Is it true?', '[]', '{}', 300, currency, 'fixed:1', 'auto', 3600, 'draft', account_id,
    '{"doing": "storing", "done": 45000, "of": 100000}', now() + interval '1 hour' from client where id = $1"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """A folder whose gateway's servers are running, and its database."""
    folder = tmp_path_factory.mktemp("client-batches")
    made = gateway(folder / "gateway-data", "migrate")
    assert made.returncode == 0, made.stderr
    with EmbeddedServers(folder / "gateway-data") as servers:
        yield folder, servers.database_url


@pytest.fixture
def run(installation, monkeypatch):
    """Run a command in that folder."""
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(installation[0])
    return lambda *words: CliRunner().invoke(app, list(words))


async def uploads(url, client):
    db = await asyncpg.connect(plain_dsn(url))
    try:
        await db.execute(_UPLOADING, client)
    finally:
        await db.close()


def test_an_operator_sees_how_far_an_upload_is(installation, run):
    client = said(run("client", "add", "Acme")).split()[1]
    assert "no batches yet" in said(run("client", "batches", client))
    asyncio.run(uploads(installation[1], client))
    line = said(run("client", "batches", client))
    for part in ("b_1", "draft", "0 of 0 tasks done", "storing 45,000 of 100,000", "Shops"):
        assert part in line
    (told,) = json.loads(said(run("client", "batches", client, "--json", "-")))
    assert told["background"] == {"doing": "storing", "done": 45_000, "of": 100_000}


def test_a_client_that_is_not_there_is_named(run):
    refused = run("client", "batches", "c_nobody")
    assert refused.exit_code != 0
    assert "no client 'c_nobody'" in f"{refused.output} {refused.exception}"


def test_an_operator_sees_what_was_done_to_a_batch(installation, run):
    client = said(run("client", "add", "Beta")).split()[1]
    asyncio.run(changes(installation[1], client))
    line = said(run("batch", "history", "b_2"))
    for part in ("gw_abc123", "extend", "+KES 6", "answers: 2"):
        assert part in line
    (told,) = json.loads(said(run("batch", "history", "b_2", "--json", "-")))
    assert (told["what"], told["cost_minor"]) == ("extend", 600)
    assert "there is no batch 'b_none'" in str(run("batch", "history", "b_none").exception)


async def changes(url, client):
    db = await asyncpg.connect(plain_dsn(url))
    try:
        await db.execute(_UPLOADING.replace("'b_1'", "'b_2'"), client)
        await db.execute(
            """insert into batch_change (batch_id, actor, what, before, after, cost)
               values ('b_2', 'gw_abc123', 'extend', '{}', '{"answers": 2}', 600)"""
        )
    finally:
        await db.close()


def test_an_operator_prints_the_quality_steps_of_a_project(installation, run):
    client = said(run("client", "add", "Gamma")).split()[1]
    run("client", "top-up", client, "500.00", "--ref", "BANK-1")
    made = run(
        "project", "create", client, "check-list", "Shops", "--price", "3.00",
        "--set", "question=Is {name} open?", "--set", "audit=yes", "--set", "policy=fixed:2",
    )  # fmt: skip
    project = said(made).split()[-1]
    shops = installation[0] / "shops.csv"
    shops.write_text("name\nToi Market\nKibera Stall\n")
    assert "2 parts" in said(run("project", "file", project, str(shops)))
    assert run("project", "start", project).exit_code == 0
    told = said(run("project", "report", project, "--steps"))
    assert told.startswith("stage,step,used,caught,cost_minor,")
    assert "check,audit,false" in told
    assert "whole project,audit,false" in told
