"""The forecaster: one small boosted model, trained walk-forward on what was known at each refit."""
