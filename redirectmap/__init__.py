"""redirectmap: plan, prove and verify the redirects of a site migration."""

__version__ = "0.1.0"
