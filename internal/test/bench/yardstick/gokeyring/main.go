// Command gokeyring prints the item of the keychain whose service and user are
// its arguments, with go-keyring and nothing else: what a program costs that
// keeps its token there by itself.
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
