"""The way in for positions: JT/T 808 over TCP, kept in a journal before it is acknowledged, and stored from there."""
