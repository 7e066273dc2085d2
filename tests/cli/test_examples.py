"""A newcomer finds a command by its subject, and types the example at the end of its help."""

import re
import shlex
import traceback
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.base.errors import GatewayError
from gateway.cli.commands import app
from gateway.cli.effects import EFFECTS, Effect
from gateway.cli.examples import BATCH, CLIENT, EXAMPLES
from gateway.cli.subjects import SUBJECTS
from gateway.qa.skills.card import KEY_BYTES
from gateway.qa.skills.card_trust import TrustFile
from gateway.servers import EmbeddedServers
from gateway.steps.batches.projects.recipes import recipe_files
from gateway.tasks.lessons.library import shipped
from tests.cli.test_effects import ALL, ROOT
from tests.console.tree import gateway

ROWS = Path(__file__).parents[1] / "qa" / "data"
# The plainest settings that have what the examples name.
SETTINGS = """
private_addresses = ["127.0.0.1:13013"]
[channels.phone]
secret = "a-secret"
[channels.phone.sms]
kind = "phone"
[channels.safaricom]
secret = "b-secret"
[channels.safaricom.sms]
kind = "kannel"
options = { send_url = "http://127.0.0.1:13013/cgi-bin/sendsms", username = "g", password = "p", sender = "21512" }
[providers.bank]
kind = "manual"
options = { currency = "KES", minimum = "10", maximum = "70000" }
"""
# What a gateway says that has no such batch, payout, finding ... yet: one line, which names what it
# looked for.
NOT_THERE = re.compile(
    r"no \w+|nothing was|nothing holds|different from the books|is not an adjustment|no such person"
)


def examples() -> list[tuple[str, list[str]]]:
    """Return each example as its command and its words."""
    lines = [(name, line) for name, found in EXAMPLES.items() for line in found]
    return [(name, shlex.split(line.replace("\\\n", " "))) for name, line in lines]


def shown(words: list[str]) -> str:
    done = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "80", "TERM": "dumb"})
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_command_has_an_example_and_every_example_a_command():
    assert set(EXAMPLES) == set(ALL)


def test_every_command_has_a_subject():
    listed = [name for names in SUBJECTS.values() for name in names]
    assert sorted(listed) == sorted(ROOT.commands)


def test_the_help_lists_the_subjects_in_order_and_ends_with_where_to_start():
    said = shown([])
    places = [said.index(f"─ {subject} ─") for subject in SUBJECTS]
    assert places == sorted(places)
    assert "─ Commands ─" not in said
    assert said.index("│ demo ") < said.index("│ up ") < said.index("│ doctor ")
    assert said.rstrip().splitlines()[-1].strip().startswith("gateway COMMAND --help")


@pytest.mark.parametrize("name", sorted(ALL))
def test_the_help_of_a_command_ends_with_its_examples(name):
    lines = [line.rstrip() for line in shown(name.split()).rstrip().splitlines()]
    wanted = [f" {line}" for one in EXAMPLES[name] for line in f"gateway {one}".splitlines()]
    assert lines[-len(wanted) :] == wanted, "nothing wraps at 80 columns, so that it can be copied"


@pytest.mark.parametrize("group", sorted({n.rsplit(" ", 1)[0] for n in ALL if " " in n}))
def test_the_help_of_a_group_ends_with_an_example(group):
    assert re.search(rf"Examples?:\s+gateway {group} ?", shown(group.split()))


@pytest.mark.parametrize(("name", "words"), examples())
def test_an_example_has_only_options_that_exist(folder, name, words):
    own = words[len(name.split()) :]
    assert words[: len(name.split())] == name.split()
    context = ALL[name].make_context(name, own)
    assert context.params is not None


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the files that the examples name."""
    monkeypatch.chdir(tmp_path)
    for name in ("GATEWAY_CONFIG", "GATEWAY_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "answers.csv").write_bytes((ROWS / "rte150.csv").read_bytes())
    (tmp_path / "truth.csv").write_bytes((ROWS / "rte150_gold.csv").read_bytes())
    (tmp_path / "dates.csv").write_text(
        "task,worker,answer\nsign,amina,13/5/2026\nsign,brian,Mei 13 2026\n"
    )
    (tmp_path / "question.txt").write_text("Soko la Toi liko karibu na Kibera.\n")
    (tmp_path / "paid.csv").write_text("ref,status,receipt,amount\n")
    (tmp_path / "yesterday.csv").write_text("Receipt No.,Completion Time\n")
    (tmp_path / "since-backup.csv").write_text("Receipt No.,Completion Time\n")
    (tmp_path / "amina.txt").write_text("statement of worker 7\n")
    (tmp_path / "shops.csv").write_text("name\nMama Njeri Shop\n")
    (tmp_path / "our-list.toml").write_text(recipe_files()["check-list"].read_text())
    lesson = tmp_path / "lessons" / "verification" / "en.toml"
    lesson.parent.mkdir(parents=True)
    lesson.write_bytes((shipped() / "verification" / "en.toml").read_bytes())
    # The card of the example of `card verify`, given in November 2026, and the key behind it.
    kibera = TrustFile("kibera", b"k" * KEY_BYTES)
    (tmp_path / "kibera.json").write_text(kibera.to_json())
    (tmp_path / "mathare.json").write_text(replace(kibera, gateway="mathare").to_json())
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "gateway.toml").write_text(SETTINGS)
    return tmp_path


def run(words: list[str]) -> tuple[int, str]:
    """Run a command as `gateway.cli.main` does. PINs and keys are typed where one is asked for."""
    done = CliRunner().invoke(app, words, input="4827\n4827\n")
    if isinstance(done.exception, GatewayError):
        return 1, f"{done.stdout}{done.stderr}gateway: {done.exception}"
    ended = done.exception is None or isinstance(done.exception, SystemExit)
    trace = "" if ended else "".join(traceback.format_exception(done.exception))
    return done.exit_code, done.stdout + done.stderr + trace


OFFLINE = [(n, w) for n, w in examples() if EFFECTS[n] is Effect.OFFLINE]


@pytest.mark.parametrize(("name", "words"), OFFLINE)
def test_an_example_that_needs_no_gateway_runs_as_it_stands(folder, name, words):
    code, said = run(words)
    assert code == 0, said


LOOKS = {"doctor", "ledger float"}  # these ask what the settings of this folder do not have


def test_the_others_run_one_after_the_other_on_a_new_gateway(folder):
    """A command that names a thing this gateway does not have is refused in words.

    Every other command does what it says.
    """
    made = gateway(folder / "gateway-data", "migrate")
    assert made.returncode == 0, made.stderr
    done, refused, broken = dict[str, str](), dict[str, str](), list[str]()
    with EmbeddedServers(folder / "gateway-data"):
        for name, words in examples():
            if EFFECTS[name] not in (Effect.READS, Effect.REPORTS, Effect.WRITES) or name in LOOKS:
                continue
            code, said = run(words)
            line = " ".join(words)
            if "Traceback" in said or "Usage:" in said:
                broken.append(f"{line}\n{said}")
            elif code == 0:
                done[line] = said
            else:
                refused[line] = said.strip().splitlines()[-1]
    assert not broken, "\n".join(broken)
    assert [line for line, said in done.items() if not said.strip()] == [], "silence is no answer"
    assert [line for line in done if BATCH in line or CLIENT in line] == []
    assert [line for line, said in refused.items() if not NOT_THERE.search(said)] == []
    for line in (
        "client add Kibera Mapping Trust",
        "partner add KIBERA Kibera Digital Centre",
        "coordinator add 0711000001 Grace --partner KIBERA",
        "coordinator pin 0711000001",
        "worker expect 0711000002 Amina --partner KIBERA",
        "worker find Amina",
        "worker show 0711000002",
        "worker zone 0711000002 Lubumbashi",
        "manual export bank --out today.csv",
    ):
        assert line in done, f"{line}\n{refused.get(line)}"
