"""Takes a seed, gives people, items and behaviour with known truth; nothing in the product may import it."""
