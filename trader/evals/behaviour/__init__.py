"""How agents and the desk have to behave whatever the market does: situations, expectations, their table."""
