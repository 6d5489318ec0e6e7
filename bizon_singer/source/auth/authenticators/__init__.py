"""One module for each way of authenticating."""
