"""The whole stack, in a real browser where there is a page. A package, so that its stack ends with its last test."""
