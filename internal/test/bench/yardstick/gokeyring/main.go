// Command gokeyring prints the keychain item of the service and the user in its arguments, with
// go-keyring alone: the cost of a program that keeps its token there itself.
package main

import (
	"os"

	"github.com/zalando/go-keyring"
)

func main() {
	item, err := keyring.Get(os.Args[1], os.Args[2])
	if err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	_, _ = os.Stdout.WriteString(item + "\n")
}
