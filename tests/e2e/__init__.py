"""The full stack, in a real browser where there is a page. It is a package, so that its stack ends with its last test."""
