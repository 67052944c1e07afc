"""Measuring an agent: suites of questions with gold answers, comparison, runs, reports."""
