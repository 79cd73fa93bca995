"""Scrapy spiders; run as a process: `python -m spiders`."""
