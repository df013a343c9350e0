"""Parsers of all notations: tables that Lark makes of a grammar, running them, and syntax errors in words."""
