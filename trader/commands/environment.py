"""What the program says to its libraries before any of them is imported, and to its own streams."""

import io
import os
import sys
from collections.abc import Mapping

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


def forgive_encodings() -> None:
    """Print a question mark for what a terminal or a pipe has no letter for, rather than break."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def lend(keys: Mapping[str, str]) -> None:
    """Let the libraries that talk to providers find the keys of `.env` where they look for them."""
    for name, value in keys.items():
        os.environ.setdefault(name, value)
