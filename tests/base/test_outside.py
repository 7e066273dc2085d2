# ruff: noqa: RUF001  the look-alikes are the point
"""No call leaves for a private address.

This holds for every spelling, every address that a name resolves to, and every redirect.
"""

import ast
import ipaddress
import socket
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

import gateway
from gateway.base.errors import SettingsError
from gateway.base.net import outside
from gateway.base.net.addresses import NEVER, NONE, PermittedAddresses, is_public, literal
from gateway.settings import ChannelSettings, ChannelSide, ProviderSettings, Settings
from tests.support.served import served

# Each leads to this machine, to a neighbour or to a cloud's metadata for some reader of addresses.
SPELLINGS = """
127.0.0.1 127.0.0.2 127.255.255.254 localhost LOCALHOST localhost. 127.0.0.1. 127.1 127.0.1 2130706433
0x7f000001 0x7f.0x0.0x0.0x1 0x7f.1 0177.0.0.1 0177.1 017700000001 00000177.0.0.1 127.000.000.001
0 0.0.0.0 0x0 00 1 0.0.0.0. １２７.0.0.1 １２７．０．０．１ 127。0。0。1 127｡0｡0｡1 ①②⑦.⓪.⓪.①
[::1] [0:0:0:0:0:0:0:1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [::127.0.0.1]
[::7f00:1] [64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::7f00:1] [2002:7f00:1::]
[2002:7f00:1::1] [2001:0:7f00:1::] [2001::80ff:fffe] [fe80::1] [fe80::1%25lo] [fe80::1%251] [::1%25lo]
[fc00::1] [fd00:ec2::254] [fd20:ce::254] [ff02::1] [fec0::1] [2001:db8::1] [2a00:1::5efe:7f00:1]
10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 169.254.169.254 169.254.170.2 100.64.0.1
100.100.100.200 168.63.129.16 192.0.0.192 192.0.2.1 198.18.0.1 203.0.113.7 224.0.0.1 239.255.255.250
240.0.0.1 255.255.255.255 192.88.99.1 me@127.0.0.1 me:secret@127.0.0.1 8.8.8.8@127.0.0.1
example.org%40x@127.0.0.1 localhost.localdomain ip6-localhost LocalHost 0x7F.0.0.1 127.0.0.1%00.example.org
""".split()  # noqa: SIM905


class Listener:
    """A server on every address of this machine, which counts the connections that reach it."""

    def __init__(self) -> None:
        self.reached = 0

    async def handle(self, request: web.Request) -> web.Response:
        self.reached += 1
        return web.Response(text="inside")


@pytest.fixture
async def inside():
    """The port of a server that answers on all addresses, IPv4 and (where there is any) IPv6."""
    listener = Listener()
    runner = web.ServerRunner(web.Server(listener.handle))
    await runner.setup()
    sock = socket.create_server(("0.0.0.0", 0))  # noqa: S104  # whatever spelling gets here is a failure
    await web.SockSite(runner, sock).start()
    listener.port = sock.getsockname()[1]
    yield listener
    await runner.cleanup()


def test_there_are_enough_spellings():
    assert len(set(SPELLINGS)) >= 80


async def test_no_spelling_of_a_private_address_gets_through(inside):
    through = []
    async with outside.session(timeout=aiohttp.ClientTimeout(total=60)) as http:
        for spelling in SPELLINGS:
            try:
                async with http.get(f"http://{spelling}:{inside.port}/", allow_redirects=False):
                    through.append(spelling)
            except (aiohttp.ClientError, OSError, ValueError):
                pass
    assert through == []
    assert inside.reached == 0


async def test_without_the_guard_such_spellings_do_get_through(inside):
    """The test before can fail: aiohttp alone reads these as this machine."""
    async with aiohttp.ClientSession() as http:
        for spelling in ("127.0.0.1", "１２７.0.0.1", "127。0。0。1", "localhost"):
            async with http.get(f"http://{spelling}:{inside.port}/") as answer:
                assert await answer.text() == "inside"


async def test_a_permitted_address_is_reached_and_no_other_port(inside):
    permitted = PermittedAddresses.read([f"127.0.0.1:{inside.port}"])
    async with outside.session(permitted) as http:
        async with http.get(f"http://127.0.0.1:{inside.port}/") as answer:
            assert await answer.text() == "inside"
        with pytest.raises(aiohttp.ClientConnectorError, match="private_addresses"):
            await http.get(f"http://127.0.0.2:{inside.port}/")
        with pytest.raises(aiohttp.ClientConnectorError, match="private_addresses"):
            await http.get("http://127.0.0.1:1/")
    assert inside.reached == 1


async def test_a_name_is_permitted_by_itself(inside, monkeypatch):
    """Permission for a name is not permission for its address.

    Another name that leads there is refused.
    """
    leads_to(monkeypatch, lambda _: "127.0.0.1")
    async with outside.session(PermittedAddresses.read(["kannel.internal"])) as http:
        async with http.get(f"http://Kannel.Internal.:{inside.port}/") as answer:
            assert answer.status == 200
        for other in (
            "evil.example",
            "127.0.0.1",
            "x.kannel.internal",
            "kannel.internal.evil.example",
        ):
            with pytest.raises(aiohttp.ClientConnectorError, match="private_addresses"):
                await http.get(f"http://{other}:{inside.port}/")
    assert inside.reached == 1


async def test_a_name_that_changes_its_mind_is_refused_when_it_is_dialled(inside, monkeypatch):
    """DNS rebinding: the name is public when it is checked and private when it is connected to."""
    answers = iter(["93.184.216.34", "127.0.0.1", "127.0.0.1", "127.0.0.1"])
    leads_to(monkeypatch, lambda _: next(answers))
    assert socket.getaddrinfo("rebind.example", 80)[0][4][0] == "93.184.216.34"
    async with outside.session() as http:
        with pytest.raises(aiohttp.ClientConnectorError, match=r"rebind.example is 127\.0\.0\.1"):
            await http.get(f"http://rebind.example:{inside.port}/")
    assert inside.reached == 0


async def test_one_private_address_among_public_ones_is_not_dialled(inside, monkeypatch):
    leads_to(monkeypatch, lambda _: ("127.0.0.1", "127.0.0.2"))
    permitted = PermittedAddresses.read([f"127.0.0.2:{inside.port}"])
    async with (
        outside.session(permitted) as http,
        http.get(f"http://both.example:{inside.port}/") as answer,
    ):
        assert answer.status == 200
    assert inside.reached == 1


async def test_a_redirect_is_never_followed_even_by_a_caller_that_asks_for_it():
    seen = []

    async def handle(request):
        seen.append(request.path)
        return web.Response(status=307, headers={"Location": "/there"})

    async with (
        served(handle) as url,
        outside.session(PermittedAddresses.read(["127.0.0.1"])) as http,
    ):
        with pytest.raises(outside.Redirected):
            await http.post(f"{url}/here", data=b"x", allow_redirects=True)
        with pytest.raises(outside.Redirected):
            await http.get(f"{url}/here")
    assert seen == ["/here", "/here"]


async def test_a_proxy_is_no_way_around(inside, monkeypatch):
    proxy = f"http://127.0.0.1:{inside.port}"
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.setenv("HTTP_PROXY", proxy)
    async with outside.session() as http:
        with pytest.raises(aiohttp.ClientError):
            await http.get("http://example.org/", proxy=proxy)
        with pytest.raises(aiohttp.ClientError):  # and none of the environment is taken
            await http.get("http://10.1.2.3/", timeout=aiohttp.ClientTimeout(total=5))
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(f"http://127.0.0.1:{inside.port}/", middlewares=())
    assert inside.reached == 0


@given(st.ip_addresses())
def test_what_is_public_is_public_for_python_too(address):
    """Our own list is stricter than the standard library's, never looser."""
    if is_public(address):
        assert address.is_global or address in ipaddress.ip_network("64:ff9b::/96")


@given(st.ip_addresses(v=4))
def test_every_ipv4_address_is_judged_alike_in_each_form(address):
    for form in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert is_public(ipaddress.ip_address(form)) == is_public(address)
    for form in (str(int(address)), hex(int(address)), f"{address}."):
        assert literal(form) == address


@pytest.mark.parametrize("never", [str(network[0]) for network in NEVER])
def test_metadata_and_multicast_cannot_be_permitted(never):
    entry = f"[{never}]:80" if ":" in never else f"{never}:80"
    with pytest.raises(SettingsError, match="never"):
        PermittedAddresses.read([entry])


@pytest.mark.parametrize(
    "entry",
    ["", "http://kannel", "kannel:0", "kannel:99999", "a b", "0.0.0.0/0", "::/0", "10.0.0.1/x", "user@kannel", "kannel/x", "kännel"],
)  # fmt: skip
def test_a_permission_that_cannot_be_read_says_so(entry):
    with pytest.raises(SettingsError, match="private_addresses"):
        PermittedAddresses.read([entry])


def test_a_wide_permission_does_not_reach_the_metadata_in_it():
    permitted = PermittedAddresses.read(["100.64.0.0/10", "fd00::/8"])
    allowed = [
        permitted.allows(ipaddress.ip_address(one), 80)
        for one in ("100.64.0.1", "100.100.100.200", "fd12::1", "fd00:ec2::254")
    ]
    assert allowed == [True, False, True, False]


def kannel(url, **more):
    options = {"send_url": url, "username": "u", "password": "p", "sender": "1"}
    channels = {"k": ChannelSettings(secret="s", sms=ChannelSide(kind="kannel", options=options))}
    return Settings(channels=channels, **more)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:13013/x", "http://localhost:13013/x", "http://127。0。0。1:13013/x", "http://[::1]/x", "http://2130706433/x"],
)  # fmt: skip
def test_a_private_address_in_the_settings_needs_permission_at_start(url):
    with pytest.raises(
        SettingsError, match=r"channels\.k\.sms\.options\.send_url.*private_addresses"
    ):
        kannel(url)


def test_the_permission_that_the_error_proposes_is_enough():
    with pytest.raises(SettingsError) as refused:
        kannel("http://[::1]:13013/x")
    proposed = str(refused.value).partition("private_addresses = ")[2]
    assert kannel("http://[::1]:13013/x", private_addresses=tuple(ast.literal_eval(proposed)))


def test_a_provider_is_held_to_the_same():
    mpesa = ProviderSettings(kind="mpesa", options={"base_url": "http://10.0.0.8"})
    with pytest.raises(SettingsError, match=r"providers\.mpesa\.options\.base_url"):
        Settings(providers={"mpesa": mpesa})
    assert Settings(providers={"mpesa": mpesa}, private_addresses=("10.0.0.0/8",))


SESSIONS = {"ClientSession", "TCPConnector", "BaseConnector"}
OTHER_CLIENTS = {"http.client", "urllib.request", "requests", "httpx", "httpx2", "urllib3", "ftplib", "smtplib", "telnetlib", "xmlrpc.client"}  # fmt: skip
DIALS = {"open_connection", "create_connection", "sock_connect"}


def calls_out(path):
    """The ways of a module to open a connection by itself."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in OTHER_CLIENTS)
        elif isinstance(node, ast.ImportFrom) and node.module in OTHER_CLIENTS:
            yield node.module
        elif isinstance(node, ast.Call):
            name = (
                node.func.attr
                if isinstance(node.func, ast.Attribute)
                else getattr(node.func, "id", "")
            )
            follows = [
                k
                for k in node.keywords
                if k.arg == "allow_redirects" and k.value.value is not False
            ]
            if name in SESSIONS | DIALS or follows:
                yield name


def test_nothing_but_the_factory_opens_a_way_out():
    """The simulator is apart: it stands for strangers, and calls the gateway."""
    root = Path(gateway.__file__).parent
    found = {
        (str(path.relative_to(root)), name)
        for path in root.rglob("*.py")
        if "simulator" not in path.relative_to(root).parts
        for name in calls_out(path)
    }
    # One process of this gateway to another of it, over a Unix socket: no address is dialled.
    beside = {("api/edge/forward.py", "ClientSession")}
    assert found - beside == {
        ("base/net/outside.py", "ClientSession"),
        ("base/net/outside.py", "TCPConnector"),
    }
    forward = (root / "api" / "edge" / "forward.py").read_text()
    assert forward.count("ClientSession(") == forward.count("UnixConnector(") == 1


def test_the_test_before_would_see_one(tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text(
        "import aiohttp, requests\nhttp = aiohttp.ClientSession()\nx = asyncio.open_connection('h', 1)\n"
    )
    assert set(calls_out(bad)) == {"requests", "ClientSession", "open_connection"}


def leads_to(monkeypatch, answer):
    """Names resolve to what `answer` says; addresses stay what they are."""
    real = socket.getaddrinfo

    def resolve(host, port, *args, **kwargs):
        if literal(host if isinstance(host, str) else host.decode()):
            return real(host, port, *args, **kwargs)
        told = answer(host)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, int(port or 0)))
            for one in ((told,) if isinstance(told, str) else told)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def test_nothing_is_permitted_without_settings():
    assert Settings().private_addresses == ()
    assert PermittedAddresses.read(()) == NONE
