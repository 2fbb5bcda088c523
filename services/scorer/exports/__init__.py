"""The figures of pages as documents and files, and the answers behind them.

domain        how a document is written as a table: columns, rows, cells
part_schemas  parts of the document of the page of scores
schemas       that document
reading       loads it, as far as the caller may see it
answers       the file of the answers of a selection
files         a table as a file
ranking_api   /v1/ranking: which segment is lowest
pages         the same files at the addresses of pages
api           the documents and files of /v1/scores, /v1/segments, /v1/marks and /v1/themes
"""
