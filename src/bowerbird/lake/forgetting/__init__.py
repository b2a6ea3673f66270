"""Takes names of items, boards and people, gives a lake without them and a report of what remains."""
