"""One more fact per process: what each costs, and who reads it."""
