"""Settings, from the environment variables that ``env_vars/*.env`` list."""

import os
from dataclasses import dataclass


class ConfigError(Exception):
    """A variable holds what it cannot hold."""


@dataclass(frozen=True)
class Settings:
    database: str
    api_key: str
    page_size: int = 20
    log_level: str = "INFO"

    @classmethod
    def from_environment(cls, environment=os.environ):
        return cls(
            database=environment.get("XY_DATABASE", "xy.sqlite"),
            api_key=_required(environment, "XY_API_KEY"),
            page_size=_number(environment, "XY_PAGE_SIZE", default=20, least=1),
            log_level=environment.get("XY_LOG_LEVEL", "INFO").upper(),
        )


def _required(environment, name):
    value = environment.get(name, "")
    if not value:
        raise ConfigError(f"{name} is not set")
    return value


def _number(environment, name, default, least):
    text = environment.get(name)
    if text is None:
        return default
    try:
        number = int(text)
    except ValueError:
        raise ConfigError(f"{name} is no number: {text!r}") from None
    if number < least:
        raise ConfigError(f"{name} is below {least}: {number}")
    return number
