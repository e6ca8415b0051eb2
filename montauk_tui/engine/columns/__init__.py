"""The columns of the process table and their cells."""
