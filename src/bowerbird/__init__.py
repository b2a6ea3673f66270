"""Bowerbird: a visual discovery engine that anyone with a catalogue of pictures can run."""

__version__ = "0.1.0"
