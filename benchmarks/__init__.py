"""What the desk costs in time, memory and disk, beside peers in the same run: see docs/benchmarks.md."""
