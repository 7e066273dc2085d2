"""A real Kannel, with its fake SMSC, between our channel and phones: both ways, with receipts, and with us away.

Runs where Debian's `kannel` is installed (`apt-get install kannel`); says so where it is not.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections import Counter
from urllib.parse import parse_qsl

import aiohttp
import pytest
from aiohttp import web

from gateway.sms.channels import kannel
from gateway.sms.port import Delivery, OutboundSms, Outcome

PATH = os.environ.get("PATH", "") + ":/usr/sbin"
BEARERBOX, SMSBOX = shutil.which("bearerbox", path=PATH), shutil.which("smsbox", path=PATH)
pytestmark = pytest.mark.skipif(
    not (BEARERBOX and SMSBOX), reason="LEFT OUT: no Kannel here (apt-get install kannel)"
)
AMINA = "+254711000001"

CONF = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = adminpw
smsbox-port = {box}
smsbox-interface = 127.0.0.1
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
dlr-storage = internal
store-type = spool
store-location = "{spool}"

group = smsc
smsc = fake
smsc-id = phones
our-host = 127.0.0.1
port = {phones}
connect-allow-ip = "127.0.0.1"

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {box}
sendsms-port = {send}
sendsms-interface = 127.0.0.1
mo-recode = true
http-request-retry = 1000
http-queue-delay = 1

group = sendsms-user
username = gateway
password = "p&ss"
max-messages = 4
concatenation = true

group = sms-service
keyword = default
catch-all = yes
max-messages = 0
omit-empty = true
get-url = "http://127.0.0.1:{app}/sms?id=%I&smsc=%i&from=%p&to=%P&ts=%T&text=%b"
"""


def free_ports(*names):
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = {name: each.getsockname()[1] for name, each in zip(names, taken, strict=True)}
    for each in taken:
        each.close()
    return ports


def wait_for(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"nothing listens on {port}")


@pytest.fixture
def ports(tmp_path):
    """Both boxes, each on ports of its own, until the test is over."""
    ports = free_ports("admin", "box", "phones", "send", "app")
    (tmp_path / "spool").mkdir()
    conf = tmp_path / "kannel.conf"
    conf.write_text(CONF.format(spool=tmp_path / "spool", **ports))
    boxes = []
    try:
        with (tmp_path / "log").open("w") as log:
            for program, port in ((BEARERBOX, ports["box"]), (SMSBOX, ports["send"])):
                boxes.append(subprocess.Popen([program, "-v", "2", conf], stdout=log, stderr=log))
                wait_for(port)
        yield ports
    finally:
        for box in reversed(boxes):
            box.kill()
            box.wait()


class Us:
    """Our side of the wire: takes what Kannel calls, can be away."""

    def __init__(self, port):
        self.port, self.calls, self.runner = port, [], None

    async def come(self):
        app = web.Application()
        app.router.add_get("/{kind}", self._take)
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
        {
            "username": "gateway",
            "password": "p&ss",
            "sender": "21512",
            "send_url": f"http://127.0.0.1:{ports['send']}/cgi-bin/sendsms",
            "receipt_url": f"http://127.0.0.1:{ports['app']}/receipt",
        },
    )
    us = Us(ports["app"])
    reader, phone = await asyncio.open_connection("127.0.0.1", ports["phones"])

    # While we are away, replies wait in Kannel.
    said = [f"{n} Ndiyo  +&% caf\u00e9" for n in range(20)]
    for n, text in enumerate(said):
        phone.write(f"+2547110000{n:02} 21512 text {text}\n".encode())
    await phone.drain()
    await asyncio.sleep(1.5)
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
    assert {each.outcome for each in sent} == {Outcome.ACCEPTED}
    await until(lambda: len(us.of("receipt")) == 2 * len(texts))
    receipts = Counter(
        (r.provider_id, r.delivery) for r in map(channel.parse_receipt, us.of("receipt"))
    )
    assert receipts == Counter(
        (s.provider_id, d) for s in sent for d in (Delivery.SENT, Delivery.DELIVERED)
    )
    shown = (await reader.read(65536)).decode()
    assert f"21512 {AMINA} text {texts[0]}\n" in shown
    assert f"21512 {AMINA} ucs-2 %120%12%0B%12%1D%00+%D8%3D%DE%00" in shown

    phone.close()
    await us.runner.cleanup()
