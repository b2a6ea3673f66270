"""Takes videos and animations as bytes, gives their telling frames, facts and previews."""
