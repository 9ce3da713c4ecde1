"""Build, serve, measure and check the site. Nothing here is needed to read it."""
