"""Takes surfaces, gives HTTP and the page."""
