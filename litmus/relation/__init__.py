"""Relations over events: bit rows, slices, evaluation of compiled models."""
