"""What the sentences of all pages agree on. Workers that send mail use it, too."""

from datetime import timedelta

from shared.values.messages import translatable

NUMBER_WORDS = (
    translatable("Nobody"),
    translatable("One"),
    translatable("Two"),
    translatable("Three"),
    translatable("Four"),
    translatable("Five"),
    translatable("Six"),
    translatable("Seven"),
    translatable("Eight"),
    translatable("Nine"),
    translatable("Ten"),
    translatable("Eleven"),
    translatable("Twelve"),
)
"""Counts of people, from none, in words; a higher count is a number."""
SOON = timedelta(hours=3)
"""What is due sooner is described by the time that is left."""
