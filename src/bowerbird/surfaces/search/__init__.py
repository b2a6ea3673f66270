"""Search by words, by picture, by a part, by both."""
