"""The command `gateway channels kannel-conf`, for a Kannel in front of this gateway.

It makes a kannel.conf that loses nothing and cuts nothing. Kannel's defaults are not safe: a
message that does not get its 200 at once is thrown away (`http-request-retry` is 0). Texts are cut
silently at `max-messages`, and `global-sender` overwrites the number that was texted. (Tried with
1.4.5.)
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gateway.base.errors import Refused
from gateway.cli.messages.addresses import base_url, is_local
from gateway.settings import ChannelSettings, Settings
from gateway.sms.channels.kannel import KannelOptions

# With the delay of 10 s this lasts more than a day. A repeated message has one effect, because `%I`
# stays the same.
REQUEST_RETRIES = 10_000
RETRY_DELAY_S = 10

_CONF = """\
# Made by `gateway channels kannel-conf {name}`. It holds passwords, so set its mode to 600 and
# make Kannel's user its owner. Start `bearerbox` first, then `smsbox`, both with this file.

group = core
admin-port = {admin_port}
admin-interface = 127.0.0.1
admin-password = "{admin_password}"
status-password = "{status_password}"
smsbox-port = {box_port}
smsbox-interface = 127.0.0.1
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
# Messages are stored on the disk, so that a restart loses none. Receipts are matched in memory, so
# a restart loses the receipts of messages that are on their way.
store-type = spool
store-location = "{spool}"
dlr-storage = internal
# This level logs warnings and worse. A finer level would log texts and phone numbers.
log-file = "{logs}/bearerbox.log"
log-level = 2

# Add one group per link to an operator, with the values from the operator's support. Omit
# `msg-id-type` unless the operator insists, because a wrong one assigns receipts to wrong messages.
#group = smsc
#smsc = smpp
#smsc-id = {smsc}
#host = smpp.operator.example
#port = 2775
#transceiver-mode = true
#smsc-username = ...
#smsc-password = ...
#system-type = ""

# There is no `smsbox-id`, because a box with an id gets no incoming message without a route. There
# is no `global-sender`, because it would replace the number that was texted.
group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {box_port}
sendsms-port = {send_port}
sendsms-interface = {send_interface}
mo-recode = true
http-request-retry = {retries}
http-queue-delay = {delay_s}
log-file = "{logs}/smsbox.log"
log-level = 2

group = sendsms-user
username = "{username}"
password = "{password}"
{allowed}max-messages = {max_messages}
concatenation = true

# This service takes every incoming message. The body of the gateway's answer is never texted back.
group = sms-service
keyword = default
catch-all = yes
max-messages = 0
omit-empty = true
get-url = "{get_url}"

# Add further groups below this line, with an empty line between two.

"""
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class KannelFolders:
    """The folders for Kannel's messages and for its logs. Both belong to Kannel's user."""

    spool: str = "/var/spool/kannel"
    logs: str = "/var/log/kannel"


def show(
    settings: Settings,
    name: str,
    *,
    out: Path | None,
    folders: KannelFolders,
    admin_port: int,
    box_port: int,
    retry_s: int,
) -> None:
    """Print the file, or write it so that only its owner can read it."""
    text = conf(
        settings, name, folders=folders, admin_port=admin_port, box_port=box_port, retry_s=retry_s
    )
    if out is None:
        print(text, end="")
        return
    handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
    with os.fdopen(handle, "w") as file:
        os.fchmod(handle, _PRIVATE)  # The file may be Debian's own, which all users may read.
        file.write(text)
    print(f"{out} is written; it holds passwords. Add your operators' `group = smsc` to it.")
    options = KannelOptions.model_validate(_channel(settings, name).sms.options)  # pyright: ignore[reportOptionalMemberAccess]
    if options.receipt_url is None:
        print(
            "No receipts will come: the channel has no `receipt_url`; it would be "
            f"{base_url(settings, name, _channel(settings, name))}/receipt"
        )
    if is_local(settings.public_url) and not is_local(options.send_url):
        print(f"Kannel must reach {settings.public_url}: set GATEWAY_PUBLIC_URL.")


def conf(
    settings: Settings,
    name: str,
    *,
    folders: KannelFolders,
    admin_port: int,
    box_port: int,
    retry_s: int = RETRY_DELAY_S,
) -> str:
    """Return the file for the named channel. Raises Refused unless its kind is kannel."""
    channel = _channel(settings, name)
    assert channel.sms is not None
    options = KannelOptions.model_validate(channel.sms.options)
    send = urlsplit(options.send_url)
    local = is_local(options.send_url)
    ours = base_url(settings, name, channel).replace("%", "%%")
    return _CONF.format(
        name=name,
        admin_port=admin_port,
        box_port=box_port,
        admin_password=secrets.token_urlsafe(18),
        status_password=secrets.token_urlsafe(18),
        spool=_value("spool", folders.spool),
        logs=_value("log folder", folders.logs),
        smsc=options.smsc or "operator",
        send_port=send.port or (443 if send.scheme == "https" else 80),
        send_interface="127.0.0.1" if local else "0.0.0.0",  # noqa: S104  # written, not bound
        allowed='user-deny-ip = "*.*.*.*"\nuser-allow-ip = "127.0.0.1"\n' if local else "",
        retries=REQUEST_RETRIES,
        delay_s=retry_s,
        username=_value("username", options.username),
        password=_value("password", options.password.get_secret_value()),
        max_messages=options.max_messages,
        get_url=f"{ours}/sms?id=%I&smsc=%i&from=%p&to=%P&ts=%T&text=%b",
    )


def _channel(settings: Settings, name: str) -> ChannelSettings:
    channel = settings.channels.get(name)
    if channel is None or channel.sms is None or channel.sms.kind != "kannel":
        kannels = [n for n, c in settings.channels.items() if c.sms and c.sms.kind == "kannel"]
        raise Refused(
            f"{name!r} is not a Kannel channel; there is: {', '.join(kannels) or 'none'} (see docs/operators/kannel.md)"
        )
    return channel


def _value(what: str, value: str) -> str:
    """Return a quoted value. Raises Refused for a quotation mark, which Kannel cannot express."""
    if '"' in value or "\\" in value or not value.isprintable():
        raise Refused(
            f"the {what} must not contain a quotation mark or a backslash in a kannel.conf"
        )
    return value
