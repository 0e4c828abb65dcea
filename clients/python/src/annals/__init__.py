"""The Annals event store: the generated contract is in annals.v1."""
