"""An operator looks after coordinators and answers a worker's question from the command line."""
# pyright: basic

import json
import os

import pytest
from typer.testing import CliRunner

from gateway.base.errors import GatewayError
from gateway.cli.commands import app
from gateway.servers import EmbeddedServers
from tests.console.tree import gateway

GRACE, OTIENO, AMINA = "+254722000001", "+254722000009", "+254712345678"


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A folder whose gateway's servers are running."""
    folder = tmp_path_factory.mktemp("office")
    made = gateway(folder / "gateway-data", "migrate")
    assert made.returncode == 0, made.stderr
    with EmbeddedServers(folder / "gateway-data"):
        yield folder


@pytest.fixture
def run(office, monkeypatch):
    """Run a command in that folder."""
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(office)
    return lambda *words, typed="": CliRunner().invoke(app, list(words), input=typed)


def said(done):
    assert done.exit_code == 0, f"{done.output} {done.exception!r}"
    return done.stdout


def test_an_operator_adds_limits_and_ends_a_coordinator(run):
    said(run("coordinator", "add", GRACE, "Grace", "--by", "asha"))
    assert "UNLOCK" in said(run("coordinator", "pin", GRACE, "--by", "asha", typed="6174\n"))
    listed = said(run("coordinator", "list"))
    assert "Grace ..01" in listed
    assert "PIN yes" in listed
    assert GRACE not in listed
    assert "/console?key=" in said(run("coordinator", "link", GRACE))
    (link,) = json.loads(said(run("coordinator", "links", "--json", "-")))
    said(run("coordinator", "revoke-link", str(link["id"]), "--because", "sent to a wrong number"))
    assert "revoked" in said(run("coordinator", "links"))
    said(run("coordinator", "cut-off", GRACE, "--because", "phone stolen", "--by", "asha"))
    listed = said(run("coordinator", "list"))
    assert "cut off" in listed
    assert "last: cut_off by asha: phone stolen" in listed
    said(run("coordinator", "add", OTIENO, "Otieno"))
    said(run("coordinator", "disable", GRACE, "--because", "moved away", "--to", OTIENO))
    assert "disabled" in said(run("coordinator", "list"))


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("pin", GRACE), "a PIN has 4 to 6 digits"),
        (("cut-off", GRACE, "--because", " "), "say why"),
        (("disable", "0799999999", "--because", "left"), "no coordinator"),
        (("revoke-link", "999", "--because", "lost"), "no link 999"),
        (("add", "0711000007", "bit.ly/x"), "is no name"),
    ],
)
def test_a_refusal_says_what_is_wrong(run, words, reason):
    done = run("coordinator", *words, typed="1234\n")
    assert done.exit_code != 0
    assert isinstance(done.exception, GatewayError)
    assert reason in str(done.exception)


def test_a_worker_is_found_by_number_and_by_a_part_of_the_name(run):
    said(run("worker", "expect", AMINA, "Amina Wanjiku"))
    for words in (AMINA, "0712345678", "wanji"):
        found = said(run("worker", "find", words))
        assert "Amina Wanjiku ..78" in found
        assert AMINA not in found
    shown = said(run("worker", "show", AMINA))
    assert "Paid?" in shown
    assert "invited by operator" in shown
