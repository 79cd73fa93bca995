"""What a crawl shows about the site itself: orphans, blocked pages, duplicates."""

from redirectmap.audit.audit import Audit, audit_site
from redirectmap.audit.write import write_audit

__all__ = ["Audit", "audit_site", "write_audit"]
