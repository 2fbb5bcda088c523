"""What the pages of all services share: templates, styles and scripts, charts, formats, translations."""
