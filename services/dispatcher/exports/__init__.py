"""What is kept of one customer: asked of every service, as a JSON document and as a page."""
