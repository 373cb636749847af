"""A trading desk of agents."""

__version__ = "0.1.0"
