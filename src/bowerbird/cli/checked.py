"""This file is about settings from the command line: out of bounds is one line, not a traceback."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bowerbird.core.errors import ConfigError

M = TypeVar("M", bound=BaseModel)


def checked(kind: type[M], **values: Any) -> M:
    """The settings.

    Raises:
        ConfigError: one is out of bounds; it says which.
    """
    try:
        return kind(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = "-".join(str(part) for part in first["loc"]).replace("_", "-")
        raise ConfigError(
            f"--{name} {first['input']!r} was received; {first['msg'].lower()}; change it"
        ) from error
