"""Alembic runs this: it migrates the connection it is handed, within that connection's transaction."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,  # ours begins before the first statement, so SQLite rolls tables back as well
)
with context.begin_transaction():
    context.run_migrations()
