"""Where everything lies safe: one database, SQLite or PostgreSQL, spoken to here and nowhere else."""
