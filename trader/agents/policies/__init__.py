"""The rules that agents follow while they have no model. A new one is a new file and a line here."""

from collections.abc import Mapping

from trader.agents.policies.executive import EXECUTIVE
from trader.agents.policies.momentum import MOMENTUM
from trader.agents.policies.policy import ExecutivePolicy, Policy
from trader.agents.policies.quant import QUANT
from trader.agents.policies.risk import RISK
from trader.agents.policies.sentiment import SENTIMENT
from trader.agents.policies.value import VALUE
from trader.prompts.prompt import Tier

POLICIES: Mapping[Tier, Mapping[str, Policy | ExecutivePolicy]] = {
    Tier.SENIOR: {policy.name: policy for policy in (MOMENTUM, VALUE, SENTIMENT, QUANT, RISK)},
    Tier.EXECUTIVE: {EXECUTIVE.name: EXECUTIVE},
}
"""Tier -> name -> rule. Juniors follow none: they file what their tools say."""
