"""Bootstrap, process control and test runner of the project (see docs/running.md)."""
