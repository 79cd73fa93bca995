"""The review page: a plan, row by row, in the browser of the person who decides.

Server and page talk JSON over loopback. The page is static; nothing of a crawled
page is ever part of its markup. Decisions go through `planning.decisions`, so
they are on disk before the page hears that they are.
"""
