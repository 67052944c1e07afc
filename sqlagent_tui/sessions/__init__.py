"""What happened in a session: the append-only journal."""
