"""Takes events, gives representations of people."""
