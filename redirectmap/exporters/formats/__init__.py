"""One module per rule format: what it carries, how it is written and read back."""

from redirectmap.exporters.formats import (
    apache,
    caddy,
    cloudflare_bulk,
    cloudflare_pages,
    cloudfront,
    drupal,
    fastly,
    haproxy,
    htaccess,
    hubspot,
    iis,
    kubernetes,
    lighttpd,
    magento,
    netlify,
    nextjs,
    nginx,
    plain_csv,
    plain_json,
    s3,
    s3_routing,
    shopify,
    squarespace,
    static_sites,
    traefik,
    varnish,
    vercel,
    vercel_bulk,
    wordpress_rank_math,
    wordpress_redirection,
    wordpress_yoast,
)

ALL = tuple(
    module.EXPORTER
    for module in (
        *(nginx, apache, htaccess, caddy, haproxy, lighttpd, varnish),
        *(iis, traefik, kubernetes),
        *(netlify, cloudflare_pages, cloudflare_bulk, vercel, vercel_bulk, nextjs),
        *(s3, s3_routing, cloudfront, fastly),
        *(wordpress_redirection, wordpress_yoast, wordpress_rank_math),
        *(shopify, drupal, hubspot, squarespace, magento),
        *(static_sites, plain_csv, plain_json),
    )
)

__all__ = ["ALL"]
