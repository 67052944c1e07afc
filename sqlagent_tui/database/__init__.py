"""Connections, guarded execution, catalogue and the embedded server."""
