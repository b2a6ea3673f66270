"""Routes, errors, middleware."""
