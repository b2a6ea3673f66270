"""This file is about answering with a trained SASRec."""

from pathlib import Path
from typing import ClassVar

from bowerbird.retrieve.served_queries import ServedQueries


class ServedSasrec(ServedQueries):
    """Item vectors as they were learnt, any length."""

    file_name: ClassVar[str] = "sasrec.json"


def load_sasrec(folder: Path) -> ServedSasrec:
    """What `save` wrote."""
    return ServedSasrec.load(folder)
