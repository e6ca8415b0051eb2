"""What a process sample is: frozen numpy columns and sanitised text."""
