"""Language models behind one small protocol: a question goes out, a typed form or a cause comes back."""
