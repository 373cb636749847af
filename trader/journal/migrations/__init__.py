"""Alembic's: how an older journal becomes today's. Each revision is one file in `versions`."""
