"""Takes a question and seeds, gives what the world answers, with intervals."""
