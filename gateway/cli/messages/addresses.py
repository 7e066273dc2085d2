"""The addresses of webhooks, and whether an address is one of this machine only."""

from urllib.parse import urlsplit

from gateway.settings import ChannelSettings, Settings

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1", "0.0.0.0")  # noqa: S104  # compared, not bound


def base_url(settings: Settings, name: str, channel: ChannelSettings) -> str:
    return f"{public_url(settings)}/in/{name}/{channel.secret.get_secret_value()}"


def is_local(url: str) -> bool:
    """Return whether only this machine can reach the address."""
    return urlsplit(url).hostname in LOCAL_HOSTS


def public_url(settings: Settings) -> str:
    """Return the address that providers know, or else that of this machine with its port."""
    if settings.public_url == Settings.model_fields["public_url"].default:
        host = settings.host if settings.host not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104  # compared
        return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    return settings.public_url.rstrip("/")
