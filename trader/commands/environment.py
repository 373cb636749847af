"""What the program says to its libraries before any of them is imported."""

import os

QUIET = {
    "ANONYMIZED_TELEMETRY": "False",
    "LANGSMITH_TRACING": "false",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "LANGGRAPH_STRICT_MSGPACK": "true",
}
"""No library calls home, and none reads back objects that it does not know."""


def quieten() -> None:
    """Set what the user's own environment does not."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
