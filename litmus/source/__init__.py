"""Source: from text to syntax trees; every node knows where it was read from."""
