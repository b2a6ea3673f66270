"""Boards, sections and saves."""
