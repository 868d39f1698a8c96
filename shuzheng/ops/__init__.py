"""Running the product: command line, embedded PostgreSQL, supervisor, backup, doctor, health."""
