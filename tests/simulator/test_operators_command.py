"""`gateway operators` as a process: it starts, it is killed, and its books go on."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.cli.run.operators import operators

REPOSITORY = Path(__file__).parents[2]


def start(folder: Path, *more: str) -> tuple[subprocess.Popen[str], str]:
    """The process, and its address once it answers."""
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "gateway.cli.run.operators", "--port", "0",
               "--data-dir", folder / "books", "--ready-file", ready, *more]  # fmt: skip
    process = subprocess.Popen(command, cwd=REPOSITORY, text=True, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 20
    while not ready.exists():
        assert process.poll() is None, "it ended before it was ready"
        assert time.monotonic() < deadline, "it was never ready"
        time.sleep(0.02)
    return process, f"http://127.0.0.1:{json.loads(ready.read_text())['port']}"


async def test_a_killed_operator_pays_what_it_accepted_and_pays_it_once(tmp_path, business, gateway):  # fmt: skip
    process, url = start(tmp_path, "--result-delay-s", "30")
    business.url = url
    for key in ("k1", "k2"):
        assert (await business.pay(key))[0] == 200
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert gateway.heard == []

    process, url = start(tmp_path)
    business.url = url
    books = await business.books()
    assert (books["payouts"], books["duplicates"], books["open"]) == (2, 0, 0)
    assert sorted(one.path for one in gateway.heard) == ["/hooks/p/k1", "/hooks/p/k2"]
    assert (await business.pay("k1"))[1]["errorCode"] == "500.002.1001"  # the token lives on too
    process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    assert printed == f"operators on {url} (admin: {url}/admin/health)\n"


async def test_phones_can_be_used_over_http(business, gateway):
    hooks = {"gateway_url": gateway.url, "sms": "at/s3cret"}
    assert "/in/at/s3cret/ussd" in await business.admin("carrier/hooks", hooks)
    phone = "phones/254711000001"
    assert "Karibu" in await business.admin(f"{phone}/dial", {"code": "*384*123#"})
    assert "Karibu" in await business.admin(f"{phone}/press", {"text": "1"})
    await business.admin(f"{phone}/hang-up", {})
    assert "no session" in await business.admin(f"{phone}/press", {"text": "1"})
    assert '"attempts":1' in await business.admin(f"{phone}/text", {"to": "21512", "text": "BAL"})
    assert len(json.loads(await business.admin(phone))) == 3
    totals = json.loads(await business.admin("carrier"))
    assert (totals["ussd_steps"], totals["sms_in"], totals["violated"]) == (2, 1, [])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"faults": "nowhere.json"}, "fault plan nowhere.json"),
        ({"data_dir": Path("/proc/none")}, "cannot keep books in /proc/none"),
        ({"host": "203.0.113.1"}, "cannot listen on 203.0.113.1:0: .*; choose another --port"),
    ],
)
def test_what_cannot_be_used_is_named(options, says):
    with pytest.raises(SystemExit, match=says):
        operators(0, **options)
