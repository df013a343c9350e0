"""Reports: a result as text for people, as herd's log, and as JSON lines.  Nothing here decides anything."""
