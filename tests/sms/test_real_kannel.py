"""A real Kannel, with its fake SMSC, between the gateway's channel and phones.

Messages go both ways, with receipts, and with the gateway away. Runs where Debian's `kannel` is
installed (`apt-get install kannel`); says so where it is not.
"""

import asyncio
from collections import Counter
from urllib.parse import parse_qsl

import aiohttp
import pytest
from aiohttp import web

from gateway.cli.messages import kannel_conf
from gateway.settings import ChannelSettings, ChannelSide, Settings
from gateway.sms.channels import kannel
from gateway.sms.port import Delivery, OutboundSms, SendStatus
from tests.support.kannel import boxes, free_ports, needs_kannel

pytestmark = needs_kannel
AMINA = "+254711000001"

SETTINGS = {
    "username": "gateway",
    "password": "p&ss",
    "sender": "21512",
}
PHONES = """
group = smsc
smsc = fake
smsc-id = phones
our-host = 127.0.0.1
port = {phones}
connect-allow-ip = "127.0.0.1"
"""


def conf_of(ports, spool):
    """The file that `gateway channels kannel-conf` makes, with a link to our phones."""
    options = SETTINGS | {"send_url": f"http://127.0.0.1:{ports['send']}/cgi-bin/sendsms"}
    settings = Settings(
        public_url=f"http://127.0.0.1:{ports['app']}",
        channels={
            "k": ChannelSettings(secret="s", sms=ChannelSide(kind="kannel", options=options))
        },
        private_addresses=("127.0.0.1",),
    )
    made = kannel_conf.conf(
        settings,
        "k",
        folders=kannel_conf.KannelFolders(str(spool), str(spool)),
        admin_port=ports["admin"],
        box_port=ports["box"],
        retry_s=1,
    )
    return made + PHONES.format(**ports)


@pytest.fixture
def ports(tmp_path):
    """Both boxes, each on ports of its own, until the test is over."""
    ports = free_ports("admin", "box", "phones", "send", "app")
    (tmp_path / "spool").mkdir()
    conf = tmp_path / "kannel.conf"
    conf.write_text(conf_of(ports, tmp_path / "spool"))
    with boxes(conf, tmp_path / "log", ports):
        yield ports


class Us:
    """Our side of the wire: takes what Kannel calls, can be away."""

    def __init__(self, port):
        self.port, self.calls, self.runner, self.hung_up = port, [], None, 0

    async def is_away(self):
        """Hang up on every caller, and count the calls."""

        async def hang_up(_, writer):
            self.hung_up += 1
            writer.close()

        return await asyncio.start_server(hang_up, "127.0.0.1", self.port)

    async def come(self):
        app = web.Application()
        app.router.add_get("/in/k/s/{kind}", self._take)
        self.runner = web.AppRunner(app, shutdown_timeout=0)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", self.port).start()

    async def _take(self, request):
        form = dict(parse_qsl(request.query_string, keep_blank_values=True))
        self.calls.append((request.match_info["kind"], form))
        return web.Response()

    def of(self, kind):
        return [form for each, form in self.calls if each == kind]


async def until(condition, seconds=15):
    for _ in range(seconds * 20):
        if condition():
            return
        await asyncio.sleep(0.05)
    pytest.fail("it never came")


async def test_both_ways_with_receipts_and_with_us_away(ports):
    channel = kannel.make(
        "k",
        SETTINGS
        | {
            "send_url": f"http://127.0.0.1:{ports['send']}/cgi-bin/sendsms",
            "receipt_url": f"http://127.0.0.1:{ports['app']}/in/k/s/receipt",
        },
    )
    us = Us(ports["app"])
    away = await us.is_away()
    reader, phone = await asyncio.open_connection("127.0.0.1", ports["phones"])

    # While we are away, replies wait in Kannel, which tries each of them again.
    said = [f"{n} Ndiyo  +&% caf\u00e9" for n in range(20)]
    for n, text in enumerate(said):
        phone.write(f"+2547110000{n:02} 21512 text {text}\n".encode())
    await phone.drain()
    await until(lambda: us.hung_up > len(said))
    away.close()
    await away.wait_closed()
    await us.come()
    await until(lambda: len({form["id"] for form in us.of("sms")}) == len(said))
    heard = {sms.provider_id: sms for sms in map(channel.parse_sms, us.of("sms"))}
    assert Counter(sms.text for sms in heard.values()) == Counter(said)
    assert {sms.to for sms in heard.values()} == {"21512"}

    texts = [
        "1 Ndiyo + 2 La? 50% & ;=~\u00e9 [x] \u20ac5",
        "\u1230\u120b\u121d \U0001f600 + 50%",
        "a\nb",
    ]
    async with aiohttp.ClientSession() as http:
        sent = await channel.send(
            http, [OutboundSms(f"k{i}", AMINA, t) for i, t in enumerate(texts)]
        )
    assert {each.outcome for each in sent} == {SendStatus.ACCEPTED}
    await until(lambda: len(us.of("receipt")) == 2 * len(texts))
    receipts = Counter(
        (r.provider_id, r.delivery) for r in map(channel.parse_receipt, us.of("receipt"))
    )
    assert receipts == Counter(
        (s.provider_id, d) for s in sent for d in (Delivery.SENT, Delivery.DELIVERED)
    )
    shown = ""
    while shown.count("\n") < len(texts) + 1:  # one of them has a line break
        shown += (await reader.read(65536)).decode()
    assert f"21512 {AMINA} text {texts[0]}\n" in shown
    assert f"21512 {AMINA} ucs-2 %120%12%0B%12%1D%00+%D8%3D%DE%00" in shown

    phone.close()
    await us.runner.cleanup()
