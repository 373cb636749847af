"""Where orders go: what all brokers promise, the account as a fold of what happened, a paper broker."""
