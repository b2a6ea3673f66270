"""Takes a request, gives Candidates."""
