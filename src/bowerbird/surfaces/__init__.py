"""Products made of the stages; they never import each other."""
