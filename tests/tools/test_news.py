from datetime import timedelta

import pytest

from tests.tools.markets import HEADLINES, close_of, context, market, news
from trader.domain.errors import ToolError
from trader.tools.news import Arguments, run, tone

GOOD, BAD, PLAIN = HEADLINES
NOW = close_of(100)


def told(*items: tuple[float, str]) -> object:
    return market(120, news=tuple(news("AAA", day, title) for day, title in items))


def test_tone_has_the_sign_a_reader_would_give() -> None:
    assert tone(GOOD) > 0.3
    assert tone(BAD) < -0.3
    assert tone(PLAIN) == 0.0


def test_only_the_days_before_the_moment_are_read() -> None:
    result = run(context(told((90, BAD), (98, GOOD), (99, PLAIN), (101, BAD)), NOW), Arguments())
    assert result.count == 2
    assert [item.title for item in result.items] == [PLAIN, GOOD]


def test_news_published_a_minute_later_does_not_exist() -> None:
    source = told((99, GOOD), (100, BAD))
    published = source.news[1].published_at
    before = run(context(source, published - timedelta(minutes=1)), Arguments())
    assert (before.count, before.mean_sentiment) == (1, tone(GOOD))
    assert run(context(source, published), Arguments()).count == 2


def test_a_headline_counts_half_after_its_half_life() -> None:
    source = told((99.0, GOOD), (100.0, BAD))
    result = run(context(source, NOW), Arguments(half_life_hours=24.0))
    assert result.mean_sentiment == pytest.approx((0.5 * tone(GOOD) + tone(BAD)) / 1.5)
    assert result.newest_hours == pytest.approx(15.0)


def test_old_news_that_fades_fast_still_has_a_mean() -> None:
    source = told((1.0, GOOD), (2.0, GOOD))
    result = run(context(source, NOW - timedelta(days=20)), Arguments(days=90.0, half_life_hours=0.1))
    assert result.mean_sentiment == pytest.approx(tone(GOOD))


def test_the_newest_twenty_are_shown_and_all_are_counted() -> None:
    source = told(*((95 + hour / 24, PLAIN) for hour in range(30)))
    result = run(context(source, NOW), Arguments())
    assert (result.count, len(result.items)) == (30, 20)
    assert result.items[0].published_at > result.items[-1].published_at


def test_a_week_without_news_is_said() -> None:
    with pytest.raises(ToolError, match="no news of AAA in the 7 days before 2010-04-12"):
        run(context(told((50, GOOD)), NOW), Arguments())


def test_no_more_is_read_of_a_headline_than_a_headline_has() -> None:
    """What comes after would be a prompt of its own, and would take the tone's reader seconds."""
    long = f"{GOOD} " + "." * 300 + BAD * 10_000
    (item,) = run(context(told((99, long)), NOW), Arguments()).items
    assert item.title == long[:300]
    assert item.sentiment == tone(long[:300]) > 0.3
