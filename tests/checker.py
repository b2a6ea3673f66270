"""The shape checker of the tests: as mypy does, it takes a whole number where a float is asked for."""

from beartype import BeartypeConf, beartype

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
