"""Ids, array types, errors, clock, requests and the filter tree: what every layer shares."""
