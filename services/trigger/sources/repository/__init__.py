"""The statements about sources: they themselves, their positions, their dead letters, and who reads them."""
