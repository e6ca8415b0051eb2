"""Actions on processes; nothing here draws."""
