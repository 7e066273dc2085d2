"""`gateway channels`: the addresses to paste into each provider's dashboard."""

from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gateway.cli.shown import as_json
from gateway.settings import ChannelSettings, Settings

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1", "0.0.0.0")  # noqa: S104  # compared, not bound
# What the dashboards call them. Opt-out notices are Africa's Talking's only; Twilio and Kannel tell them otherwise.
_SMS = (("sms", "incoming messages"), ("receipt", "delivery reports"))
_OPT_OUT = {"africastalking": (("opt-out", "bulk SMS opt-outs"),)}
_USSD = (("ussd", "USSD callback"), ("session-end", "USSD end of session notices"))


@dataclass(frozen=True, slots=True)
class Hook:
    """One address: paste `url` where the dashboard of `channel` asks for `what`."""

    channel: str
    kind: str
    what: str
    url: str


def hooks(settings: Settings) -> list[Hook]:
    """Every address that providers must be told. The secrets in them are shown: that is what they are for."""
    return [
        Hook(name, kind, what, f"{base_url(settings, name, channel)}/{path}")
        for name, channel in settings.channels.items()
        for kind, path, what in _sides(channel)
    ]


def base_url(settings: Settings, name: str, channel: ChannelSettings) -> str:
    return f"{settings.public_url.rstrip('/')}/in/{name}/{channel.secret.get_secret_value()}"


def _sides(channel: ChannelSettings) -> list[tuple[str, str, str]]:
    sms, ussd = channel.sms, channel.ussd
    found = [(sms.kind, *each) for each in (*_SMS, *_OPT_OUT.get(sms.kind, ()))] if sms else []
    return found + ([(ussd.kind, *each) for each in _USSD] if ussd else [])


def is_local(url: str) -> bool:
    """Whether only this machine can reach the address."""
    return urlsplit(url).hostname in LOCAL_HOSTS


def show(settings: Settings, out: Path | None) -> None:
    found = hooks(settings)
    if as_json([asdict(hook) for hook in found], out):
        return
    for name in settings.channels:
        print(f"{name}")
        for hook in found:
            if hook.channel == name:
                print(f"  {hook.what:<28} {hook.url}")
    print(
        "\nKeep them secret: who knows an address can send messages in anybody's name."
        "\nPayout operators need no address: each payment brings its own."
    )
    if is_local(settings.public_url):
        print(
            f"{settings.public_url} is this machine only; set GATEWAY_PUBLIC_URL to the address "
            "providers reach it by."
        )
