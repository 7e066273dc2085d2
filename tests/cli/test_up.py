"""`gateway up`: it starts, heals, goes on with its data, and leaves nothing behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from gateway.base.errors import Failed
from gateway.cli.run import up
from gateway.cli.run.process_group import Children
from gateway.settings import ChannelSettings, ChannelSide, ProviderSettings, Settings
from gateway.settings.tryout import is_tryout

from ..console.tree import (  # noqa: TID252
    REPOSITORY,
    Tree,
    alive,
    children_of,
    clean_environment,
    eventually,
    gateway,
    words_of,
)

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    running = Tree(tmp_path_factory.mktemp("up") / "data").start()
    yield running
    if running.process.poll() is None:
        running.stop()


def batches(tree: Tree) -> dict[str, int]:
    key = (tree.folder / "try-out.key").read_text().strip()
    listed = tree.ask("/api/v1/batches", Authorization=f"Bearer {key}")
    return {batch["name"]: batch["progress"]["tasks"] for batch in listed["batches"]}


def test_it_says_where_to_look_and_has_work_in_two_languages(tree):
    assert f"{tree.url}/phone" in tree.said
    assert len(batches(tree)) == 6
    assert min(batches(tree).values()) >= 4
    assert sorted(children_of(tree.pid).values()) == [
        "api",
        "api",
        "api",
        "operators",
        "runner",
        "runner",
        "runner",
        "runner",
        "runner",
        "ticker",
    ]


def test_an_operator_sees_what_runs_what_failed_and_tries_it_again(tree):
    findings = json.loads(gateway(tree.folder, "doctor", "--json", "-").stdout)
    verdicts = {found["what"]: found["verdict"] for found in findings}
    assert verdicts["runners"] == verdicts["ticker"] == verdicts["payouts"] == "ok"
    assert "fail" not in verdicts.values()

    assert tree.posts("/in/phone/local/sms", text="who am I?") == 200  # no sender, no id
    listed = json.loads(gateway(tree.folder, "inbox", "list", "--json", "-").stdout)
    (number,) = [str(event["id"]) for event in listed if event["state"] == "failed"]
    assert "who+am+I" in gateway(tree.folder, "inbox", "show", number).stdout
    again = gateway(tree.folder, "inbox", "replay", "--all")
    assert again.returncode == 1
    assert "0 processed, 1 not" in again.stdout
    assert gateway(tree.folder, "inbox", "dismiss", number).returncode == 0
    assert "all events are done" in gateway(tree.folder, "inbox", "list").stdout
    assert gateway(tree.folder, "inbox", "show", "999999").returncode == 1
    assert "states" in json.loads(gateway(tree.folder, "outbox", "--json", "-").stdout)


def test_an_sms_that_failed_once_is_processed_when_it_is_replayed(tree):
    """A fault was put right: the event waits in the inbox, as it came."""
    keep = """
import sys
from gateway.cli.people.clients import with_runtime
from gateway.store.turns import inbox
raw = b"id=sms-1&from=%2B254711000008&to=20880&text=JOIN+KIBERA"
with_runtime(lambda rt: inbox.keep_failed(rt.db, rt.vault, "phone", "sms", "sms-1", raw, "a fault"))
"""
    subprocess.run(python(keep), cwd=REPOSITORY, env=clean_environment(tree.folder), check=True)
    done = gateway(tree.folder, "inbox", "replay", "--all")
    assert (done.returncode, done.stdout) == (0, "1 processed, 0 not\n"), done.stderr
    eventually(lambda: any("Do you agree?" in text for text in tree.messages("0711000008")))
    assert "0 processed" in gateway(tree.folder, "inbox", "replay", "--all").stdout


def test_a_second_one_on_the_same_folder_is_refused_in_one_line(tree):
    refused = gateway(tree.folder, "up", "--port", "0")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "runs already" in refused.stderr


def test_what_can_wait_stands_back_behind_phones_on_the_processor(tree):
    ranks = {
        " ".join(word for word in words if word in ("api", "runner", "ticker", "--webhooks", "--clients", "--heavy", "--calls", "--files")):
        os.getpriority(os.PRIO_PROCESS, pid) - os.getpriority(os.PRIO_PROCESS, tree.pid)
        for pid, words in words_of(tree.pid).items()
    }  # fmt: skip
    assert ranks["api --webhooks"] == 0
    assert (
        0
        < ranks["api --clients"]
        < ranks["runner --heavy"]
        == ranks["runner --calls"]
        == ranks["runner --files"]
    )
    assert ranks["runner"] == ranks["ticker"] == ranks["api --clients"]


def test_a_process_that_dies_is_started_again_and_said(tree):
    runner = next(pid for pid, name in children_of(tree.pid).items() if name == "runner")
    os.kill(runner, signal.SIGKILL)
    eventually(
        lambda: list(children_of(tree.pid).values()).count("runner") == 5 and not alive(runner)
    )
    assert "was ended by SIGKILL; starting it again in 1 s" in tree.said


def test_a_webhook_process_dies_and_no_connection_is_refused(tree):
    """The supervisor holds the socket.

    With both processes dead, a phone waits for the next one instead of being refused.
    """
    processes = [p for p, words in words_of(tree.pid).items() if "--webhooks" in words]
    assert len(processes) == 2
    os.kill(processes[0], signal.SIGKILL)
    for number in range(50):
        form = {"session": f"s{number}", "from": "+254711000009", "text": ""}
        assert tree.posts("/in/phone/local/ussd", **form) == 200
    os.kill(processes[1], signal.SIGKILL)
    assert (
        tree.posts("/in/phone/local/ussd", session="s", **{"from": "+254711000009"}, text="") == 200
    )
    assert tree.ask("/healthz") == "ok"


def test_while_the_client_process_is_dead_phones_are_answered(tree):
    (clients,) = [p for p, words in words_of(tree.pid).items() if "--clients" in words]
    os.kill(clients, signal.SIGKILL)
    assert (
        tree.posts("/in/phone/local/ussd", session="t", **{"from": "+254711000009"}, text="") == 200
    )
    eventually(lambda: len(batches(tree)) == 6)


def test_figures_of_all_webhook_processes_are_added_up(tree):
    def taken() -> float:
        lines = [line for line in tree.ask("/metrics").splitlines() if USSD_TAKEN in line]
        return float(lines[0].split()[-1]) if lines else 0.0

    before = taken()
    for number in range(20):
        form = {"session": f"m{number}", "from": "+254711000009", "text": ""}
        assert tree.posts("/in/phone/local/ussd", **form) == 200
    eventually(lambda: taken() == before + 20)


USSD_TAKEN = 'gateway_webhooks_total{channel="phone",event="ussd",outcome="taken"'


@pytest.mark.parametrize("server", ["postgres", "redis"])
def test_a_killed_keeper_is_started_again_and_the_doctor_says_that_it_was_down(tree, server):
    name = {"postgres": "PostgreSQL", "redis": "Redis"}[server]
    os.kill(int((tree.folder / server / "keeper.pid").read_text()), signal.SIGKILL)
    eventually(lambda: re.search(rf"{name} was down for [0-9.]+ s and runs again", tree.said), 300)
    eventually(tree.ready, 300)
    findings = json.loads(gateway(tree.folder, "doctor", "--json", "-").stdout)
    told = [(found["verdict"], found["said"]) for found in findings if found["what"] == name]
    assert any(verdict == "warn" and "was down at" in said for verdict, said in told), told
    assert any(verdict == "ok" for verdict, _ in told), told


def test_its_folder_is_closed_to_other_users(tree):
    opened = [
        path
        for path in (tree.folder, *tree.folder.rglob("*"))
        if not path.is_symlink() and path.stat().st_mode & 0o077
    ]
    assert opened == []


def test_killed_itself_it_leaves_nothing_running_and_goes_on_with_its_data(tree):
    tree.ask("/phone/sms", {"number": "0711000001", "text": "ADD 0711000002 Amina"})
    eventually(lambda: tree.messages("0711000002"))
    before, processes = batches(tree), children_of(tree.pid)
    tree.stop(signal.SIGKILL)
    eventually(lambda: not any(map(alive, processes)))

    tree.start()
    assert batches(tree) == before
    assert len(tree.messages("0711000002")) == 1

    processes = children_of(tree.pid)
    assert tree.stop() == 0
    assert not any(map(alive, processes))


@pytest.mark.parametrize("folder", ["/proc/here", "/dev/null"])
def test_a_folder_that_cannot_be_used_is_one_line(folder, tmp_path):
    refused = gateway(tmp_path, "up", "--port", "0", GATEWAY_DATA_DIR=folder)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert folder in refused.stderr


def test_a_taken_port_is_one_line_before_anything_starts(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = gateway(tmp_path / "data", "up", "--port", port)
    assert refused.returncode == 1
    assert (
        refused.stderr
        == f"gateway: port {port} is taken: stop what uses it, or set GATEWAY_PORT to another\n"
    )
    assert not (tmp_path / "data" / "postgres").exists()


def test_a_full_disk_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(up, "_FREE_BYTES_MIN", 2**70)
    with pytest.raises(up.SettingsError, match="free some space"):
        up.up(Settings(data_dir=tmp_path), port=0, ready_file=None, say=print)


def test_only_a_gateway_without_anything_real_is_a_try_out():
    assert is_tryout(Settings())
    real = ChannelSettings(secret="s", sms=ChannelSide(kind="kannel"))
    assert not is_tryout(Settings(channels={"k": real}))
    assert not is_tryout(Settings(providers={"p": ProviderSettings(kind="mpesa")}))


# --- the processes below, whatever they are ---


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.fixture
def family(tmp_path):
    said: list[str] = []
    with Children(tmp_path / "logs", said.append) as children:
        children.said = said
        yield children


def test_what_a_process_says_at_its_end_is_the_reason(family, tmp_path):
    code = "import sys; sys.exit('gateway: port 8000 is taken: take another')"
    family.start("api", python(code), ready_file=tmp_path / "ready")
    with pytest.raises(Failed, match=r"^port 8000 is taken: take another$"):
        family.wait_ready("api")


def test_a_process_that_is_never_ready_is_not_waited_for_for_ever(family, tmp_path):
    family.start("slow", python("import time; time.sleep(60)"), ready_file=tmp_path / "ready")
    with pytest.raises(Failed, match="is not ready after"):
        family.wait_ready("slow", 0.3)


def test_a_process_that_keeps_dying_is_given_longer_and_longer_pauses(family):
    family.start("poor", python("print('alas')"))
    deadline = time.monotonic() + 300
    while len(family.said) < 4 and time.monotonic() < deadline:
        family.watch()
        time.sleep(0.05)
    assert "poor ended with 0: alas; starting it again in 1 s" in family.said
    assert "poor ended with 0: alas; starting it again in 2 s" in family.said
    assert "poor | alas" in family.said


def test_what_goes_well_stays_in_the_log_file_of_a_quiet_family(tmp_path):
    said = []
    lines = '{"level":"info","event":"heard"}\\n{"level":"warning","event":"late"}\\nalas'
    with Children(tmp_path / "logs", said.append, routine=False) as children:
        children.start("poor", python(f"print('{lines}')"))
        deadline = time.monotonic() + 300
        while "poor | alas" not in said and time.monotonic() < deadline:
            children.watch()
            time.sleep(0.05)
    shown = [line for line in said if line.startswith("poor |")]
    assert [line.split()[-1] for line in shown[:2]] == ["late", "alas"]
    assert "heard" in (tmp_path / "logs" / "poor.log").read_text()


def test_a_process_that_does_not_listen_is_ended_by_force(family, monkeypatch, tmp_path):
    monkeypatch.setattr("gateway.cli.run.process_group.STOP_LIMIT_S", 0.3)
    ready = tmp_path / "ready"
    code = (
        "import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"pathlib.Path({str(ready)!r}).write_text('{{}}'); time.sleep(60)"
    )
    family.start("deaf", python(code), ready_file=ready)
    family.wait_ready("deaf")
    pid = family.pid("deaf")
    family.stop()
    assert not alive(pid)
    assert not ready.exists()


def test_a_log_that_grows_too_long_is_started_over(family, monkeypatch, tmp_path):
    monkeypatch.setattr("gateway.cli.run.process_group.LOG_BYTES_MAX", 1000)
    family.start("chatty", python("print('x' * 2000, flush=True); import time; time.sleep(60)"))
    old = tmp_path / "logs" / "chatty.log.1"
    eventually(lambda: family.watch() or old.exists())
    assert (tmp_path / "logs" / "chatty.log").stat().st_size == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's service is Linux's")
def test_no_process_outlives_a_parent_that_was_killed(tmp_path):
    code = """
import pathlib, sys, time
from gateway.cli.run.process_group import Children
children = Children(pathlib.Path(sys.argv[1]))
children.start("child", [sys.executable, "-c", "import time; time.sleep(60)"])
print(children.pid("child"), flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen(
        [*python(code), str(tmp_path)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.communicate()
    eventually(lambda: not alive(child), 10)
