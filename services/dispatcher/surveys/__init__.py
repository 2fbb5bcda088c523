"""Surveys: their rules and drafts, the versions of their words, and the pages and API that change them."""
