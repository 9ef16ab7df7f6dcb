// Command codex-cred-demo is the two-minute tour of codex-cred. It builds the real binary, runs it
// as separate processes against an authorization server on loopback, and prints each step. It keeps
// everything in a temporary directory and does not touch your accounts or your keychain.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/codex-cred/codex-cred/internal/test/authserver"
)

// browseVariable makes this program act as the browser of the tour. Its name does not begin with
// CODEX_CRED, because codex-cred removes such variables from a browser's environment.
const browseVariable = "DEMO_BROWSE"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := start(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "codex-cred-demo:", err)
		os.Exit(1)
	}
}

func start(ctx context.Context) error {
	if os.Getenv(browseVariable) == "" {
		return show(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return authserver.Browse(ctx, os.Args[1])
}

// show runs the tour, and draws its output if -picture is given.
func show(ctx context.Context) error {
	picture := flag.String("picture", "", "draw what is shown into this `FILE`, as SVG")
	flag.Parse()
	var shown bytes.Buffer
	err := tour(ctx, io.MultiWriter(os.Stdout, &shown))
	if err != nil || *picture == "" {
		return err
	}
	return writePicture(*picture, shown.String())
}

// life is the lifetime of the tour's access tokens: long enough to use one, short enough to wait
// for.
const life = 5 * time.Second

func tour(ctx context.Context, out io.Writer) error {
	g, err := prepare(ctx, out)
	if err != nil {
		return err
	}
	for _, part := range []func(context.Context) error{g.signIn, g.get, g.expire, g.herd, g.list, g.erase} {
		if err = part(ctx); err != nil {
			break
		}
	}
	if err = errors.Join(err, g.close()); err != nil {
		return err
	}
	g.say("\nThat was all of it. The README tells how to use it with your own account.")
	return nil
}
