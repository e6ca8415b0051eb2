"""Pure functions from samples to the screen: rates, columns, order, tree."""
