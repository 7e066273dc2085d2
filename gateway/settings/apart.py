"""The separation of simulations, proofs, benchmarks and tests from a real gateway.

The environment wins over every other source of settings. A simulation that keeps an inherited
`GATEWAY_DATA_DIR` or `GATEWAY_DATABASE_URL` writes into the gateway that the variable names. So
every simulation removes all such variables from its own process, and its child processes inherit
that. It also names its own settings file, so that the `config/gateway.toml` of the current folder
is not read either.
"""

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "GATEWAY_"
CONFIG_VARIABLE = "GATEWAY_CONFIG"


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without any setting of a gateway, however its name is capitalised.

    >>> without_settings({"GATEWAY_DATA_DIR": "/x", "gateway_port": "1", "PATH": "/bin"})
    {'PATH': '/bin'}
    """
    return {name: value for name, value in environment.items() if not _is_setting(name)}


def scrubbed_environment(config: Path | None = None) -> dict[str, str]:
    """Return this process's environment for a child that must not find any real gateway.

    `config` is the child's settings file. Without one, the child has the defaults only.
    """
    return {**without_settings(os.environ), CONFIG_VARIABLE: str(config or os.devnull)}


def leave_every_gateway() -> None:
    """Remove every setting from the environment of this process and its children, for good."""
    kept = scrubbed_environment()
    for name in [name for name in os.environ if _is_setting(name)]:
        del os.environ[name]
    os.environ[CONFIG_VARIABLE] = kept[CONFIG_VARIABLE]


@contextmanager
def apart(config: Path | None = None) -> Generator[None]:
    """Remove every setting from this process's environment while the block runs.

    `config` names the settings file for the block.
    """
    before = {name: value for name, value in os.environ.items() if _is_setting(name)}
    leave_every_gateway()
    os.environ[CONFIG_VARIABLE] = str(config or os.devnull)
    try:
        yield
    finally:
        for name in [name for name in os.environ if _is_setting(name)]:
            del os.environ[name]
        os.environ.update(before)


def _is_setting(name: str) -> bool:
    # Settings are read without regard to capitals, so `gateway_data_dir` names a gateway, too.
    return name.upper().startswith(_PREFIX)
