"""Ask PostgreSQL in Portuguese or English, in the terminal, with a small local model that shows every step it takes."""

__version__ = "0.1.0"
