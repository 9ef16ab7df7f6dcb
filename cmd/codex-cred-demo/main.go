// Command codex-cred-demo is the two-minute tour of codex-cred: it builds the
// real binary, runs it as separate processes against an authorization server on
// loopback, and tells what it does. It keeps everything in a temporary
// directory and leaves your accounts and your keychain alone.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/codex-cred/codex-cred/internal/authserver"
)

// browseVariable makes this program the browser that the tour signs in with. A
// browser is given no variable that begins as those of codex-cred do.
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
		return tour(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return authserver.Browse(ctx, os.Args[1])
}

// life of the tour's access tokens: long enough to look at, short enough to
// wait for.
const life = 5 * time.Second

func tour(ctx context.Context) error {
	g, err := prepare(ctx)
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
	say("\nThat was all of it. The README tells how to use it with your own account.")
	return nil
}

func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }
