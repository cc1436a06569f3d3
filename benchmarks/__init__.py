"""What a build costs, measured on the simulated shop; `python -m benchmarks` writes BENCHMARKS.md."""
