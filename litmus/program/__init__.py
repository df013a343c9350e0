"""Programs: from code to event graphs and questions."""
