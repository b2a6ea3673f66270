"""Takes Candidates, gives Ranked."""
