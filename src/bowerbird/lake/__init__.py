"""Takes files and events, gives versioned tables."""
