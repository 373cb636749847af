"""What has no model in it, over the past: prices and instructions in; equity, trades and costs out."""
