"""What TA-Lib lacks, at the last bar, from the formulas' text: plain loops and exact sums (math.fsum)."""

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import copysign, cos, erf, exp, floor, fsum, log, pi, sin, sqrt
from statistics import fmean, stdev, variance

from tests.features.reference import Rows, exponential

Values = Sequence[float]


def logs(values: Values, count: int) -> list[float]:
    """The last `count` log changes."""
    return [log(now / before) for before, now in itertools.pairwise(values[-count - 1 :])]


def changes(values: Values, count: int) -> list[float]:
    return [now / before - 1 for before, now in itertools.pairwise(values[-count - 1 :])]


def apart(values: Values) -> list[float]:
    mean = fmean(values)
    return [value - mean for value in values]


def product(a: Values, b: Values) -> float:
    return fsum(x * y for x, y in zip(a, b, strict=True))


def true_ranges(rows: Rows) -> list[float]:
    """From the second bar on."""
    bars = zip(rows["high"][1:], rows["low"][1:], rows["close"], strict=False)
    return [max(high, before) - min(low, before) for high, low, before in bars]


def straightness_63(rows: Rows) -> float:
    y = apart([log(close) for close in rows["close"][-63:]])
    x = [float(place - 31) for place in range(63)]
    return product(x, y) ** 2 / product(x, x) / product(y, y)


def efficiency_10(rows: Rows) -> float:
    close = rows["close"][-11:]
    return abs(close[-1] - close[0]) / fsum(abs(b - a) for a, b in itertools.pairwise(close))


def vortex_14(rows: Rows) -> float:
    high, low = rows["high"][-15:], rows["low"][-15:]
    up = fsum(abs(high[i] - low[i - 1]) for i in range(1, 15))
    down = fsum(abs(low[i] - high[i - 1]) for i in range(1, 15))
    return (up - down) / fsum(true_ranges(rows)[-14:])


def choppiness_14(rows: Rows) -> float:
    reach = max(rows["high"][-14:]) - min(rows["low"][-14:])
    return 100 * log(fsum(true_ranges(rows)[-14:]) / reach) / log(14)


def mass_index_25(rows: Rows) -> float:
    once = exponential([high - low for high, low in zip(rows["high"], rows["low"], strict=True)], 9)
    twice = exponential(once, 9)
    return fsum(a / b for a, b in zip(once[-25:], twice[-25:], strict=True))


def ulcer_14(rows: Rows) -> float:
    close = rows["close"]
    fallen = [close[i] / max(close[i - 13 : i + 1]) - 1 for i in range(len(close) - 14, len(close))]
    return sqrt(fmean(x * x for x in fallen))


def downside_63(rows: Rows) -> float:
    return sqrt(fmean(min(x, 0.0) ** 2 for x in logs(rows["close"], 63)) * 252)


def last(rows: Rows, count: int) -> list[tuple[float, float, float, float]]:
    columns = (rows[name][-count:] for name in ("open", "high", "low", "close"))
    return list(zip(*columns, strict=True))


def parkinson_21(rows: Rows) -> float:
    return sqrt(fmean(log(h / lo) ** 2 for _, h, lo, _ in last(rows, 21)) / (4 * log(2)) * 252)


def garman_klass_21(rows: Rows) -> float:
    terms = (log(h / lo) ** 2 / 2 - (2 * log(2) - 1) * log(c / o) ** 2 for o, h, lo, c in last(rows, 21))
    return sqrt(fmean(terms) * 252)


def inside(rows: Rows) -> float:
    return fmean(
        log(h / o) * (log(h / o) - log(c / o)) + log(lo / o) * (log(lo / o) - log(c / o))
        for o, h, lo, c in last(rows, 21)
    )


def rogers_satchell_21(rows: Rows) -> float:
    return sqrt(inside(rows) * 252)


def yang_zhang_21(rows: Rows) -> float:
    gaps = [log(now / before) for before, now in zip(rows["close"][-22:-1], rows["open"][-21:], strict=True)]
    bodies = [log(c / o) for o, _, _, c in last(rows, 21)]
    part = 0.34 / (1.34 + 22 / 20)
    return sqrt((variance(gaps) + part * variance(bodies) + (1 - part) * inside(rows)) * 252)


def ease_of_movement_14(rows: Rows) -> float:
    n = len(rows["close"])
    eased = []
    for i in range(n - 14, n):
        middle, before = ((rows["high"][k] + rows["low"][k]) / 2 for k in (i, i - 1))
        reach = rows["high"][i] - rows["low"][i]
        usual = fmean(rows["volume"][i - 20 : i + 1])
        eased.append((middle - before) * reach / rows["close"][i] ** 2 * usual / rows["volume"][i])
    return fmean(eased)


def rising_volume_21(rows: Rows) -> float:
    pairs = itertools.pairwise(rows["close"][-22:])
    rose = [volume for (a, b), volume in zip(pairs, rows["volume"][-21:], strict=True) if b > a]
    return fsum(rose) / fsum(rows["volume"][-21:])


def price_volume_trend_21(rows: Rows) -> float:
    return product(changes(rows["close"], 21), rows["volume"][-21:]) / fmean(rows["volume"][-21:])


def z_score(bars: int) -> Callable[[Rows], float]:
    return lambda rows: (rows["close"][-1] - fmean(rows["close"][-bars:])) / stdev(rows["close"][-bars:])


def moment(bars: int, power: int) -> Callable[[Rows], float]:
    def at_the_end(rows: Rows) -> float:
        away = apart(logs(rows["close"], bars))
        return fmean(x**power for x in away) / fmean(x * x for x in away) ** (power / 2)

    return at_the_end


def autocorrelation(lag: int, size: bool = False) -> Callable[[Rows], float]:
    def at_the_end(rows: Rows) -> float:
        away = apart([abs(x) if size else x for x in logs(rows["close"], 63)])
        return product(away[lag:], away[:-lag]) / product(away, away)

    return at_the_end


def disorder(counts: Counter[object], kinds: int) -> float:
    whole = counts.total()
    return -fsum(count / whole * log(count / whole) for count in counts.values()) / log(kinds)


def entropy_63(rows: Rows) -> float:
    values = logs(rows["close"], 63)
    low, width = min(values), max(values) - min(values)
    return disorder(Counter(min(floor((x - low) / width * 8), 7) for x in values), 8)


def permutation_entropy_63(rows: Rows) -> float:
    values = logs(rows["close"], 63)
    orders = (tuple(sorted(range(3), key=lambda k: (values[i + k], k))) for i in range(61))
    return disorder(Counter(orders), 6)


def variance_ratio_5(rows: Rows) -> float:
    away = apart(logs(rows["close"], 126))
    five = [fsum(away[i : i + 5]) for i in range(122)]
    return fmean(x * x for x in five) / (5 * fmean(x * x for x in away))


def rescaled_range_126(rows: Rows) -> float:
    away = apart(logs(rows["close"], 126))
    path = [fsum(away[: i + 1]) for i in range(126)]
    return log((max(path) - min(path)) / sqrt(fmean(x * x for x in away))) / log(126)


def fractional_difference(rows: Rows) -> float:
    weight, terms = 1.0, []
    for k in range(100):
        terms.append(weight * log(rows["close"][-1 - k] / rows["close"][-100]))
        weight *= (k - 0.4) / (k + 1)
    return fsum(terms)


def return_rank_252(rows: Rows) -> float:
    *before, now = changes(rows["close"], 253)
    return sum(x < now for x in before) / 252


def streak(rows: Rows) -> float:
    ways = [(b > a) - (b < a) for a, b in itertools.pairwise(rows["close"])]
    return ways[-1] * len(list(itertools.takewhile(lambda way: way == ways[-1], reversed(ways))))


def turning_points(rows: Rows) -> list[float]:
    """The last eight, in the order they were confirmed, the high of a bar before its low."""
    found = []
    for i in range(5, len(rows["close"]) - 5):
        if rows["high"][i] == max(rows["high"][i - 5 : i + 6]):
            found.append(rows["high"][i])
        if rows["low"][i] == min(rows["low"][i - 5 : i + 6]):
            found.append(rows["low"][i])
    return found[-8:]


def support_gap(rows: Rows) -> float:
    below = [price for price in turning_points(rows) if price <= rows["close"][-1]]
    return rows["close"][-1] / max(below) - 1 if below else float("nan")


def resistance_gap(rows: Rows) -> float:
    above = [price for price in turning_points(rows) if price > rows["close"][-1]]
    return rows["close"][-1] / min(above) - 1 if above else float("nan")


def floor_level(high: float, low: float) -> Callable[[Rows], float]:
    def at_the_end(rows: Rows) -> float:
        middle = (rows["high"][-2] + rows["low"][-2] + rows["close"][-2]) / 3
        scale = 1 - high - low  # 2 p - low is 2 p + 0 high - 1 low
        return rows["close"][-1] / (scale * middle + high * rows["high"][-2] + low * rows["low"][-2]) - 1

    return at_the_end


def since(name: str, pick: Callable[[Values], float]) -> Callable[[Rows], float]:
    def at_the_end(rows: Rows) -> float:
        window = rows[name][-252:]
        return window[::-1].index(pick(window)) / 251

    return at_the_end


def roll_spread_21(rows: Rows) -> float:
    values = changes(rows["close"], 22)
    together = product(apart(values[1:]), apart(values[:-1])) / 20
    return -2 * copysign(sqrt(abs(together)), together)


def corwin_schultz_21(rows: Rows) -> float:
    n, spreads = len(rows["close"]), []
    for i in range(n - 21, n):
        high, low, before = rows["high"][i], rows["low"][i], rows["close"][i - 1]
        gap = before - high if before > high else before - low if before < low else 0.0
        high, low = high + gap, low + gap
        each = log(high / low) ** 2 + log(rows["high"][i - 1] / rows["low"][i - 1]) ** 2
        both = log(max(high, rows["high"][i - 1]) / min(low, rows["low"][i - 1])) ** 2
        scale = 3 - 2 * sqrt(2)
        alpha = (sqrt(2 * each) - sqrt(each)) / scale - sqrt(both / scale)
        spreads.append(max(0.0, 2 * (exp(alpha) - 1) / (1 + exp(alpha))))
    return fmean(spreads)


def abdi_ranaldo_21(rows: Rows) -> float:
    n, spreads = len(rows["close"]), []
    for i in range(n - 21, n):
        before, now = (log(rows["high"][k] * rows["low"][k]) / 2 for k in (i - 1, i))
        close = log(rows["close"][i - 1])
        spreads.append(sqrt(max(0.0, 4 * (close - before) * (close - now))))
    return fmean(spreads)


def money(rows: Rows, count: int) -> list[float]:
    return [a * b for a, b in zip(rows["close"][-count:], rows["volume"][-count:], strict=True)]


def amihud_21(rows: Rows) -> float:
    moved = zip(changes(rows["close"], 21), money(rows, 21), strict=True)
    return fmean(abs(change) / (paid / 1e6) for change, paid in moved)


def price_impact_63(rows: Rows) -> float:
    moved = changes(rows["close"], 63)
    flow = [((x > 0) - (x < 0)) * sqrt(paid) for x, paid in zip(moved, money(rows, 63), strict=True)]
    return 1000 * product(apart(moved), apart(flow)) / product(apart(flow), apart(flow))


def vpin_50(rows: Rows) -> float:
    close, volume = rows["close"], rows["volume"]
    n, uneven = len(close), []
    for i in range(n - 50, n):
        steps = [b - a for a, b in itertools.pairwise(close[i - 50 : i + 1])]
        bought = (1 + erf(steps[-1] / stdev(steps) / sqrt(2))) / 2
        uneven.append(abs(2 * bought - 1) * volume[i])
    return fsum(uneven) / fsum(volume[-50:])


def unchanged_share_63(rows: Rows) -> float:
    return sum(a == b for a, b in itertools.pairwise(rows["close"][-64:])) / 63


def close_location(rows: Rows) -> float:
    _, high, low, close = last(rows, 1)[0]
    return ((close - low) - (high - close)) / (high - low) if high > low else 0.0


def beside(bars: int) -> Callable[[Rows], tuple[list[float], list[float]]]:
    return lambda rows: (apart(logs(rows["close"], bars)), apart(logs(rows["index"], bars)))


def relative_strength(bars: int) -> Callable[[Rows], float]:
    return lambda rows: (
        rows["close"][-1] / rows["close"][-1 - bars] - rows["index"][-1] / rows["index"][-1 - bars]
    )


def beta(bars: int) -> Callable[[Rows], float]:
    def at_the_end(rows: Rows) -> float:
        own, market = beside(bars)(rows)
        return product(own, market) / product(market, market)

    return at_the_end


def correlation(bars: int) -> Callable[[Rows], float]:
    def at_the_end(rows: Rows) -> float:
        own, market = beside(bars)(rows)
        return product(own, market) / sqrt(product(own, own) * product(market, market))

    return at_the_end


def own_volatility_63(rows: Rows) -> float:
    own, market = beside(63)(rows)
    slope = beta(63)(rows)
    rest = [a - slope * b for a, b in zip(own, market, strict=True)]
    return sqrt(product(rest, rest) / 61 * 252)


def opening(rows: Rows) -> datetime:
    return datetime.fromtimestamp(rows["opened"][-1], UTC)


def circle(part: Callable[[datetime], float], wave: Callable[[float], float]) -> Callable[[Rows], float]:
    return lambda rows: wave(2 * pi * part(opening(rows)))


def of_month(moment: datetime) -> float:
    following = datetime(moment.year + moment.month // 12, moment.month % 12 + 1, 1, tzinfo=UTC)
    first = datetime(moment.year, moment.month, 1, tzinfo=UTC)
    return (moment.day - 1) / (following - first).days


def of_week(moment: datetime) -> float:
    return moment.weekday() / 7


def of_year(moment: datetime) -> float:
    return (moment.month - 1) / 12


def of_day(moment: datetime) -> float:
    return (moment.hour * 3600 + moment.minute * 60 + moment.second) / 86400


def share(rows: Rows, one: str, other: str) -> float:
    return (rows[one][-1] - rows[other][-1]) / (rows[one][-1] + rows[other][-1])


EXACT: dict[str, Callable[[Rows], float]] = {
    "quoted_spread": lambda rows: 2 * share(rows, "ask", "bid"),
    "depth_imbalance": lambda rows: share(rows, "bid_size", "ask_size"),
    "trade_flow": lambda rows: share(rows, "bought", "sold"),
    "funding_rate": lambda rows: rows["funding_rate"][-1],
    "straightness_63": straightness_63,
    "efficiency_10": efficiency_10,
    "vortex_14": vortex_14,
    "choppiness_14": choppiness_14,
    "mass_index_25": mass_index_25,
    "ulcer_14": ulcer_14,
    "downside_63": downside_63,
    "parkinson_21": parkinson_21,
    "garman_klass_21": garman_klass_21,
    "rogers_satchell_21": rogers_satchell_21,
    "yang_zhang_21": yang_zhang_21,
    "ease_of_movement_14": ease_of_movement_14,
    "rising_volume_21": rising_volume_21,
    "price_volume_trend_21": price_volume_trend_21,
    "z_score_21": z_score(21),
    "z_score_63": z_score(63),
    "skewness_63": moment(63, 3),
    "kurtosis_63": lambda rows: moment(63, 4)(rows) - 3,
    "skewness_252": moment(252, 3),
    "autocorrelation_1": autocorrelation(1),
    "autocorrelation_5": autocorrelation(5),
    "autocorrelation_size": autocorrelation(1, size=True),
    "entropy_63": entropy_63,
    "permutation_entropy_63": permutation_entropy_63,
    "variance_ratio_5": variance_ratio_5,
    "rescaled_range_126": rescaled_range_126,
    "fractional_difference": fractional_difference,
    "best_return_21": lambda rows: max(changes(rows["close"], 21)),
    "value_at_risk_252": lambda rows: sorted(changes(rows["close"], 252))[12],
    "return_rank_252": return_rank_252,
    "rising_share_21": lambda rows: sum(x > 0 for x in changes(rows["close"], 21)) / 21,
    "streak": streak,
    "support_gap": support_gap,
    "resistance_gap": resistance_gap,
    "pivot_gap": floor_level(0, 0),
    "pivot_resistance_gap": floor_level(0, -1),
    "pivot_support_gap": floor_level(-1, 0),
    "since_high_252": since("high", max),
    "since_low_252": since("low", min),
    "roll_spread_21": roll_spread_21,
    "corwin_schultz_21": corwin_schultz_21,
    "abdi_ranaldo_21": abdi_ranaldo_21,
    "amihud_21": amihud_21,
    "price_impact_63": price_impact_63,
    "vpin_50": vpin_50,
    "unchanged_share_63": unchanged_share_63,
    "overnight_gap": lambda rows: rows["open"][-1] / rows["close"][-2] - 1,
    "body": lambda rows: rows["close"][-1] / rows["open"][-1] - 1,
    "close_location": close_location,
    **{f"relative_strength_{bars}": relative_strength(bars) for bars in (21, 63, 252)},
    **{f"beta_{bars}": beta(bars) for bars in (63, 252)},
    **{f"correlation_{bars}": correlation(bars) for bars in (63, 252)},
    "own_volatility_63": own_volatility_63,
    "weekday_sin": circle(of_week, sin),
    "weekday_cos": circle(of_week, cos),
    "month_day_sin": circle(of_month, sin),
    "month_day_cos": circle(of_month, cos),
    "month_sin": circle(of_year, sin),
    "month_cos": circle(of_year, cos),
    "hour_sin": circle(of_day, sin),
    "hour_cos": circle(of_day, cos),
    "days_since_bar": lambda rows: (rows["opened"][-1] - rows["opened"][-2]) / 86400,
}
