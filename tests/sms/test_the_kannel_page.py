"""The page docs/operators/kannel.md followed literally.

Its commands run in its order, with Debian's own start script. Only places differ: folders and ports
are of this test's own. Runs as root where Debian's `kannel` is installed; says so where it is not.
"""

import asyncio
import os
import pwd
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import mkdtemp

import pytest

from gateway.settings import ChannelSettings
from gateway.settings.apart import scrubbed_environment
from tests.conftest import opened_gateway
from tests.support.kannel import free_ports, needs_kannel, wait_for

PAGE = (Path(__file__).parents[2] / "docs" / "operators" / "kannel.md").read_text()
SCRIPT = Path("/etc/init.d/kannel")
pytestmark = [
    needs_kannel,
    pytest.mark.skipif(
        os.geteuid() != 0 or not SCRIPT.exists(),
        reason="LEFT OUT: only root, on Debian, can follow the page",
    ),
]


def blocks(language):
    """The fenced blocks of the page in this language."""
    pieces = re.split(r"^```(.*)$\n?", PAGE, flags=re.MULTILINE)
    # Text, opening fence, block, closing fence; then the next text.
    return [pieces[n + 1] for n in range(1, len(pieces) - 1, 4) if pieces[n] == language]


(SETTINGS,) = blocks("toml")
PREPARE, START, LINK, PHONES = blocks("")


class Place:
    """The folders and ports of this test's Kannel instead of the page's."""

    def __init__(self, folder, ports):
        self.folder, self.ports = folder, ports
        for name in ("etc/kannel", "etc/default", "var/log/kannel", "var/spool", "init.d"):
            (folder / name).mkdir(parents=True)
        shutil.chown(folder / "var/log/kannel", "kannel")
        # Debian's package makes a file that every user may read.
        (folder / "etc/kannel/kannel.conf").write_text("group = core\n")
        (folder / "etc/default/kannel").write_text("START_WAPBOX=1\n#START_SMSBOX=1\n")
        self.script = folder / "init.d/kannel"
        # Debian's script gives bearerbox one second before smsbox, which ends when its connection
        # is refused. On a busy machine the test waits until bearerbox listens.
        listens = f"timeout 300 bash -c 'until : < /dev/tcp/127.0.0.1/{ports['box']}; do sleep 0.1; done' 2> /dev/null"
        script, waits = re.subn(r"sleep 1 # Wait for bearerbox", listens, SCRIPT.read_text())
        assert waits == 1, "the script of this Debian waits otherwise"
        self.script.write_text(self.moved(script))

    def moved(self, text):
        """Return the text with this test's folders and ports."""
        for path in ("/etc/kannel", "/etc/default/kannel", "/var/spool/kannel", "/var/log/kannel", "/var/run/kannel"):  # fmt: skip
            text = re.sub(rf"(?<![\w/]){path}", str(self.folder) + path.replace("/var/run", "/var"), text)  # fmt: skip
        for theirs, ours in (("13013", "send"), ("10000", "phones")):
            text = re.sub(rf"\b{theirs}\b", str(self.ports[ours]), text)
        return text

    def commands(self, block):
        """The commands of a block of the page; what is installed already is not installed again."""
        text = self.moved(block)
        text = re.sub(
            r"^apt-get install kannel$", "test -x /usr/sbin/bearerbox", text, flags=re.MULTILINE
        )
        text = re.sub(r"^service kannel ", f"sh {self.script} ", text, flags=re.MULTILINE)
        own = f'gateway() {{ {sys.executable} -m gateway "$@"; }}\n'
        ports = f"--admin-port {self.ports['admin']} --box-port {self.ports['box']}"
        text = text.replace("kannel-conf safaricom", f"kannel-conf safaricom {ports} --spool {self.folder}/var/spool/kannel --logs {self.folder}/var/log/kannel")  # fmt: skip
        return f"set -e\n{own}{text}"

    async def runs(self, block, config):
        process = await asyncio.create_subprocess_exec(
            "sh", "-c", self.commands(block), env=scrubbed_environment(config),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        async with asyncio.timeout(300):
            said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
        return said.decode()


@pytest.fixture
def umask():
    """Set the usual umask.

    A test that serves the gateway in this process closes its umask, and Kannel's user could enter
    nothing.
    """
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def place(umask):
    # Not pytest's folder: Kannel's own user could not enter it.
    folder = Path(mkdtemp(prefix="kannel-page-"))
    folder.chmod(0o755)
    made = Place(folder, free_ports("admin", "box", "send", "phones"))
    yield made
    subprocess.run(["sh", str(made.script), "stop"], check=False, timeout=300)
    shutil.rmtree(folder)


def test_the_page_names_the_retries_and_settings_that_the_file_has():
    """`kannel-conf` writes each setting in the page's table, or leaves it out as the table says."""
    from gateway.cli.messages import kannel_conf
    from gateway.settings import Settings

    settings = Settings(
        channels={"safaricom": ChannelSettings(**tomllib.loads(SETTINGS)["channels"]["safaricom"])},
        private_addresses=("127.0.0.1",),
    )
    made = kannel_conf.conf(settings, "safaricom", folders=kannel_conf.KannelFolders(), admin_port=1, box_port=2)  # fmt: skip
    said = {line.partition(" = ")[0] for line in made.splitlines() if " = " in line}
    rows = re.findall(r"^\| (`[^|]+?) \| ([^|]+) \|", PAGE, re.MULTILINE)
    assert len(rows) >= 10
    for names, value in rows:
        for name in re.findall(r"`([\w-]+)(?: = [^`]*)?`", names):
            left_out = value.startswith(("left out", "no "))
            assert (name in said) is not left_out, name
    assert f"{kannel_conf.REQUEST_RETRIES:,} times" in PAGE
    assert "log-level = 2" in made and 'store-location = "/var/spool/kannel"' in made


async def test_a_bare_debian_answers_a_phone_after_the_page(new_database, place, tmp_path):
    told = tomllib.loads(place.moved(SETTINGS))["channels"]["safaricom"]
    channel = ChannelSettings(**told)
    async with opened_gateway(
        await new_database("kannelpage"), channels={"safaricom": channel}, sms_channel="safaricom"
    ) as town:
        url = town.rt.settings.public_url
        config = tmp_path / "gateway.toml"
        lines = place.moved(SETTINGS).replace("http://127.0.0.1:8000", url)
        config.write_text(f'public_url = "{url}"\ndata_dir = "{tmp_path}/data"\n{lines}')
        said = await place.runs(PREPARE, config)
        conf = place.folder / "etc/kannel/kannel.conf"
        assert f"{conf} is written" in said
        assert stat.S_IMODE(conf.stat().st_mode) == 0o600, "it holds passwords"
        assert conf.stat().st_uid == pwd.getpwnam("kannel").pw_uid
        with conf.open("a") as file:
            file.write(place.moved(LINK))
        await place.runs(START, config)
        for port in ("box", "send", "phones"):
            await asyncio.to_thread(wait_for, place.ports[port])
        assert not (place.folder / "var/kannel/kannel_wapbox.pid").exists()
        assert (await phones(town, place)).strip().startswith("20880 +254711000011 text ")
        for name in ("bearerbox", "smsbox"):
            log = (place.folder / f"var/log/kannel/{name}.log").read_text()
            assert "PANIC" not in log and "HELP" not in log, "no texts in it"


async def phones(town, place):
    """Return what the page's phone prints.

    The gateway's messages go out meanwhile, as a runner would send them.
    """
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", place.moved(PHONES).replace("gateway channels", "true"), stdout=subprocess.PIPE
    )
    printed = asyncio.create_task(process.communicate())
    async with asyncio.timeout(300):
        while not printed.done():
            await town.answers_bells()
            await asyncio.wait({printed}, timeout=0.1)
    return printed.result()[0].decode()
