"""What may be sent: limits as rows, one pure gate, breakers, the kill switch. No model reaches any of it."""
