"""Takes pixels and words, gives embeddings."""
