"""The user's choices and the actions of keys, without a screen."""
