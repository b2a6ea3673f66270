"""Takes vectors, gives codebooks: an autoencoder whose middle is a sum of codes (RQ-VAE)."""

from bowerbird.retrieve.rqvae.config import RqvaeConfig

__all__ = ["RqvaeConfig"]
