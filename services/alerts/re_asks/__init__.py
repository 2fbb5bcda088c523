"""Re-asks: what customers of cases answer when they are asked again, by whether we had reached them."""
