"""What every page of the product shares: the frame, the words around, the drawings, the style."""
