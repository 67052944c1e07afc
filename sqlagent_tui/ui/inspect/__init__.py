"""`bench inspect`: a run's questions, one by one, with both results side by side."""
