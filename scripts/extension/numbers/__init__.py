"""Numbers in the text: measured ones by key, cited ones held against their source, loose ones refused."""
