"""The commented redirectmap.toml that `redirectmap init` writes."""

TEMPLATE = """\
# A migration for `redirectmap run`. Paths are relative to this file.

# Everything is written here.
out = "migration"

[old]
# The site as it is: an address to crawl, or a file (a crawl SITE.db, a
# Screaming Frog or Sitebulb export, a sitemap, a list of URLs).
source = "https://www.old.example/"

[new]
# The site to come, usually on a staging host (see allow_private below).
source = "https://staging.new.example/"

[crawl]
# Staging hosts are often on private addresses, which are refused unless named.
# allow_private = ["staging.new.example:443"]
# max_pages = 100000
# user_agent = "redirectmap"
# include = ["^/blog/"]
# exclude = ["^/cart"]
# Credentials for staging come from the environment, never from this file: these
# are names of variables.
# basic_auth = "STAGING_LOGIN"
# header = ["Authorization=STAGING_AUTH"]
# Seconds between two requests to one host.
# delay = 0.5
# Let Chromium run the scripts of pages that are empty without them.
# render = true

[inputs]
# Every export at hand: a crawl cannot see what nobody links to. `files` takes
# any kind, and folders; what a file is, its content says (redirectmap inspect).
# files = ["exports/"]
# or, one by one (the backlink profile takes those under `backlinks`):
# backlinks = ["exports/ahrefs-backlinks.csv"]
# traffic = ["exports/search-console.zip", "exports/ga4-landing-pages.csv"]
# logs = ["exports/access.log.gz"]
# legacy = ["exports/.htaccess"]
# overrides = "overrides.csv"
# Of text files that are not UTF-8 and do not say what they are.
# encoding = "cp1252"
# URLs of the old site that only exports know are requested before the plan, so
# that their text helps to find their successor. With the crawl's guards.
fetch = true

[value]
# What each measure counts in the value of a URL; those that no source knows do
# not take part.
referring_domains = 0.40
clicks = 0.20
sessions = 0.15
conversions = 0.10
backlinks = 0.05
requests = 0.05
inlinks = 0.05

[plan]
# Redirect without a person's look only while the expected share of wrong
# redirects stays under this.
max_error = 0.01
# What the meaning of a page is read with: static (shipped, fast), minilm, or the
# name or folder of another sentence-transformers model.
model = "static"
# Answer for URLs that nobody listed: 404 (none), 410, or folder (a folder whose
# rows go to one new folder sends the rest there); see docs/planning.md.
leftovers = "404"

[export]
# Names as in `redirectmap export --to list`.
to = ["nginx"]
# Load the files into the real server on loopback and request every row.
prove = true
# The request's own query on a redirect: keep, drop, or exact (no rule without
# exactly the planned query).
query = "keep"
# install_dir = "/etc/nginx/redirectmap"

[verify]
# The live old address; set it after launch and run again.
# base = "https://www.old.example"
# fail_on = "error"

[profile]
# local, content, ecommerce, brand or general
type = "general"
# age_months = 60
# competitors = ["exports/competitor-1.csv"]

[equity]
# Probability that a visitor follows a link.
damping = 0.85
# What external links weigh: domains, links, authority, or even (nothing).
seeds = "domains"
"""
