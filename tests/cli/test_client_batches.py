"""An operator sees from the command line how far a client's batches are."""
# pyright: basic

import json

from tests.cli.test_coordinator_commands import office, run, said

__all__ = ["office", "run"]


def test_an_operator_sees_how_far_an_upload_is(run):
    made = said(run("client", "add", "Acme"))
    client = made.split()[1]
    assert "no batches yet" in said(run("client", "batches", client))
    refused = run("client", "batches", "c_nobody")
    assert refused.exit_code != 0


def test_what_goes_on_is_part_of_the_json(run):
    client = said(run("client", "add", "Acme")).split()[1]
    assert json.loads(said(run("client", "batches", client, "--json", "-"))) == []
