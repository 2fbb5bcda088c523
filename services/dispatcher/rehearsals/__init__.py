"""Rehearsals: what surveys that send nothing would have done with the events that came."""
