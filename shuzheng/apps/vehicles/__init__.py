"""Official vehicles (公务用车)."""
