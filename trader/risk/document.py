"""docs/limits.md, from the rows themselves."""

from trader.domain.value import plain
from trader.risk.asking import CORRELATED_OVER
from trader.risk.gate import BEYOND
from trader.risk.limits import LIMITS, WAITING_AT_MOST, Breach, Limit, Unit
from trader.risk.protections import RULES

_INTRODUCTION = f"""\
# Limits

Every order is ruled on just before it is sent, by one function that no model reaches
(`trader/risk/gate.py`). A ruling is allowed, cut or refused, by which limit, with both numbers: "position
size: 6.1 % of equity asked, 5 % allowed". `trader/risk/limits.py` has a row for each limit, and
`trader/risk/asking.py` what each measures.

- Limits hold back what opens or enlarges a position. **A reduction passes all of them.** An order marked
  `reduce_only` is a reduction. Another order is one as far as it closes units that no working order may close
  before it; what goes beyond would turn the position through zero, and is an increase. Only the mark keeps
  an order from turning a position that something else closes first: every exit of the desk has it.
- An increase is a limit order, and is counted at its limit: the worst price at which it can fill. Orders that
  still work are counted too, increases only. Money from exits that have not filled is not there.
- What reaches a limit is within it, what goes past is not. A breaker is the exception: reaching it trips it.
- `cut` leaves the largest whole number of lots within the limit, and refuses where that is none. More than
  {BEYOND} times what is allowed is no size to be cut but a mistake of unit, and is refused.
- Refused besides, each with its numbers: a quantity off the lot, a price off the tick, an instrument in a
  currency without a rate, a stop on the wrong side of the last price, an instrument whose venue is closed, a
  sale of more than is held where nobody is known to lend the rest.
- While the venue has not said what became of an order, its instrument takes no entry.

"""


def _protections() -> str:
    return "".join(
        f"| {name} | {', '.join(f'`{one}`' for one in ('bars', *rule.settings))} | {rule.says} |\n"
        for name, rule in RULES.items()
    )


_CLOSING = f"""
Set them in `trader.toml`; a name that does not exist, or a number that may not be, is an error before
anything runs:

```toml
[risk]
position_size = 0.03
```

## Breakers

Losses are looked at after every bar.

- **daily_loss**: equity against the last mark of the session before. No entries until the next close of a
  session of the book's calendar. On daily bars the loss is found at a close, so the whole next session is
  barred, its open included.
- **drawdown**: equity against its peak. No entries until a person resumes; from then on the peak is counted
  anew.
- **losing_streak**: closed trades in a row that lost, fees and dividends included. No entries until the end
  of the next full session; then the count starts again.

## Protections

After what an instrument has done, no entry in it for `bars` bars of trading time, from the end of the trade
that began the pause. None is on by default. Each row switches one on, and a rule may have several:

```toml
[[risk.protections]]
rule = "cooldown"
bars = 5

[[risk.protections]]
rule = "losses"
trades = 2
within = 20
bars = 10
```

| rule | settings | begins a pause when |
| --- | --- | --- |
{_protections()}
Profits are after fees and dividends, as a share of what the trades had cost to enter.

## Notes

- `correlated` counts the position asked for and all others whose returns correlate with its own by more than
  {CORRELATED_OVER}; a long and a short count where the correlation is that far below zero. What nobody knows
  counts as one.
- `price_collar`: an increase must be a limit order; a market order has no worst price.
- `data_age`: an instrument whose age is not known is refused.
- `spread` is asked where there are quotes: at a venue, as the round begins; where the venue does not tell one
  the entry is refused. A replay has bars only, and costs stand for it.
- `order_rate` is the sender's: it waits, on the venue's clock. The gate refuses entries while more than
  {WAITING_AT_MOST} requests wait. Protective legs, cancels and simulated time do not count.
"""

_ON_BREACH = {
    Breach.CUT: "cut, or refuse",
    Breach.REFUSE: "refuse",
    Breach.BREAKER: "breaker",
    Breach.QUEUE: "queue",
}


def page() -> str:
    """The whole page, as Markdown."""
    head = "| limit | default | set as | counted over | on breach | why this number |\n"
    return (
        _INTRODUCTION
        + head
        + "| --- | --- | --- | --- | --- | --- |\n"
        + "".join(map(_row, LIMITS))
        + _CLOSING
    )


def _row(limit: Limit) -> str:
    default = f"{limit.amount(limit.default)} {limit.of}"
    written = f"`{limit.slug} = {plain(limit.default)}`"
    if limit.unit is Unit.SHARE:
        written += ", a fraction"
    breach = _ON_BREACH[limit.on_breach]
    return f"| {limit.name} | {default} | {written} | {limit.scope} | {breach} | {limit.source} |\n"
