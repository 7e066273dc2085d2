"""The nginx and the Caddy of Debian over the examples in deploy/.

They stand in front of processes of the gateway.
"""

import asyncio
import datetime as dt
import os
import re
import shutil
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.api.edge.served import HANG_S, Served
from tests.console.tree import REPOSITORY
from tests.support.kannel import free_ports

NAME = "gateway.example.org"
_DEBIAN = REPOSITORY / ".tools/debian/usr"
_PATH = os.pathsep.join(
    (os.environ.get("PATH", ""), "/usr/sbin", str(_DEBIAN / "sbin"), str(_DEBIAN / "bin"))
)
_MAIN = """
daemon off;
pid {folder}/nginx.pid;
{user}
worker_processes 2;
worker_rlimit_nofile 20000;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/gateway.conf;
}}
"""


def program(name: str) -> str | None:
    """The installed program, or the one that scripts/proxies.sh has unpacked."""
    return shutil.which(name, path=_PATH)


FRONTS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            program(name) is None, reason=f"LEFT OUT: no {name} here (sh scripts/proxies.sh)"
        ),
    )
    for name in ("nginx", "caddy")
]


@dataclass(frozen=True)
class Behind:
    """The ports of the gateway's processes; one for all of them under `gateway up`."""

    phones: tuple[int, ...]
    clients: int


@dataclass
class Front(Served):
    """A running web server: `port` speaks TLS, `plain` does not.

    `key` is of a client of the gateway behind it.
    """

    folder: Path = field(default_factory=Path)
    plain: int = 0
    kind: str = ""

    @property
    def host(self) -> str:
        return NAME

    async def connects(self, address: str = "127.0.0.1"):
        trusting = ssl.create_default_context(cafile=self.folder / "fullchain.pem")
        return await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=trusting, server_hostname=NAME, local_addr=(address, 0)
        )

    def logged(self) -> str:
        """All that the web server has logged."""
        return "".join(file.read_text() for file in self.folder.glob("*.log"))


@asynccontextmanager
async def fronted(kind: str, behind: Behind, folder: Path, key: str = ""):
    """The web server of this kind over its example."""
    _make_certificate(folder)
    ports = free_ports("tls", "plain")
    argv, env = {"nginx": _nginx, "caddy": _caddy}[kind](behind, folder, ports)
    out = folder / "out.log"
    with out.open("w") as log:
        process = await asyncio.create_subprocess_exec(*argv, env=env, stdout=log, stderr=log)
    try:
        async with asyncio.timeout(HANG_S):
            while not await _listens(ports["tls"]):
                assert process.returncode is None, out.read_text()
                await asyncio.sleep(0.05)
        front = Front(ports["tls"], process.pid, key, folder, ports["plain"], kind)
        yield front
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), HANG_S)


def _nginx(behind: Behind, folder: Path, ports: dict[str, int]):
    site = (REPOSITORY / "deploy/nginx/gateway.conf").read_text()
    site = _with_upstreams(site, behind)
    for old, new in (
        ("listen 443 ssl;", f"listen 127.0.0.1:{ports['tls']} ssl;"),
        ("listen 80;", f"listen 127.0.0.1:{ports['plain']};"),
        ("listen [::]:443 ssl;", ""),
        ("listen [::]:80;", ""),
        (f"/etc/letsencrypt/live/{NAME}", str(folder)),
        ("/var/log/nginx", str(folder)),
    ):
        assert old in site
        site = site.replace(old, new)
    (folder / "gateway.conf").write_text(site)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, user=user))
    argv = [program("nginx"), "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"]
    return argv, dict(os.environ)


def _with_upstreams(site: str, behind: Behind) -> str:
    """Return the example with these ports.

    Its own lines are for one address, its commented ones for several processes.
    """
    if len(behind.phones) > 1:
        site = re.sub(r"(?m)^ *server 127\.0\.0\.1:8000.*\n", "", site)
        site = site.replace("#server 127", "server 127")
        named = {8001: behind.phones[0], 8002: behind.phones[1], 8003: behind.clients}
    else:
        named = {8000: behind.clients}
    for written, actual in named.items():
        assert f":{written} " in site
        site = site.replace(f":{written} ", f":{actual} ")
    return site


def _caddy(behind: Behind, folder: Path, ports: dict[str, int]):
    written = (REPOSITORY / "deploy/caddy/Caddyfile").read_text()
    assert written.count("reverse_proxy 127.0.0.1:8000 {") == 3
    phones = " ".join(f"127.0.0.1:{port}" for port in behind.phones)
    written = written.replace(
        "reverse_proxy 127.0.0.1:8000 {", f"reverse_proxy {phones} {{", 1
    ).replace("reverse_proxy 127.0.0.1:8000 {", f"reverse_proxy 127.0.0.1:{behind.clients} {{")
    if len(behind.phones) > 1:  # its commented lines for both addresses
        written, lines = re.subn(r"# (?=fail_duration|health_uri|health_interval)", "", written)
        assert lines == 3
    own = f"\tadmin off\n\thttp_port {ports['plain']}\n\thttps_port {ports['tls']}\n\tdefault_bind 127.0.0.1\n\tservers {{"
    written = written.replace("\tservers {", own, 1)
    tls = f"{NAME} {{\n\ttls {folder}/fullchain.pem {folder}/privkey.pem\n"
    written = written.replace(f"{NAME} {{\n", tls, 1)
    (folder / "Caddyfile").write_text(written)
    argv = [program("caddy"), "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"]
    return argv, {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder)}  # fmt: skip


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def _make_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
