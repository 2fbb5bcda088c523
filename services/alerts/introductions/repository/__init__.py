"""Every statement of introductions."""
