"""Commands: one module each, with its DESCRIPTION, its EPILOG, its arguments, and `run`."""
