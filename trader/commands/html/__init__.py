"""Reports as one HTML file: inline SVG and style, no script, nothing from elsewhere."""
