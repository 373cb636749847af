"""What can go wrong between a venue and its client, set request by request."""

from dataclasses import dataclass, field
from typing import Literal

Reply = Literal["normal", "none", "cut", "half", "html", "list", "object", "status"]
"""`none` closes the connection with nothing said, `cut` in the middle of the body, `half` sends half of the
JSON as if it were all; `html`, `list` and `object` are 200 with a page, `[]` and `{}`."""


@dataclass
class Fault:
    """What happens to the next `times` requests of one kind, after `skip` others."""

    on: str
    """`POST /order`: method, and path after the version."""
    reply: Reply = "normal"
    apply: bool = True
    """Whether the venue does what it was asked before things go wrong."""
    code: int = 0
    """Of the error that is answered with, where not zero."""
    message: str = "Internal error; unable to process your request. Please try again."
    status: int = 400
    headers: dict[str, str] = field(default_factory=dict)
    wait_s: float = 0.0
    """Before anything is done."""
    hold_s: float = 0.0
    """After it is done, before it is answered."""
    late_s: float = 0.0
    """The connection is closed, and the request arrives so much later: `recvWindow` is looked at then."""
    times: int = 1
    skip: int = 0
