"""The catalogue in PostgreSQL with pgvector: any number of nodes read one database, and one of them writes it."""
