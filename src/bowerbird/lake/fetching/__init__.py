"""Fetching what others' catalogues name by address, without letting them reach where they must not."""
