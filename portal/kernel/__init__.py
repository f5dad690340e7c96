"""Words everybody shares: no input, no output, no framework."""
