"""What can be done to processes; nothing here draws."""
