"""Takes Candidates, gives a keep mask."""
