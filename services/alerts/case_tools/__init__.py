"""What colleagues work on cases with: text blocks, names and units of attributes, links into other systems.

domain          what each of these is, and how many a company may have
placeholders    texts with placeholders such as {name}
link_templates  addresses with placeholders: what they may be, and how they are filled
repository      one row for each of them
tool_commands   saving and deleting them
schemas         bodies and answers of the API
api             /v1/text-blocks, /v1/attributes, /v1/case-links
forms           what was typed in the pages' forms, and what fills them
views           what the pages show
pages           /settings/text-blocks, /settings/attributes, /settings/case-links
for_cases       what of it the page of a case shows
"""
