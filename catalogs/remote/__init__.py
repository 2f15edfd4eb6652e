"""Catalogs that lie behind an address, `https://` or `s3://`, read there in the pieces that are needed."""
