package main

// harden has nothing to do: Windows writes no memory dumps of ordinary
// processes unless an administrator asked for them, and has no umask.
func harden() (undo func()) { return func() {} }
