"""Re-asks: what the customers of cases answer when they are asked again, compared by whether we reached them."""
