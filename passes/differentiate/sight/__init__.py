"""What outputs see: observables pulled back through a program, as Pauli words, or by wires and degrees."""
