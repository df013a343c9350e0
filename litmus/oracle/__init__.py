"""The second opinion: plain enumeration and evaluation on sets of pairs."""
