"""Drivers: conversations with devices. They work alone in a REPL and never import the agent."""
