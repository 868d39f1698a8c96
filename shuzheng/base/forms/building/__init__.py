"""Making forms: drafts, layouts from Excel, editions compared in words."""
