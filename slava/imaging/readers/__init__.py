"""One module per family of formats: bytes in, a Frame out. None knows what a vendor means."""
