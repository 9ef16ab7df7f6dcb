// Command authserver is the authorization server for tests that are no Go programs.
// Without an argument it listens on loopback, prints the URL of the issuer and
// serves until its standard input ends. With one it is the browser of such a test,
// and opens the URL.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/codex-cred/codex-cred/internal/test/authserver"
)

func main() {
	var err error
	if len(os.Args) > 1 {
		err = browse(os.Args[1])
	} else {
		err = serve()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "authserver:", err)
		os.Exit(1)
	}
}

func browse(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return authserver.Browse(ctx, url)
}

func serve() error {
	s, err := authserver.Start(authserver.Options{AnyLoopbackPort: true})
	if err != nil {
		return err
	}
	fmt.Println(s.URL())
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, s.Close())
}
