//go:build !unix

// Command peak is for Unix systems.
package main

func main() { panic("this system has no getrusage") }
