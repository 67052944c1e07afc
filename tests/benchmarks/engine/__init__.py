"""`python -m tests.benchmarks.engine`: how fast the engine is, beside what else llama.cpp offers, in one run."""
