"""Files of a company's past and present: events, customers, answers, and whom nobody is to ask."""
