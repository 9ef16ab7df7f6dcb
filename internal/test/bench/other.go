//go:build !unix

package main

import "os"

func main() {
	_, _ = os.Stderr.WriteString("bench: it runs on Linux, macOS and other Unix systems\n")
	os.Exit(1)
}
