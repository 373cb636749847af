"""Indicators: pure functions of arrays. `catalogue.py` lists them all; each looks back and never ahead."""
