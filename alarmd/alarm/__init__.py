"""What an alarm is and which moves are legal. Pure: no chain, no person's number, no clock, no I/O."""
