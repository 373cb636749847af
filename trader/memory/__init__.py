"""What the desk has learned from what has already happened: how often, how much, and whom to believe."""
