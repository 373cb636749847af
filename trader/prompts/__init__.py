"""Agents as files: one Markdown file each, front matter and body. `loader.py` reads them, `*.md` are ours."""
