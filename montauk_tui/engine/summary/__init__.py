"""What is said of one row in few lines: of the living, of those that ended, of many."""
