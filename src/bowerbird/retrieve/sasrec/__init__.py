"""Takes histories, gives the items that a self-attentive sequence model expects next."""

from bowerbird.retrieve.sasrec.config import SasrecConfig
from bowerbird.retrieve.sasrec.served import ServedSasrec

__all__ = ["SasrecConfig", "ServedSasrec"]
