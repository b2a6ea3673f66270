"""The home feed and related items."""
