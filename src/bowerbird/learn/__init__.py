"""Takes tables, gives model files: interactions, splits, evaluation, the trainer, the registry."""
