"""Takes words, gives calls: one file per stage."""
