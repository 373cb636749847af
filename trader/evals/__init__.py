"""How good agents and the desk were, from the journal and the market alone."""
