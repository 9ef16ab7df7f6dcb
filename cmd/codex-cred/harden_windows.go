package main

// harden has nothing to do: Windows writes no memory dumps of ordinary
// processes unless an administrator asked for them.
func harden() {}
