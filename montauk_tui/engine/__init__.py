"""Pure functions from samples to what is shown: rates, columns, order, tree."""
