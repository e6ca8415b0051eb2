"""Sources of process samples behind one contract, and the registry that finds them."""
