"""ARM (32 bits): registers and operands, the table of its instructions, and its place among the architectures."""
