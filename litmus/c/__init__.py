"""The C dialect of litmus tests: the text of functions, and the operations that it becomes on an architecture."""
