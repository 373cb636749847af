"""Market data: what a `MarketView` may show, where it comes from, and the real bars that ship with it."""
