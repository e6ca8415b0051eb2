"""The pages of the setup screen."""
