"""The actions, by subject."""
