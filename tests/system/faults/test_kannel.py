"""A real Kannel and an operator's SMSC around a real gateway.

The gateway is killed, and its database goes away. Phones text through SMPP, Kannel hands it on by
the kannel.conf that `gateway channels kannel-conf` makes, replies go back the same way with true
delivery receipts. Whatever breaks: each reply arrives, and has one effect.

`KANNEL_OUTAGE_S=90` makes both outages 90 s long, with the delay between Kannel's tries that ships
(docs/bars.md, B1).
"""

import asyncio
import json
import os
import signal
from collections import Counter

import asyncpg
import pytest
from pydantic import SecretStr

from gateway.app import open_runtime
from gateway.cli.messages import kannel_conf
from gateway.cli.run.process_group import Children, gateway_argv
from gateway.cli.serving import with_secret
from gateway.queue.inline import InlineJobQueue
from gateway.servers import EmbeddedServers
from gateway.settings import ChannelSettings, ChannelSide, Settings
from gateway.simulator.carriers.smsc import Smsc
from tests.support.kannel import boxes, free_ports, needs_kannel
from tests.support.town import eventually

# The time in which the gateway, and then its database, are away. By default it is as short as can
# be.
OUTAGE_S = float(os.environ.get("KANNEL_OUTAGE_S", "0"))
RETRY_S = kannel_conf.RETRY_DELAY_S if OUTAGE_S else 1
pytestmark = [needs_kannel, pytest.mark.timeout(300 + 3 * OUTAGE_S)]

CODE = "20880"
PHONES = [f"+2547110004{n:02}" for n in range(8)]
UNREACHABLE = "+254711000499"
LINK = """
group = smsc
smsc = smpp
smsc-id = sim
host = 127.0.0.1
port = {port}
transceiver-mode = true
smsc-username = gateway
smsc-password = secret
system-type = ""
"""


def settings_in(folder, ports):
    url = f"http://127.0.0.1:{ports['api']}"
    options = {
        "send_url": f"http://127.0.0.1:{ports['send']}/cgi-bin/sendsms",
        "username": "gateway",
        "password": "p&ss word",
        "sender": CODE,
        "receipt_url": f"{url}/in/k/s/receipt",
    }
    k = ChannelSettings(secret=SecretStr("s"), sms=ChannelSide(kind="kannel", options=options))
    lines = [
        f"data_dir = {json.dumps(str(folder / 'data'))}",
        f"port = {ports['api']}",
        f'public_url = "{url}"',
        'sms_channel = "k"',
        f'private_addresses = ["127.0.0.1:{ports["send"]}"]',
        "[channels.k]",
        'secret = "s"',
        "[channels.k.sms]",
        'kind = "kannel"',
        "[channels.k.sms.options]",
        *(f"{name} = {json.dumps(value)}" for name, value in options.items()),
    ]
    (folder / "gateway.toml").write_text("\n".join(lines) + "\n")
    return Settings(
        data_dir=folder / "data",
        public_url=url,
        sms_channel="k",
        channels={"k": k},
        private_addresses=(f"127.0.0.1:{ports['send']}",),
    )


class Gateway:
    """Our processes; `api` is killed and started again."""

    def __init__(self, folder, children):
        self.folder, self.children = folder, children
        self.env = {"GATEWAY_CONFIG": str(folder / "gateway.toml")}

    async def starts(self, name):
        if name != "api":
            self.children.start(name, gateway_argv(name), self.env)
            return
        ready = self.folder / "api.ready"
        argv = gateway_argv("api", "--ready-file", str(ready))
        self.children.start(name, argv, self.env, ready_file=ready)
        await asyncio.to_thread(self.children.wait_ready, name)

    def kills(self, name):
        os.kill(self.children.pid(name), signal.SIGKILL)
        self.children._children[name].process.wait(300)


async def closes(dsn, *, closed):
    """Let the database refuse every connection, or admit them again."""
    keeper = await asyncpg.connect(dsn.replace("/gateway?", "/template1?"))
    try:
        await keeper.execute(f"alter database gateway allow_connections {not closed}")
        if closed:
            await keeper.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'gateway'"
            )
    finally:
        await keeper.close()


async def written(dsn, number):
    """Return whether `number` messages are known to have been taken by Kannel."""
    looker = await asyncpg.connect(dsn)
    try:
        return await looker.fetchval("select count(*) = $1 from outbox where state = 'accepted'", number)  # fmt: skip
    finally:
        await looker.close()


async def test_every_reply_arrives_once_with_the_gateway_killed_and_its_database_away(tmp_path):
    ports = free_ports("admin", "box", "send", "api")
    settings = settings_in(tmp_path, ports)
    spool = tmp_path / "kannel"
    spool.mkdir()
    conf = tmp_path / "kannel.conf"
    async with Smsc() as smsc:
        made = kannel_conf.conf(
            settings, "k", folders=kannel_conf.KannelFolders(str(spool), str(spool)), admin_port=ports["admin"], box_port=ports["box"], retry_s=RETRY_S
        )  # fmt: skip
        conf.write_text(made + LINK.format(port=smsc.port))
        children = Children(tmp_path / "logs", lambda _: None)
        ours = Gateway(tmp_path, children)
        try:
            await ours.starts("api")
            for name in ("runner", "ticker"):
                await ours.starts(name)
            with (
                boxes(conf, tmp_path / "kannel.log", ports),
                EmbeddedServers(settings.data_dir) as servers,
            ):
                await asyncio.wait_for(eventually(lambda: _now(smsc.bound), 30), 40)
                await _through_it_all(ours, smsc, servers, with_secret(settings))
        finally:
            await asyncio.to_thread(children.stop)


async def _now(value):
    return value


async def _through_it_all(ours, smsc, servers, settings):
    settings = settings.model_copy(update={"database_url": SecretStr(servers.database_url)})
    first, second, third = PHONES[:3], PHONES[3:6], [*PHONES[6:], UNREACHABLE]

    async def replied(number):
        return len(smsc.submitted) >= number

    for phone in first:
        await smsc.phone_says(phone, CODE, "HELLO")
    ours.kills("api")
    for phone in second:  # the gateway is away; Kannel keeps them, and the unanswered ones
        await smsc.phone_says(phone, CODE, "HELLO")
    await eventually(lambda: _now(smsc.acknowledged >= len(first) + len(second)), 300)
    await asyncio.sleep(OUTAGE_S)
    await ours.starts("api")
    await eventually(lambda: replied(6), 300)
    # What a runner had handed over and not yet written down is known a minute later only
    # (tests/system/faults/test_killed.py tells that story): here it has written.
    await eventually(lambda: written(servers.postgres_dsn, 6), 300)

    await closes(servers.postgres_dsn, closed=True)
    try:
        for phone in third:
            await smsc.phone_says(phone, CODE, "HELLO")

        async def kept():
            kept_here = list((settings.data_dir / "spool").glob("*.events"))
            lines = [line for path in kept_here for line in path.read_bytes().splitlines()]
            return len(lines) >= len(third)

        await eventually(kept, 300)
        ours.kills("api")  # with the replies on its disk only
        await asyncio.sleep(OUTAGE_S)
    finally:
        await closes(servers.postgres_dsn, closed=False)
    await ours.starts("api")
    await eventually(lambda: replied(9), 300)

    async with open_runtime(settings, InlineJobQueue(), connections=2) as rt:

        async def receipts():
            rows = await rt.db.rows("select delivery from outbox where delivery is not null")
            told = Counter(row["delivery"] for row in rows)
            return told == {"delivered": 8, "failed": 1} and told

        await eventually(receipts, 300)
        kept_rows = await rt.db.rows(
            "select event_id, state, error, created_at from inbox where kind = 'sms' order by id"
        )
        assert len(kept_rows) == 9, [dict(row) for row in kept_rows]
        assert await rt.db.value("select count(*) from inbox where state = 'failed'") == 0
    assert Counter(f"+{sent.to.lstrip('+')}" for sent in smsc.submitted) == Counter(
        [*PHONES, UNREACHABLE]
    )
    assert {sent.sender for sent in smsc.submitted} == {CODE}
    assert all("join" in sent.text.casefold() for sent in smsc.submitted)
