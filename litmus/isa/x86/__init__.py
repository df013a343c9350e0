"""X86 and X86_64: notation and operands, the table of instructions, and their place among the architectures."""
