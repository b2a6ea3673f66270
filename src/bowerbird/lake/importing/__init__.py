"""Takes a folder, a zip or a table of pictures, gives items, media and blobs, and says what it refused."""
