# pyright: basic
"""The Python client and its command, against a whole gateway over HTTP."""

import dataclasses
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import gateway_client
import httpx
import openpyxl
import pytest
from gateway_client import Client, GatewayProblem, WrongSignature, money, verify_webhook
from gateway_client import client as client_module
from gateway_client.command import main
from standardwebhooks import Webhook

from gateway.base.currencies import DIGITS
from tests.console.tree import Tree, eventually

HANG_S = 300
AMINA, GRACE = "+254711000002", "+254711000001"
FOLDER = Path(gateway_client.__file__).parent


def arrives(tree: Tree, words: str) -> None:
    """Wait for the last SMS on Amina's phone to hold these words."""
    eventually(lambda: words in (tree.messages(AMINA) or [""])[-1])


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Return a running `gateway up` with one worker, who has answered nothing."""
    running = Tree(tmp_path_factory.mktemp("client") / "gateway-data").start()
    running.ask("/phone/sms", {"number": GRACE, "text": "ADD 0711000002 Amina"})
    arrives(running, "invites you")
    running.ask("/phone/sms", {"number": AMINA, "text": "YES"})
    arrives(running, "1 Yes 2 No")
    yield running
    running.stop()


@pytest.fixture
def key(tree):
    return (tree.folder / "try-out.key").read_text().strip()


@pytest.fixture
def client(tree, key):
    with Client(tree.url, key) as opened:
        yield opened


def shops(folder: Path) -> Path:
    path = folder / "shops.csv"
    path.write_text("id,text,ward\n1,There is a market near my home.,Kibera\n")
    return path


def addressed(client: Client) -> dict:
    """The one task of `shops`, for the town's only worker."""
    worker = httpx.get(
        client._root + "/audience", headers=client._key, timeout=HANG_S
    ).json()["workers"][0]["id"]  # fmt: skip
    return {
        "id": "1",
        "text": "There is a market near my home.",
        "ward": "Kibera",
        "audience": {"workers": [worker]},
    }


def test_a_program_sends_work_watches_it_and_reads_results_and_answers(tree, client):
    batch = client.submit(
        [addressed(client)],
        name="Markets",
        kind="verification",
        instructions="Is this true?",
        price="5",
        policy="all",
        labels={"project": "client"},
    )
    quote = client.quote(batch)
    assert (quote.tasks, quote.most_minor, quote.currency, quote.can_finish) == (
        1,
        500,
        "KES",
        True,
    )
    client.start(batch)
    client.start(batch)
    seen = []
    for progress in client.watch(batch, every_s=0.2):
        seen.append(progress.percent)
        if len(seen) == 1:
            tree.ask("/phone/sms", {"number": AMINA, "text": "1"})
            arrives(tree, "There is a market near my home.")
            tree.ask("/phone/sms", {"number": AMINA, "text": "1"})
    assert seen[0] == 0
    assert seen[-1] == 100
    (result,) = client.results(batch)
    assert (result.task, result.value, result.columns) == ("1", "yes", {"ward": "Kibera"})
    (answer,) = client.answers(batch)
    assert (answer.said, answer.value, answer.price) == ("1", "yes", "5")
    assert batch in [one["id"] for one in client.batches(label="project:client")]


def test_a_fault_names_field_and_row(client):
    with pytest.raises(GatewayProblem) as refused:
        client.submit(
            [{"id": "1"}], name="x", kind="verification", instructions="x", price="5"
        )  # fmt: skip
    assert refused.value.status == 422
    assert [(one["field"], one["row"]) for one in refused.value.errors] == [("text", 1)]


def test_the_command_submits_a_spreadsheet_and_tells_the_price(
    tree, key, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("GATEWAY_URL", tree.url)
    monkeypatch.setenv("GATEWAY_KEY", key)
    main(["batch", "submit", str(shops(tmp_path)), "--price", "5", "--quote"])
    told = capsys.readouterr().out
    batch = re.search(r"b_[0-9a-f]{24}", told)[0]
    assert "1 tasks, about KES 15.00, at most KES 15.00 without messages" in told
    assert re.search(r"\nready: (about 20\d\d-\d\d-\d\d \d\d:\d\d UTC|not known \()", told)
    assert f"start it with: gateway-client batch start {batch}" in told
    assert "can never finish" in told or "note:" in told, "one worker cannot give three answers"
    out = tmp_path / "results.xlsx"
    main(["results", batch, "--to", str(out)])
    sheet = openpyxl.load_workbook(out).active
    header, row = sheet.iter_rows(values_only=True)
    assert header[:5] == ("task", "state", "value", "confidence", "answers")
    assert dict(zip(header, row, strict=True))["ward"] == "Kibera"
    assert row[0] == "1", "an id stays a text"
    main(["results", batch])
    assert capsys.readouterr().out.splitlines()[-1].split() == ["1", "open", "0"]


def test_the_command_says_what_is_wrong_in_one_line(tree, key, tmp_path, monkeypatch):
    monkeypatch.setenv("GATEWAY_URL", tree.url)
    monkeypatch.setenv("GATEWAY_KEY", "gw_wrong")
    with pytest.raises(SystemExit, match="this API key is not known"):
        main(["results", "b_0"])
    monkeypatch.setenv("GATEWAY_KEY", key)
    bad = tmp_path / "bad.csv"
    bad.write_text("id,text\n1,\n")
    with pytest.raises(SystemExit, match=r"row 1, text: text is missing or empty"):
        main(["batch", "submit", str(bad), "--price", "5"])
    monkeypatch.setenv("GATEWAY_KEY", "")
    with pytest.raises(SystemExit, match="set GATEWAY_KEY"):
        main(["results", "b_0"])


def test_a_busy_gateway_is_asked_again_when_it_says(monkeypatch):
    waits, answers = [], [httpx.Response(503, headers={"Retry-After": "7"}), httpx.Response(200, json={"progress": 1})]  # fmt: skip
    monkeypatch.setattr(client_module.time, "sleep", waits.append)
    transport = httpx.MockTransport(lambda _: answers.pop(0))
    with Client("http://gateway", "gw_x", http=httpx.Client(transport=transport)) as client:
        assert client.batch("b_1") == {"progress": 1}
    assert waits == [7.0]


SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def signed(body: bytes, at: int, secret: str = SECRET) -> dict[str, str]:
    when = datetime.fromtimestamp(at, UTC)
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": Webhook(secret).sign("msg_1", when, body.decode()),
    }


def test_a_webhook_of_the_standards_own_library_is_verified_and_a_changed_one_refused():
    body = json.dumps({"type": "batch.done", "data": {}}).encode()
    headers = signed(body, 1_800_000_000)
    assert verify_webhook(body, headers, SECRET, now=1_800_000_100)["type"] == "batch.done"
    other = "whsec_" + "A" * 32
    assert verify_webhook(body, headers, [other, SECRET], now=1_800_000_000)
    for changed, secret, now in (
        (body + b" ", SECRET, 1_800_000_000),
        (body, other, 1_800_000_000),
        (body, SECRET, 1_800_000_301),
        (body, SECRET, 1_799_999_699),
    ):
        with pytest.raises(WrongSignature):
            verify_webhook(changed, headers, secret, now=now)
    with pytest.raises(WrongSignature):
        verify_webhook(body, {}, SECRET)


def test_the_client_asks_only_for_what_the_document_describes(tree):
    document = httpx.get(f"{tree.url}/openapi.json", timeout=HANG_S).json()
    source = (FOLDER / "client.py").read_text()
    calls = re.findall(r'_(?:asks\("(\w+)", |pages\()f?"(/[^"]*)"', source)
    assert len(calls) >= 9
    for method, path in calls:
        assert f"/api/v1{path}" in document["paths"], path
        assert (method or "GET").lower() in document["paths"][f"/api/v1{path}"], (method, path)
    schemas = document["components"]["schemas"]
    for model, name in (
        (gateway_client.Quote, "QuoteOut"),
        (gateway_client.Progress, "Progress"),
        (gateway_client.Result, "ResultOut"),
        (gateway_client.Answer, "AnswerOut"),
    ):
        read = {one.name for one in dataclasses.fields(model)}
        assert read <= set(schemas[name]["properties"]), name


def test_amounts_have_the_digits_of_their_currency():
    assert {code: money.digits(code) for code in DIGITS} == dict(DIGITS)
    assert money.amount(150_000, "UGX") == "UGX 150,000"
    assert money.figure(-150_050, "KES", signed=True) == "-1,500.50"
    assert money.figure(5, "JOD") == "0.005"


def test_the_client_reads_every_list_and_field_as_the_document_says(tree):
    """A list of values in the client's texts is one of the document's."""
    schemas = httpx.get(f"{tree.url}/openapi.json", timeout=HANG_S).json()["components"]["schemas"]
    states = schemas["ResultOut"]["properties"]["state"]["enum"]
    assert set(states) == {"open", "decided", "review", "ambiguous", "cancelled"}
    change = {one.name for one in dataclasses.fields(gateway_client.Change)}
    known = set(schemas["BatchChangeOut"]["properties"]) | set(schemas["ChangedOut"]["properties"])
    assert change <= known
    job = {one.name for one in dataclasses.fields(gateway_client.FileJob)}
    assert job <= set(schemas["ImportShown"]["properties"]) | set(
        schemas["ExportOut"]["properties"]
    )


def test_a_pilot_is_started_from_a_program_and_by_command(tree, key, monkeypatch, capsys):
    monkeypatch.setenv("GATEWAY_KEY", key)
    order = {"name": "Pilot", "kind": "verification", "instructions": "Is this true?", "price": "5"}
    tasks = [{"id": str(n), "text": f"Shop {n} is new."} for n in range(3)]
    with Client(tree.url, key) as client:
        one, other = (client.submit(tasks, **order, language="am") for _ in range(2))
        client.start(one, pilot=2)
        assert (client.pilot(one)["state"], client.pilot(one)["tasks"]) == ("running", 2)
        main(["--url", tree.url, "batch", "start", other, "--pilot", "1"])
        assert client.pilot(other)["tasks"] == 1
        for batch in (one, other):
            client.cancel(batch)


def test_a_preview_shows_the_messages_before_any_worker_is_asked(client, tree, key, capsys):
    tasks = [{"id": "1", "text": "There is a market near my home."}]
    shown = client.preview(tasks, kind="verification", instructions="Is this true?", price="5")
    sms = shown["languages"][0]["questions"][0]["sms"][0]
    assert "There is a market near my home." in sms["text"]
    assert sms["segments"] == 1
    batch = client.submit(
        tasks, name="Shops", kind="verification", instructions="Is this true?", price="5"
    )
    assert client.preview_batch(batch)["languages"] == shown["languages"]
    key_file = str(tree.folder / "try-out.key")
    main(["--url", tree.url, "--key-file", key_file, "batch", "preview", batch])
    said = capsys.readouterr().out
    assert sms["text"] in said
    assert "these tasks cost" in said


def test_a_batch_is_changed_from_a_program_and_from_the_command_line(
    tree, key, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("GATEWAY_KEY", key)
    order = {"name": "Life", "kind": "verification", "instructions": "Is this true?", "price": "5"}
    with Client(tree.url, key) as client:
        batch = client.submit(
            [{"id": "1", "text": "Is it new?"}], **order, language="am", open=True
        )
        assert client.edit(batch, price="6", labels={"a": "b"})["price_minor"] == 600
        client.start(batch)
        assert client.extend(batch, answers=1, dry_run=True).cost_minor == 600
        assert client.raise_price(batch, "7").what == "price"
        assert client.add(batch, [{"id": "2", "text": "Is it old?"}]) == 1
        assert client.cancel_tasks(batch, ["2"]).cost_minor == -2100
        client.finish(batch)
        copied = client.copy(batch, tasks=True, name="Copy")
        client.delete(copied)
        with pytest.raises(GatewayProblem, match="no batch"):
            client.batch(copied)
        assert [one.what for one in client.history(batch)] == [
            *("create", "edit", "start", "price", "add_tasks", "cancel_tasks", "finish")
        ]
    said = ["--url", tree.url, "batch"]
    main([*said, "extend", batch, "--answers", "1", "--dry-run"])
    assert "cost: +7.00 KES" in capsys.readouterr().out
    main([*said, "copy", batch])
    draft = capsys.readouterr().out.split()[-1]
    main([*said, "edit", draft, 'labels={"from": "here"}', "name=Other"])
    main([*said, "delete", draft])
    main([*said, "history", batch])
    assert "cancel_tasks" in capsys.readouterr().out
    main([*said, "cancel", batch])


def test_a_large_file_is_imported_and_results_are_exported_by_command(
    tree, key, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("GATEWAY_KEY", key)
    with Client(tree.url, key) as client:
        batch = client.submit(
            [{"id": "0", "text": "There is a well."}],
            name="Large",
            kind="verification",
            instructions="Is this true?",
            price="5",
        )
        path = tmp_path / "more.csv"
        path.write_text("Shop,text\n" + "".join(f"{n},There is shop {n}.\n" for n in range(1, 31)))
        main(["--url", tree.url, "import", str(path), "--batch", batch, "--map", "id:Shop"])
        assert "30 tasks are in the batch" in capsys.readouterr().out
        path.write_text("id,text\n31,\n0,There is a well.\n")
        with pytest.raises(SystemExit, match="nothing was stored: row 1, text: text is missing"):
            main(["--url", tree.url, "import", str(path), "--batch", batch])
        out = tmp_path / "results.xlsx"
        main(["--url", tree.url, "export", batch, "--to", str(out)])
        assert "31 rows" in capsys.readouterr().out
        sheet = openpyxl.load_workbook(out).worksheets[0]
        assert [row[0].value for row in sheet.iter_rows(min_row=2)] == [str(n) for n in range(31)]
        job = client.export(batch, "jsonl", what="answers")
        *_, job = client.watch_file(job)
        assert (job.state, client.download(job, out)) == ("ready", 0)
        client.delete(batch)


def test_a_file_with_a_fault_leaves_no_empty_draft(client):
    before = [one["id"] for one in client.batches()]
    with pytest.raises(GatewayProblem, match="text is missing"):
        client.submit(
            [{"id": "1", "text": ""}],
            name="Faulty",
            kind="verification",
            instructions="Is this true?",
            price="5",
        )
    assert [one["id"] for one in client.batches()] == before
