"""Takes ranked lists, gives a Page."""
