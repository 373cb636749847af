"""litellm, imported where it is first used, and kept quiet."""

import os
from typing import Any

from trader.domain.errors import MissingExtra


def import_litellm() -> Any:
    """The library: no price list from the network, nothing printed to the screen, no telemetry.

    Takes seconds the first time. Raises MissingExtra where it is not installed.
    """
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    os.environ.setdefault("LITELLM_LOG", "CRITICAL")
    try:
        import litellm
    except ImportError:
        raise MissingExtra("litellm", "llm") from None
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    return litellm
