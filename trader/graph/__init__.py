"""The two graphs: `decide` thinks about one instrument, `desk` deals with the one account they share."""
