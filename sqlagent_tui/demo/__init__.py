"""The embedded demo database and the student model that knows it."""
